/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/rows.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"
#include "plimsoll/signal.h"

void rows_init(struct rows *r, uint32_t first)
{
	*r = (struct rows){.of = {first}, .n = 1};
}

void rows_free(struct rows *r, struct pool *p)
{
	for (uint32_t i = 0; p && i < r->n; i++)
		pool_give(p, r->of[i]);
	free(r->carried);
}

void rows_add(struct rows *r, uint32_t row)
{
	must(r->n < ROWS_MAX);
	r->of[r->n++] = row;
}

void rows_settle(struct rows *r, uint32_t slot)
{
	rows_add(r, r->of[0]);
	r->of[0] = slot;
}

static bool has_last_words(const struct plimsoll_row *row)
{
	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++)
		if (row->pass[h] == PLIMSOLL_ENDED)
			return true;
	return false;
}

static void carry(struct rows *r, uint32_t slot, const struct rows_adder *a)
{
	if (!a->add)
		return;
	if (!r->carried)
		r->carried = mem_zero(sizeof(*r->carried));
	a->add(a->data, slot, r->carried);
}

size_t rows_give_back(struct rows *r, struct pool *p, const struct plimsoll_row *all, const struct rows_adder *a)
{
	uint32_t had = r->n;

	r->n = 1;
	for (uint32_t i = 1; i < had; i++) {
		uint32_t row = r->of[i];
		bool is_slot = pool_is_slot(p, row);

		if (has_last_words(&all[row]) || (is_slot && pool_is_busy(p, row))) {
			r->of[r->n++] = row;
			continue;
		}
		if (is_slot)
			carry(r, row, a);
		pool_give(p, row);
	}
	return had - r->n;
}

uint32_t rows_newest(const struct rows *r, const struct plimsoll_row *all, enum plimsoll_hierarchy h)
{
	uint32_t newest = r->of[0];

	for (uint32_t i = 1; i < r->n; i++)
		if (all[r->of[i]].pass[h] > all[newest].pass[h])
			newest = r->of[i];
	return newest;
}
