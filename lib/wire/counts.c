/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/counts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

#define ROOM_LEAST 256

void counts_clear(struct counts *c)
{
	for (int i = 0; i < COUNTS_PARTS; i++)
		c->part[i].n = 0;
}

static void make_room(struct counts_list *l, size_t *room)
{
	if (l->n < *room)
		return;
	*room = *room ? 2 * *room : ROOM_LEAST;
	l->row = mem_array(l->row, *room, sizeof(*l->row));
	l->bucket = mem_array(l->bucket, *room, sizeof(*l->bucket));
	l->count = mem_array(l->count, *room, sizeof(*l->count));
}

void counts_add(struct counts *c, uint32_t row, uint32_t bucket, uint32_t count)
{
	enum counts_part which = bucket < COUNTS_LATER_BUCKET ? COUNTS_FIRST : COUNTS_LATER;
	struct counts_list *l = &c->part[which];

	make_room(l, &c->room[which]);
	l->row[l->n] = row;
	l->bucket[l->n] = bucket;
	l->count[l->n++] = count;
}

void counts_point(const struct counts *c, Plimsoll__V1__Columns *to)
{
	const struct counts_list *first = &c->part[COUNTS_FIRST], *later = &c->part[COUNTS_LATER];

	to->n_hist_row = to->n_hist_bucket = to->n_hist_count = first->n;
	to->hist_row = first->row;
	to->hist_bucket = first->bucket;
	to->hist_count = first->count;
	to->n_hist_later_row = to->n_hist_later_bucket = to->n_hist_later_count = later->n;
	to->hist_later_row = later->row;
	to->hist_later_bucket = later->bucket;
	to->hist_later_count = later->count;
}

void counts_done(struct counts *c)
{
	for (int i = 0; i < COUNTS_PARTS; i++) {
		free(c->part[i].row);
		free(c->part[i].bucket);
		free(c->part[i].count);
	}
	*c = (struct counts){0};
}

int counts_of(const Plimsoll__V1__Columns *c, enum counts_part which, struct counts_list *ret)
{
	bool later = which == COUNTS_LATER;
	struct counts_list l = {
		.n = later ? c->n_hist_later_row : c->n_hist_row,
		.row = later ? c->hist_later_row : c->hist_row,
		.bucket = later ? c->hist_later_bucket : c->hist_bucket,
		.count = later ? c->hist_later_count : c->hist_count,
	};

	if (l.n != (later ? c->n_hist_later_bucket : c->n_hist_bucket) ||
	    l.n != (later ? c->n_hist_later_count : c->n_hist_count))
		return -EBADMSG;
	*ret = l;
	return 0;
}
