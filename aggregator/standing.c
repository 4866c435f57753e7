/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/standing.h"

void standing_order(struct standing *s, uint32_t replicas)
{
	*s = (struct standing){.ordered = replicas};
}

uint32_t standing_now(struct standing *s, uint32_t live, bool silent, uint64_t now_ns)
{
	if (!s->ordered || s->ordered == live) {
		s->differs_since_ns = 0;
		return live;
	}
	if (silent && live < s->ordered) {
		s->differs_since_ns = 0;
		return s->ordered;
	}
	if (!s->differs_since_ns)
		s->differs_since_ns = now_ns;
	if (now_ns - s->differs_since_ns < STANDING_PATIENCE_NS)
		return s->ordered;
	*s = (struct standing){0};
	return live;
}
