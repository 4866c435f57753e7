/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text on its way to a terminal. Names come from peers: text_safe() is the one door by which they
 * reach the screen, and nothing that moves the cursor, changes colours or reorders lines gets through
 * it. Tables measure in columns of the terminal, not in bytes.
 */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include <stdio.h>

#include "base/buf.h"
#include "ctl/paint.h"

/* Columns that a valid UTF-8 text takes; combining marks take none, East Asian wide ones two. */
int text_width(const char *text);
/* `text` with every control character, bidirectional override and broken byte as U+FFFD. */
void text_safe(const char *text, struct buf *to);
void text_safe_lines(const char *text, struct buf *to); /* the same, newlines stay */
/* As much of a safe text as fits into `width` columns, cut with "…", padded with blanks. */
void text_fit(const char *text, int width, bool right, struct buf *to);

/* A safe line that is wider than the screen goes on in further rows. Bytes that fit into one row of `width`
 * columns, to the last wide gap if there is one in the second half and beyond `hang`, else to the last blank. */
size_t text_break(const char *line, int width, int hang);
/* Column at which those rows begin: below what follows the labels, if the line has some. Those are the cells in front
 * of the first one of several words, and the very first one. Cells stand two blanks or more apart. */
int text_hang(const char *line, int width);
/* Safe lines with those rows below them, no line with blanks at its end. A word that is wider than `width` stays whole:
 * it is a path or an address, which people copy. `width` 0: as it is. Either way the last line ends, too. */
void text_wrap(const char *lines, int width, struct buf *to);

#define TEXT_COLUMNS 128 /* a wide list of cgroups has some 100 */

struct text_column {
	const char *title;
	bool right;
	bool wide; /* only with -o wide */
};

/* Zero it, then text_begin(). Rows go in cell by cell; text_print() empties it but keeps the widths, so
 * that a stream of tables stands in line. */
struct text_table {
	const struct text_column *column;
	size_t n;
	bool wide;
	int width[TEXT_COLUMNS];
	struct text_cell {
		char *text;
		enum paint paint;
	} *cell;
	size_t n_cells, room;
	bool headed; /* the titles were printed */
};

void text_begin(struct text_table *t, const struct text_column *columns, size_t n, bool wide);
void text_cell(struct text_table *t, enum paint p, const char *format, ...)
	__attribute__((format(printf, 3, 4))); /* made safe */
/* Rows, and once the titles unless `headers` is false. */
void text_print(struct text_table *t, const struct paint_style *s, bool headers, FILE *to);
void text_done(struct text_table *t); /* also for scoped() */

#endif
