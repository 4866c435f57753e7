/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/standing.h"

#include "decide/guard.h"

void standing_expect(struct standing *s, uint32_t replicas)
{
	if (s->most < replicas)
		s->most = replicas;
}

void standing_order(struct standing *s, uint32_t from, uint32_t to)
{
	standing_expect(s, from);
	standing_expect(s, to);
	s->ordered = to;
	s->differs_since_ns = 0;
}

uint32_t standing_now(struct standing *s, uint32_t live, bool silent, uint64_t now_ns)
{
	if (!s->ordered)
		return live;
	if (live <= s->ordered)
		s->most = s->ordered;
	s->foreign = GUARD(FOREIGN, !silent && live > s->most);
	if (live == s->ordered || (silent && live < s->ordered)) {
		s->differs_since_ns = 0;
		return s->ordered;
	}
	if (!s->differs_since_ns)
		s->differs_since_ns = now_ns;
	if (GUARD(PATIENCE, now_ns - s->differs_since_ns < STANDING_PATIENCE_NS))
		return s->foreign ? live : s->ordered;
	*s = (struct standing){0};
	return live;
}
