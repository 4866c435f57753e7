/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/ring.h"

#include <errno.h>
#include <stdlib.h>

#define TICK_SHIFT 17 /* of CPU time and pressure, which the number of CPUs bounds */
#define WAIT_SHIFT 20 /* of waits, which only the number of tasks does */
#define NEAR_NS    250000000ull /* a slot this much short of the window counts as its beginning */

static uint32_t ticks(uint64_t ns)
{
	return (uint32_t)(ns >> TICK_SHIFT);
}

static uint64_t since(uint32_t later, uint32_t earlier)
{
	return (uint64_t)(uint32_t)(later - earlier) << TICK_SHIFT;
}

static uint32_t wait_ticks(uint64_t ns)
{
	return (uint32_t)(ns >> WAIT_SHIFT);
}

static uint64_t waited_since(uint32_t later, uint32_t earlier)
{
	return (uint64_t)(uint32_t)(later - earlier) << WAIT_SHIFT;
}

void ring_tick(struct ring_clock *c, uint64_t at_ns, bool fresh)
{
	if (!c->fine || fresh || at_ns - c->fine_began_ns >= RING_FINE_NS) {
		c->fine++;
		c->fine_began_ns = at_ns;
	}
	c->fine_ns[c->fine % RING_FINE] = at_ns;
	if (!c->coarse || fresh || at_ns - c->coarse_began_ns >= RING_COARSE_NS) {
		c->coarse++;
		c->coarse_began_ns = at_ns;
	}
	c->coarse_ns[c->coarse % RING_COARSE] = at_ns;
}

static void put_fine(struct ring *r, uint32_t slot, const struct ring_values *v)
{
	r->cpu[slot % RING_FINE] = ticks(v->cpu_ns);
	r->wait[slot % RING_FINE] = wait_ticks(v->wait_ns);
	for (unsigned i = 0; i < RING_PSIS; i++)
		r->psi[i][slot % RING_PRESSURE] = ticks(v->psi_ns[i]);
}

static void put_coarse(struct ring *r, uint32_t slot, const struct ring_values *v)
{
	r->coarse_cpu[slot % RING_COARSE] = ticks(v->cpu_ns);
	r->coarse_wait[slot % RING_COARSE] = wait_ticks(v->wait_ns);
}

/* Slots between the last write and `to` hold what was written last. */
static void fill_fine(struct ring *r, uint32_t to)
{
	uint32_t last = r->fine_last;

	for (uint32_t s = to - last > RING_FINE ? to - RING_FINE : last + 1; s < to; s++) {
		r->cpu[s % RING_FINE] = r->cpu[last % RING_FINE];
		r->wait[s % RING_FINE] = r->wait[last % RING_FINE];
	}
	for (uint32_t s = to - last > RING_PRESSURE ? to - RING_PRESSURE : last + 1; s < to; s++)
		for (unsigned i = 0; i < RING_PSIS; i++)
			r->psi[i][s % RING_PRESSURE] = r->psi[i][last % RING_PRESSURE];
}

static void fill_coarse(struct ring *r, uint32_t to)
{
	uint32_t last = r->coarse_last;

	for (uint32_t s = to - last > RING_COARSE ? to - RING_COARSE : last + 1; s < to; s++) {
		r->coarse_cpu[s % RING_COARSE] = r->coarse_cpu[last % RING_COARSE];
		r->coarse_wait[s % RING_COARSE] = r->coarse_wait[last % RING_COARSE];
	}
}

struct ring *ring_new(const struct ring_clock *c, const struct ring_values *v)
{
	struct ring *r = malloc(sizeof(*r));

	if (!r)
		return NULL;
	for (uint32_t s = 0; s < RING_FINE; s++)
		put_fine(r, s, v);
	for (uint32_t s = 0; s < RING_COARSE; s++)
		put_coarse(r, s, v);
	r->fine_last = c->fine;
	r->coarse_last = c->coarse;
	return r;
}

void ring_write(struct ring *r, const struct ring_clock *c, const struct ring_values *v)
{
	fill_fine(r, c->fine);
	put_fine(r, c->fine, v);
	r->fine_last = c->fine;
	fill_coarse(r, c->coarse);
	put_coarse(r, c->coarse, v);
	r->coarse_last = c->coarse;
}

