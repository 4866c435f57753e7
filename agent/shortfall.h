/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this agent lost: how much of each kind of losses.def, when it grew last, and what to tell people. A loss is news
 * while it lasts, or for SHORTFALL_NEWS_NS. Loop-thread-only.
 */
#ifndef AGENT_SHORTFALL_H
#define AGENT_SHORTFALL_H

#include <stdint.h>

#include "agent/probe/probe.h"
#include "base/clock.h"
#include "plimsoll/loss.h"

#define SHORTFALL_NEWS_NS (600 * CLOCK_NS_PER_S)

struct shortfall {
	struct losses now;
	uint64_t grew_ns[LOSSES]; /* 0: never */
};

void shortfall_take(struct shortfall *s, const struct losses *now, uint64_t now_ns);
void shortfall_observe(const struct shortfall *s); /* into the metrics */
/* Returns the count. */
int shortfall_notices(const struct shortfall *s, uint64_t now_ns, struct probe_notice *ret, int room);

#endif
