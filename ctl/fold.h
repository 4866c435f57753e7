/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which columns of a wide table stand in which block, where a screen has no room for all of them beside each other:
 * each block begins with those by which a row is known, and has as many of the others, in their order, as fit. Pure.
 */
#ifndef CTL_FOLD_H
#define CTL_FOLD_H

#include <stdbool.h>
#include <stddef.h>

struct fold_column {
	int width;    /* that it wants; 0: it is not shown */
	int least;    /* that a key is cut to, and what is wider than a block */
	bool key;     /* by it a row is known */
	int together; /* neighbours of one number stay in one block, if one has room for them; 0: it stays with none */
};

/* The block of at most `room` columns, `gap` between each two, that begins with `from`, or with what is shown behind
 * that; wider only if keys and one more do not fit at their least. ret_width[i] is 0 of what the block does not have.
 * Returns the first of the next block; `n`: there is none. */
size_t fold_block(const struct fold_column *c, size_t n, int gap, int room, size_t from, int *ret_width);

#endif
