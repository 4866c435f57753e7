/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/window.h"

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t part_ns(const struct policy *p)
{
	uint64_t longest = larger(larger(p->up_stabilization_ns, p->down_stabilization_ns),
				  larger(p->up_period_ns, p->down_period_ns));

	return longest / (DECIDE_MEMORY - 1) + 1;
}

static struct decide_recommendation *newest(struct decide_state *s)
{
	return s->n ? &s->memory[(s->next + DECIDE_MEMORY - 1) % DECIDE_MEMORY] : NULL;
}

static void push(struct decide_state *s, uint64_t now_ns, uint32_t asked, uint32_t current)
{
	s->memory[s->next] = (struct decide_recommendation){now_ns, asked, asked, current, current};
	s->next = (s->next + 1) % DECIDE_MEMORY;
	if (s->n < DECIDE_MEMORY)
		s->n++;
}

/* A clock that goes backwards must not make old recommendations young for ever. The newest has the latest time. */
static void forget_the_future(struct decide_state *s, uint64_t now_ns)
{
	if (!s->n || newest(s)->boottime_ns <= now_ns)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		if (s->memory[i].boottime_ns > now_ns)
			s->memory[i].boottime_ns = now_ns;
}

void window_remember(const struct policy *p, struct decide_state *s, uint64_t now_ns,
		     uint32_t current, uint32_t asked)
{
	struct decide_recommendation *last;

	forget_the_future(s, now_ns);
	if (!s->n)
		push(s, now_ns, current, current);
	last = newest(s);
	if (now_ns - last->boottime_ns >= part_ns(p)) {
		push(s, now_ns, asked, current);
		return;
	}
	if (asked < last->up)
		last->up = asked;
	if (asked > last->down)
		last->down = asked;
	if (current < last->least)
		last->least = current;
	if (current > last->most)
		last->most = current;
}

/* The i-th newest, if it lies in the window; NULL ends the walk: all before it are older. */
static const struct decide_recommendation *back(const struct decide_state *s, uint32_t i, uint64_t now_ns,
						uint64_t window_ns, uint64_t part)
{
	const struct decide_recommendation *r;

	if (i >= s->n || !window_ns)
		return NULL;
	r = &s->memory[(s->next + DECIDE_MEMORY - 1 - i) % DECIDE_MEMORY];
	return now_ns - r->boottime_ns < window_ns + part ? r : NULL;
}

/* Between `current` and `asked` the walk can end as soon as `current` is reached: nothing goes beyond. */
uint32_t window_stabilize(const struct policy *p, const struct decide_state *s, uint64_t now_ns,
			  uint32_t current, uint32_t asked)
{
	const struct decide_recommendation *r;
	uint64_t part = part_ns(p);
	uint32_t to = asked;

	for (uint32_t i = 0; to > current && (r = back(s, i, now_ns, p->up_stabilization_ns, part)); i++)
		to = r->up < to ? r->up : to;
	if (asked > current)
		return to > current ? to : current;
	for (uint32_t i = 0; to < current && (r = back(s, i, now_ns, p->down_stabilization_ns, part)); i++)
		to = r->down > to ? r->down : to;
	return to < current ? to : current;
}

/* Until this entry is no longer in the window; NULL: 0. */
static uint64_t left(const struct decide_recommendation *r, uint64_t now_ns, uint64_t window_ns, uint64_t part)
{
	return r ? r->boottime_ns + window_ns + part - now_ns : 0;
}

uint64_t window_held(const struct policy *p, const struct decide_state *s, uint64_t now_ns, uint32_t current,
		     uint32_t asked)
{
	bool up = asked > current;
	uint64_t window_ns = up ? p->up_stabilization_ns : p->down_stabilization_ns;
	const struct decide_recommendation *r;

	for (uint32_t i = 0; (r = back(s, i, now_ns, window_ns, part_ns(p))); i++)
		if (up ? r->up <= current : r->down >= current)
			break;
	return left(r, now_ns, window_ns, part_ns(p));
}

uint32_t window_least(const struct policy *p, const struct decide_state *s, uint64_t now_ns,
		      uint64_t period_ns, uint32_t current)
{
	const struct decide_recommendation *r;
	uint32_t least = current;

	for (uint32_t i = 0; (r = back(s, i, now_ns, period_ns, part_ns(p))); i++)
		least = r->least < least ? r->least : least;
	return least;
}

uint32_t window_most(const struct policy *p, const struct decide_state *s, uint64_t now_ns,
		     uint64_t period_ns, uint32_t current)
{
	const struct decide_recommendation *r;
	uint32_t most = current;

	for (uint32_t i = 0; (r = back(s, i, now_ns, period_ns, part_ns(p))); i++)
		most = r->most > most ? r->most : most;
	return most;
}

uint64_t window_paced(const struct policy *p, const struct decide_state *s, uint64_t now_ns, uint64_t period_ns,
		      uint32_t current, bool up)
{
	uint32_t end = up ? window_least(p, s, now_ns, period_ns, current)
			  : window_most(p, s, now_ns, period_ns, current);
	const struct decide_recommendation *r;

	for (uint32_t i = 0; (r = back(s, i, now_ns, period_ns, part_ns(p))); i++)
		if (up ? r->least <= end : r->most >= end)
			break;
	return left(r, now_ns, period_ns, part_ns(p));
}
