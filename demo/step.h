/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load over time: low, much CPU, low, slow, low … In the slow step requests cost little CPU, but a replica serves one
 * at a time and holds on to each, as behind a lock: the CPU stays idle while the queue grows, and only how long requests
 * take tells. A cycle fits full scale-ups and full scale-downs with room for a noisy machine: a step that comes before the
 * last replica has gone is smaller for each, and seen a second later. So the policy allows 5, of which one step down leaves
 * 1, and the slow step is over before the CPU, which would be content with one, makes it shrink. No cycle is of whole
 * seconds, so that its steps come at all moments between two samples, one after the other. Pure.
 */
#ifndef DEMO_STEP_H
#define DEMO_STEP_H

#include <stdint.h>

#include "base/clock.h"
#include "demo/message.h"

#define STEP_CPU_US 2000      /* one request of the low load and of the step of CPU */
#define STEP_SLOW_CPU_US 200  /* one of the slow step: */
#define STEP_HOLD_US 20000    /* a replica answers at most 49 a second */
#define STEP_LOW_PER_S 50     /* requests: 0.10 core, 40 % of one replica's 250m */
#define STEP_CPU_PER_S 275    /* 0.55 core: 3.7 replicas at 60 % of 250m, so 4 */
#define STEP_SLOW_PER_S 180   /* 3.6 replicas, and 0.04 core */
#define STEP_FIRST_NS (12 * CLOCK_NS_PER_S) /* the first replica is not young any more: MANIFEST_YOUNG_NS */

struct step_cycle {
	uint64_t cpu_ns, slow_ns; /* each of the two high steps, */
	uint64_t low_ns;          /* and what follows each */
	uint32_t calm_s; /* the stabilization downwards of the policy that it goes with */
};

extern const struct step_cycle step_shown; /* to be looked at */
extern const struct step_cycle step_brisk; /* to measure many steps */

struct step {
	uint32_t number;   /* 0: the low load at the beginning; then each fourth from 1 is cpu, from 3 slow, others low */
	const char *name;  /* "low", "cpu" or "slow" */
	uint64_t began_ns; /* since the start of the load */
	uint32_t per_s;    /* requests a second, */
	struct work each;  /* and what each of them costs */
};

struct step step_at(const struct step_cycle *c, uint64_t elapsed_ns);
uint64_t step_cycle_ns(const struct step_cycle *c); /* from one step of CPU to the next */

#endif
