/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The histograms' buckets in plimsoll.v1.Columns: who fills them adds buckets here, who reads them takes lists out.
 * There are two of three columns each. Readers of the first (`hist_…`) refuse a bucket that they do not know, and the
 * batch with it; so histograms that came later are in the second (`hist_later_…`), whose readers leave out what they do
 * not know.
 */
#ifndef WIRE_COUNTS_H
#define WIRE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/v1/metrics.pb-c.h"

enum counts_part { COUNTS_FIRST, COUNTS_LATER, COUNTS_PARTS };

#define COUNTS_LATER_BUCKET (48 * 5) /* the first bucket that is in COUNTS_LATER; numbers go on */

struct counts_list {
	size_t n;
	uint32_t *row; /* index into Columns.row */
	uint32_t *bucket, *count;
};

struct counts { /* zeroed: empty */
	struct counts_list part[COUNTS_PARTS];
	size_t room[COUNTS_PARTS];
};

void counts_clear(struct counts *c);
void counts_add(struct counts *c, uint32_t row, uint32_t bucket, uint32_t count);
void counts_point(const struct counts *c, Plimsoll__V1__Columns *to); /* borrows, until the next counts_add() */
void counts_done(struct counts *c);

/* What came, borrowed. -EBADMSG: its columns are not of one length. */
int counts_of(const Plimsoll__V1__Columns *from, enum counts_part which, struct counts_list *ret);

#endif
