/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: the rows of one cgroup. It may have been given several, one for each of its directories: the
 * first stays, the others come free once the kernel writes there no more, and what they counted is carried on.
 */
#ifndef AGENT_PROBE_ROWS_H
#define AGENT_PROBE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "agent/probe/pool.h"
#include "plimsoll/slot.h"

struct signals;

#define ROWS_MAX (PLIMSOLL_HIERARCHIES + 2)

/* Adds what a slot has counted. A NULL function: nothing is carried. */
struct rows_adder {
	void (*add)(void *data, uint32_t slot, struct signals *to);
	void *data;
};

struct rows {
	uint32_t of[ROWS_MAX]; /* the first is the one that stays */
	uint32_t n;
	struct signals *carried; /* counted by rows that were given back; NULL: none were */
};

void rows_init(struct rows *r, uint32_t first);
void rows_free(struct rows *r, struct pool *p); /* all go back to the pool; p NULL: it is gone */
void rows_add(struct rows *r, uint32_t row);    /* only below ROWS_MAX */
void rows_settle(struct rows *r, uint32_t slot); /* the same, and it becomes the one that stays */
/* Those that nothing is counted in any more; after the table has not named them for a sample. Returns how many. */
size_t rows_give_back(struct rows *r, struct pool *p, const struct plimsoll_row *all, const struct rows_adder *a);
/* The one that says most recently what comes from hierarchy h: the kernel writes one at a time, by the table it has. */
uint32_t rows_newest(const struct rows *r, const struct plimsoll_row *all, enum plimsoll_hierarchy h);

#endif
