/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: the rows that nobody has. Those below `slots` have counters too, which are zero when the row is
 * taken. Of the arrays only what was taken once is touched, and asked for first. One that is given back rests until
 * pool_wake(): a task that just ran its last is not counted for somebody new, and not even then while a CPU still runs
 * a task that it counts.
 */
#ifndef AGENT_PROBE_POOL_H
#define AGENT_PROBE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/slot.h"

struct pool_options { /* the arrays are borrowed, and all zero */
	uint32_t slots, rows, cpus;
	struct plimsoll_slot *slot;
	struct plimsoll_traffic *traffic;
	struct plimsoll_tally *tally;
	struct plimsoll_row *row;
	const volatile struct plimsoll_running *running; /* NULL: nothing runs */
	void (*show)(void *data, uint32_t rows); /* before a row is touched: those below `rows` are to be there. NULL: all are */
	void *data;
};

struct pool;
struct pool *pool_new(const struct pool_options *o);
struct pool *pool_free(struct pool *p); /* NULL is fine; returns NULL */

uint32_t pool_take(struct pool *p);      /* a slot or, if there is none, a mere row; 0: none, which stands for "unknown" */
uint32_t pool_take_slot(struct pool *p); /* 0: none */
uint32_t pool_lend_slot(struct pool *p); /* the same, but nobody reads it before pool_show() */
void pool_show(struct pool *p, uint32_t row);
uint32_t pool_slots(const struct pool *p); /* how many could be taken now */
bool pool_is_slot(const struct pool *p, uint32_t row);
bool pool_is_busy(const struct pool *p, uint32_t row); /* a CPU runs a task that it counts */
/* Whom a CPU counts for that has not been charged since then. */
uint32_t pool_running(const volatile struct plimsoll_running *r, uint64_t since);
void pool_give(struct pool *p, uint32_t row); /* back; it rests */
void pool_wake(struct pool *p); /* frees what rests and is not busy */

#endif
