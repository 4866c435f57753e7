/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/edges.h"

#include <string.h>

#include "base/obj.h"

_Static_assert(PLIMSOLL_EDGES % EDGES_READY == 0, "rows are shown in whole steps");

static uint32_t free_row(const struct edges *e)
{
	for (uint32_t row = 0; row < e->rows; row++)
		if (e->state[row] == EDGES_FREE)
			return row;
	return e->rows;
}

static void add_row(struct edges *e)
{
	if (e->rows++ < e->shown)
		return;
	e->shown += EDGES_READY;
	e->memory.show(e->memory.data, e->shown);
}

static void put(struct edges *e, uint32_t row)
{
	struct plimsoll_edge *r = &e->memory.row[row];
	uint32_t filled = *e->memory.filled;

	e->use[row] = e->use[row] == UINT16_MAX ? 1 : (uint16_t)(e->use[row] + 1);
	memset(r, 0, sizeof(*r));
	__atomic_store_n(&r->use, e->use[row], __ATOMIC_RELEASE);
	e->memory.stock[filled % PLIMSOLL_EDGES] = PLIMSOLL_EDGE_HANDLE(row, e->use[row]);
	e->state[row] = EDGES_WAITING;
	__atomic_store_n(e->memory.filled, filled + 1, __ATOMIC_RELEASE);
}

static void fill(struct edges *e)
{
	while (*e->memory.filled - __atomic_load_n(e->memory.taken, __ATOMIC_ACQUIRE) < EDGES_READY) {
		uint32_t row = free_row(e);

		if (row == PLIMSOLL_EDGES)
			return;
		if (row == e->rows)
			add_row(e);
		put(e, row);
	}
}

static void take(struct edges *e)
{
	uint32_t taken = __atomic_load_n(e->memory.taken, __ATOMIC_ACQUIRE);

	for (; e->read != taken; e->read++)
		e->state[PLIMSOLL_EDGE_ROW(e->memory.stock[e->read % PLIMSOLL_EDGES])] = EDGES_USED;
}

void edges_open(struct edges *e, const struct edges_memory *m)
{
	*e = (struct edges){.memory = *m};
	if (m->row)
		fill(e);
}

void edges_pass(struct edges *e)
{
	if (!e->memory.row)
		return;
	for (uint32_t row = 0; row < e->rows; row++)
		if (e->state[row] == EDGES_RESTING)
			e->state[row] = EDGES_FREE;
		else if (e->state[row] == EDGES_LEAVING)
			e->state[row] = EDGES_RESTING;
	take(e);
	fill(e);
}

/* A row that is being taken has no cgroup yet: it is there at the next pass. */
const struct plimsoll_edge *edges_next(const struct edges *e, uint32_t *cursor, uint32_t *ret_handle)
{
	while (*cursor < e->rows) {
		uint32_t row = (*cursor)++;
		const struct plimsoll_edge *r = &e->memory.row[row];

		if (e->state[row] != EDGES_USED && e->state[row] != EDGES_RESTING)
			continue;
		if (!__atomic_load_n(&r->key.cgroup, __ATOMIC_ACQUIRE))
			continue;
		*ret_handle = PLIMSOLL_EDGE_HANDLE(row, e->use[row]);
		return r;
	}
	return NULL;
}

/* It may be in none, when they were full. */
static void leave_sets(struct edges *e, const struct plimsoll_edge *r, uint32_t handle)
{
	uint64_t hash = plimsoll_edge_hash(&r->key);

	for (uint32_t s = 0; s < PLIMSOLL_EDGE_SETS; s++) {
		struct plimsoll_edge_set *set = &e->memory.set[PLIMSOLL_EDGE_SET(hash) ^ s];

		for (int i = 0; i < PLIMSOLL_EDGE_WAYS; i++)
			if ((uint32_t)set->way[i] == handle)
				__atomic_store_n(&set->way[i], 0, __ATOMIC_RELEASE);
	}
}

void edges_give_back(struct edges *e, uint32_t handle)
{
	uint32_t row = PLIMSOLL_EDGE_ROW(handle);

	must(row < e->rows);
	if (e->state[row] != EDGES_USED || e->use[row] != PLIMSOLL_EDGE_USE(handle))
		return;
	leave_sets(e, &e->memory.row[row], handle);
	__atomic_store_n(&e->memory.row[row].use, 0, __ATOMIC_RELEASE);
	e->state[row] = EDGES_LEAVING;
}