/* The slot where the window begins, walking back from `newest`; 0: no second sample. */
static uint32_t begin(const uint64_t *at_ns, uint32_t length, uint32_t newest, uint32_t least,
		      uint64_t end_ns, uint64_t window_ns)
{
	uint32_t found = 0;

	for (uint32_t s = newest - 1; newest > 1 && s >= least && s >= 1; s--) {
		found = s;
		if (end_ns - at_ns[s % length] + NEAR_NS >= window_ns)
			break;
	}
	return found;
}

/* The least slot still held when `head` is the newest of a lane. */
static uint32_t oldest(uint32_t head, uint32_t length, uint32_t first)
{
	uint32_t held = head >= length ? head - length + 1 : 1;

	return held > first ? held : first;
}

static uint32_t at(const uint32_t *lane, uint32_t length, uint32_t slot, uint32_t last)
{
	return lane[(slot < last ? slot : last) % length];
}

static void fine_rate(const struct ring *r, const struct ring_clock *c, uint32_t newest,
		      uint32_t from, struct ring_rate *ret)
{
	uint32_t last = r->fine_last;

	ret->cover_ns = c->fine_ns[newest % RING_FINE] - c->fine_ns[from % RING_FINE];
	ret->cpu_ns = since(at(r->cpu, RING_FINE, newest, last), at(r->cpu, RING_FINE, from, last));
	ret->wait_ns = waited_since(at(r->wait, RING_FINE, newest, last), at(r->wait, RING_FINE, from, last));
}

static void pressure_rate(const struct ring *r, const struct ring_clock *c, uint32_t newest,
			  uint32_t from, struct ring_rate *ret)
{
	uint32_t least = oldest(c->fine, RING_PRESSURE, 1);

	from = from > least ? from : least;
	if (from >= newest)
		return;
	ret->psi_cover_ns = c->fine_ns[newest % RING_FINE] - c->fine_ns[from % RING_FINE];
	for (unsigned i = 0; r && i < RING_PSIS; i++)
		ret->psi_ns[i] = since(at(r->psi[i], RING_PRESSURE, newest, r->fine_last),
				       at(r->psi[i], RING_PRESSURE, from, r->fine_last));
}

/* From the newest fine slot back to a coarse one, for windows that the fine lane does not reach. */
static void coarse_rate(const struct ring *r, const struct ring_clock *c, uint32_t newest,
			uint32_t from, struct ring_rate *ret)
{
	ret->cover_ns = c->fine_ns[newest % RING_FINE] - c->coarse_ns[from % RING_COARSE];
	if (!r)
		return;
	ret->cpu_ns = since(at(r->cpu, RING_FINE, newest, r->fine_last),
			    at(r->coarse_cpu, RING_COARSE, from, r->coarse_last));
	ret->wait_ns = waited_since(at(r->wait, RING_FINE, newest, r->fine_last),
				    at(r->coarse_wait, RING_COARSE, from, r->coarse_last));
}

int ring_rate(const struct ring *r, const struct ring_clock *c, uint32_t newest, uint32_t first,
	      uint32_t coarse_first, uint64_t window_ns, uint64_t slack_ns, struct ring_rate *ret)
{
	struct ring_rate rate = {0};
	uint32_t least = oldest(c->fine, RING_FINE, first), from, coarse = 0;
	uint64_t end_ns;

	if (newest > c->fine || newest < least)
		return -ENODATA;
	end_ns = c->fine_ns[newest % RING_FINE];
	from = begin(c->fine_ns, RING_FINE, newest, least, end_ns, window_ns);
	if (from && end_ns - c->fine_ns[from % RING_FINE] + NEAR_NS < window_ns && least > first)
		coarse = begin(c->coarse_ns, RING_COARSE, c->coarse,
			       oldest(c->coarse, RING_COARSE, coarse_first), end_ns, window_ns);
	if (!from && !coarse)
		return -ENODATA;
	if (coarse)
		coarse_rate(r, c, newest, coarse, &rate);
	else if (r)
		fine_rate(r, c, newest, from, &rate);
	else
		rate.cover_ns = end_ns - c->fine_ns[from % RING_FINE];
	if (!rate.cover_ns || rate.cover_ns > window_ns + slack_ns)
		return -ENODATA;
	pressure_rate(r, c, newest, from, &rate);
	*ret = rate;
	return 0;
}
