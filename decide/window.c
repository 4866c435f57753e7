/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/window.h"

static uint64_t part_ns(const struct policy *p)
{
	uint64_t longest = p->up_stabilization_ns > p->down_stabilization_ns
				   ? p->up_stabilization_ns
				   : p->down_stabilization_ns;

	return longest / (DECIDE_MEMORY - 1) + 1;
}

static struct decide_recommendation *newest(struct decide_state *s)
{
	return s->n ? &s->memory[(s->next + DECIDE_MEMORY - 1) % DECIDE_MEMORY] : NULL;
}

static void push(struct decide_state *s, uint64_t now_ns, uint32_t asked)
{
	s->memory[s->next] = (struct decide_recommendation){now_ns, asked, asked};
	s->next = (s->next + 1) % DECIDE_MEMORY;
	if (s->n < DECIDE_MEMORY)
		s->n++;
}

/* A clock that goes backwards must not make old recommendations young for ever. */
static void forget_the_future(struct decide_state *s, uint64_t now_ns)
{
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
		push(s, now_ns, current);
	last = newest(s);
	if (now_ns - last->boottime_ns >= part_ns(p)) {
		push(s, now_ns, asked);
		return;
	}
	if (asked < last->up)
		last->up = asked;
	if (asked > last->down)
		last->down = asked;
}

static bool inside(const struct decide_recommendation *r, uint64_t now_ns, uint64_t window_ns,
		   uint64_t part)
{
	return window_ns && now_ns - r->boottime_ns < window_ns + part;
}

uint32_t window_stabilize(const struct policy *p, const struct decide_state *s, uint64_t now_ns,
			  uint32_t current, uint32_t asked)
{
	uint64_t part = part_ns(p);
	uint32_t least = asked, most = asked;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct decide_recommendation *r = &s->memory[i];

		if (inside(r, now_ns, p->up_stabilization_ns, part) && r->up < least)
			least = r->up;
		if (inside(r, now_ns, p->down_stabilization_ns, part) && r->down > most)
			most = r->down;
	}
	if (current < least)
		return least;
	return current > most ? most : current;
}
