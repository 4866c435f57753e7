/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table: cells go in row by row, lines come out that stand in line. On a screen they fit it: names are shortened in
 * the middle, sentences at their end, columns of least worth are left out or follow below, numbers are never cut.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/paint.h"

#define TABLE_COLUMNS 128 /* a wide list of cgroups has some 100 */

enum table_form {
	TABLE_NUMBER, /* to the right, never cut */
	TABLE_WORD,   /* never cut: a time, an id, a kind */
	TABLE_NAME,   /* of what people called somehow: shortened in the middle */
	TABLE_TEXT,   /* a sentence: cut at its end */
};

struct table_column {
	const char *title;
	enum table_form form;
	int drop;  /* as in ctl/fit.h */
	bool wide; /* only with -o wide */
	bool key;  /* by it a row is known: folded, each block begins with it */
	int together; /* as in ctl/fold.h */
};

/* Zero it, then table_begin(). Rows go in cell by cell; table_print() empties it but keeps the widths, so
 * that a stream of tables stands in line. */
struct table {
	const struct table_column *column;
	size_t n;
	bool wide;
	int width[TABLE_COLUMNS]; /* that each wants */
	struct table_cell {
		char *text;
		enum paint paint;
	} *cell;
	size_t n_cells, room;
	bool headed;                 /* titles were printed, of these: */
	size_t n_titled, titled[TABLE_COLUMNS];
};

void table_begin(struct table *t, const struct table_column *columns, size_t n, bool wide);
void table_cell(struct table *t, enum paint p, const char *format, ...)
	__attribute__((format(printf, 3, 4))); /* made safe */
/* Rows in at most `columns`; 0: however wide they are. Unless `headers` is false titles stand above the first ones, and
 * again when other columns are shown than before. */
void table_print(struct table *t, const struct paint_style *s, bool headers, int columns, FILE *to);
/* The same with every column: what does not fit beside the others follows in further blocks, a blank line between. */
void table_fold(struct table *t, const struct paint_style *s, bool headers, int columns, FILE *to);
void table_done(struct table *t); /* also for scoped() */

#endif
