/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text on its way to a terminal. Names come from peers: text_safe() is the one door by which they
 * reach the screen, and nothing that moves the cursor, changes colours or reorders lines gets through
 * it. Widths are columns of the terminal, not bytes.
 */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include <stddef.h>

#include "base/buf.h"

/* Columns that a valid UTF-8 text takes; combining marks take none, East Asian wide ones two. */
int text_width(const char *text);
/* `text` with every control character, bidirectional override and broken byte as U+FFFD. */
void text_safe(const char *text, struct buf *to);
void text_safe_lines(const char *text, struct buf *to); /* the same, newlines stay */
enum text_how {
	TEXT_END,        /* of what is too long the end is cut off, a number as a whole */
	TEXT_MIDDLE = 1, /* … or its middle: both ends of a name tell */
	TEXT_ASCII = 2,  /* "..." stands for it, instead of "…", and ASCII for other signs of ours */
	TEXT_RIGHT = 4,
};

/* As much of a safe text as fits into `width` columns. */
void text_cut(const char *text, int width, enum text_how how, struct buf *to);
/* The same, padded with blanks. */
void text_fit(const char *text, int width, enum text_how how, struct buf *to);

/* A safe line that is wider than the screen goes on in further rows. Bytes that fit into one row of `width`
 * columns, to the last wide gap if there is one in the second half and beyond `hang`, else to the last blank. */
size_t text_break(const char *line, int width, int hang);
/* Column at which those rows begin: below what follows the labels, if the line has some. Those are the cells in front
 * of the first one of several words, and the very first one. Cells stand two blanks or more apart, or a colon ends
 * one. */
int text_hang(const char *line, int width);
/* Safe lines with those rows below them, no line with blanks at its end. A word that is wider than `width` stays whole:
 * it is a path or an address, which people copy. `width` 0: as it is. Either way the last line ends, too. */
void text_wrap(const char *lines, int width, struct buf *to);

#endif
