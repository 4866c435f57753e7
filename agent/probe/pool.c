/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SHOW_LEAST 64u /* rows: so that not each one is a step of its own */

struct stack { /* last in, first out */
	uint32_t *row;
	size_t n;
};

struct pool {
	struct pool_options o;
	struct stack slots, others, resting;
	uint32_t fresh; /* slots from this one on were never taken: they come in order, and are zero */
	uint32_t shown;
};

static void fill(struct stack *s, uint32_t first, uint32_t end, size_t room)
{
	s->row = mem_array(NULL, room, sizeof(*s->row));
	for (uint32_t row = end; row-- > first;)
		s->row[s->n++] = row;
}

static void push(struct stack *s, uint32_t row)
{
	s->row[s->n++] = row;
}

static uint32_t pop(struct stack *s)
{
	return s->n ? s->row[--s->n] : 0;
}

static void clear_slot(struct pool *p, uint32_t slot)
{
	for (uint32_t cpu = 0; cpu < p->o.cpus; cpu++) {
		size_t at = (size_t)cpu * p->o.slots + slot;

		memset(&p->o.slot[at], 0, sizeof(*p->o.slot));
		memset(&p->o.traffic[at], 0, sizeof(*p->o.traffic));
	}
	memset(&p->o.tally[slot], 0, sizeof(*p->o.tally));
}

bool pool_is_slot(const struct pool *p, uint32_t row)
{
	return row < p->o.slots;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A quarter more than is needed, so that steps become fewer; of mere rows all. */
void pool_show(struct pool *p, uint32_t row)
{
	if (row < p->shown)
		return;
	p->shown = pool_is_slot(p, row) ? smaller(row + 1 + row / 4 + SHOW_LEAST, p->o.slots) : p->o.rows;
	if (p->o.show)
		p->o.show(p->o.data, p->shown);
}

uint32_t pool_lend_slot(struct pool *p)
{
	uint32_t slot = pop(&p->slots);

	if (slot >= p->fresh) {
		p->fresh = slot + 1;
		return slot;
	}
	if (!slot)
		return 0;
	clear_slot(p, slot);
	memset(&p->o.row[slot], 0, sizeof(*p->o.row));
	return slot;
}

uint32_t pool_take_slot(struct pool *p)
{
	uint32_t slot = pool_lend_slot(p);

	pool_show(p, slot);
	return slot;
}

uint32_t pool_take(struct pool *p)
{
	uint32_t row = pool_take_slot(p);

	if (row)
		return row;
	row = pop(&p->others);
	pool_show(p, row);
	if (row)
		memset(&p->o.row[row], 0, sizeof(*p->o.row));
	return row;
}

uint32_t pool_slots(const struct pool *p)
{
	return (uint32_t)p->slots.n;
}

uint32_t pool_running(const volatile struct plimsoll_running *r, uint64_t since)
{
	return since == r->switched_ns ? r->slot : r->moved_slot;
}

/* As of the last switch: of a CPU that is in the middle of one we may be told the task before. */
bool pool_is_busy(const struct pool *p, uint32_t row)
{
	for (uint32_t cpu = 0; p->o.running && cpu < p->o.cpus; cpu++) {
		const volatile struct plimsoll_running *r = &p->o.running[cpu];

		uint64_t since = r->arrival_ns;

		if (since && pool_running(r, since) == row)
			return true;
	}
	return false;
}

void pool_give(struct pool *p, uint32_t row)
{
	push(&p->resting, row);
}

void pool_wake(struct pool *p)
{
	size_t n = p->resting.n;

	p->resting.n = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t row = p->resting.row[i];

		if (!pool_is_slot(p, row))
			push(&p->others, row);
		else
			push(pool_is_busy(p, row) ? &p->resting : &p->slots, row);
	}
}

struct pool *pool_new(const struct pool_options *o)
{
	struct pool *p = mem_new(struct pool);

	p->o = *o;
	p->fresh = 1;
	fill(&p->slots, 1, o->slots, o->slots);
	fill(&p->others, o->slots, o->rows, o->rows - o->slots);
	p->resting.row = mem_array(NULL, o->rows, sizeof(*p->resting.row));
	return p;
}

struct pool *pool_free(struct pool *p)
{
	if (!p)
		return NULL;
	free(p->slots.row);
	free(p->others.row);
	free(p->resting.row);
	free(p);
	return NULL;
}
