/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which columns of a table a screen has room for, and how wide they are: those of least worth go until the others fit
 * at their least widths, and the widest give up what is still too much. Pure.
 */
#ifndef CTL_FIT_H
#define CTL_FIT_H

#include <stddef.h>

struct fit_column {
	int width; /* that it wants; 0: it is not shown */
	int least; /* that it can do with; what is wider than it wants does not count */
	int drop;  /* the highest goes first, of equals the last; 0: never */
};

/* What is shown, with `gap` columns between each two. */
int fit_total(const struct fit_column *c, size_t n, int gap);
/* To `room` columns. Wider than that only if what never goes does not fit at its least. */
void fit_columns(struct fit_column *c, size_t n, int gap, int room);

#endif
