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
#define DECIDE_SILENT_PERMILLE 200 /* of the fleet's nodes: more are an outage, not a few bad nodes */
#define DECIDE_SILENCE_NS (60 * 1000000000ull) /* full data for so long before anything shrinks again */
#define DECIDE_STRAINED_PERMILLE 300 /* of the time, on the average replica */
#define DECIDE_GAIN_STEPS 2 /* steps up that did not help, after which none is taken */
#define DECIDE_GAIN_NS (300 * 1000000000ull) /* how long that is held against it */
#define DECIDE_MEMORY 256 /* recommendations kept: the extremes of each part of the longest window */

struct decide_recommendation {
	uint64_t boottime_ns;
	uint32_t up, down; /* least and most that was asked for in this part of the window */
	uint32_t least, most; /* replicas it was set to in this part */
};

struct decide_gain { /* does growing help? kept by decide/gain.c */
	uint32_t live;            /* replicas there before the step up that is to be judged; 0: none is */
	uint32_t base;            /* what it was set to then; 0: not known */
	uint32_t metric;          /* that asked for it: index, … */
	uint32_t value_percent;   /* … and value then, */
	uint64_t answered_milli;  /* and requests answered in 1000 s, of a latency */
	uint64_t filled_ns;       /* more than half of the step is there since; 0: not yet */
	uint32_t useless;         /* steps in a row that did not help */
	uint32_t useless_percent; /* the metric when the last of them was judged, */
	uint64_t useless_ns;      /* which was then */
};

struct decide_state { /* plain data: copied into records, zero it to begin */
	uint32_t n, next;
	struct decide_recommendation memory[DECIDE_MEMORY];
	uint32_t wanted;          /* replicas last asked for and not yet seen; 0: none */
	uint64_t wanted_since_ns;
	uint32_t wanted_step;     /* how many of them that step added */
	bool silent;              /* much of the fleet was silent, last at: */
	uint64_t silent_ns;
	struct decide_gain gain;
	uint64_t begin_ns; /* when replicas were first seen: those are not new, whatever their age; 0: never */
	uint32_t live;     /* replicas in the view before; */
	uint64_t fewer_ns; /* they last became fewer then; 0: never */
};

uint32_t decide_largest_step(uint32_t from); /* what one step may reach at most */
/* What the rest of the policy's periods leaves, up and down; `from` itself is always allowed. */
uint32_t decide_highest(const struct policy *p, const struct decide_state *s, uint64_t now_ns, uint32_t from);
uint32_t decide_lowest(const struct policy *p, const struct decide_state *s, uint64_t now_ns, uint32_t from);
uint64_t decide_looked(const struct view *v, const struct decide_state *s); /* since replicas were first seen */
/* Takes off the step what the fleet's budget does not leave; decide_step() does it, too. */
void decide_afford(const struct view *v, struct verdict *d);
/* `current`: replicas the workload is set to (the actuator's last order, else the live rows). */
void decide_step(const struct policy *p, const struct view *v, uint32_t current,
		 struct decide_state *state, struct verdict *ret_v);

#endif
