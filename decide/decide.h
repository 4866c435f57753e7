/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line that decides. decide_step() is a pure function of policy, view and state: no clock, no
 * I/O, no allocation, no log; the same inputs give the same verdict on any machine, so every recorded
 * decision can be replayed. The aggregator runs it for each policy with every second that comes in, at most
 * 4 times a second.
 */
#ifndef DECIDE_DECIDE_H
#define DECIDE_DECIDE_H

#include "decide/policy.h"
#include "decide/verdict.h"
#include "decide/view.h"

#define DECIDE_STEP 4 /* replicas that one step may always add */
#define DECIDE_WARMING_NS (60 * 1000000000ull) /* replicas that have not shown up by then are not awaited */
#define DECIDE_MEMORY 256 /* recommendations kept: the extremes of each part of the longest window */

struct decide_recommendation {
	uint64_t boottime_ns;
	uint32_t up, down; /* least and most that was asked for in this part of the window */
};

struct decide_state { /* plain data: copied into records, zero it to begin */
	uint32_t n, next;
	struct decide_recommendation memory[DECIDE_MEMORY];
	uint32_t wanted;          /* replicas last asked for and not yet seen; 0: none */
	uint64_t wanted_since_ns;
};

uint32_t decide_largest_step(uint32_t from); /* what one step may reach at most */
/* `current`: replicas the workload is set to (the actuator's last order, else the live rows). */
void decide_step(const struct policy *p, const struct view *v, uint32_t current,
		 struct decide_state *state, struct verdict *ret_v);

#endif
