/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load over time: low, high, low, high … A cycle fits one full scale-up and one full scale-down with room for a
 * noisy machine: a step that comes before the last replica has gone is smaller for each, and seen a second later. No
 * cycle is of whole seconds, so that its steps come at all moments between two samples, one after the other. Pure.
 */
#ifndef DEMO_STEP_H
#define DEMO_STEP_H

#include <stdint.h>

#include "base/clock.h"

#define STEP_REQUEST_US 2000 /* CPU one request costs its replica */
#define STEP_LOW_PER_S 50    /* requests: 0.10 core, 40 % of one replica's 250m */
#define STEP_HIGH_PER_S 275  /* 0.55 core: 3.7 replicas at 60 % of 250m, so 4 */
#define STEP_FIRST_NS (12 * CLOCK_NS_PER_S) /* the first replica is not young any more: MANIFEST_YOUNG_NS */

struct step_cycle {
	uint64_t high_ns, low_ns;
	uint32_t calm_s; /* the stabilization downwards of the policy that it goes with */
};

extern const struct step_cycle step_shown; /* to be looked at */
extern const struct step_cycle step_brisk; /* to measure many steps */

struct step {
	uint32_t number;   /* 0: the low load at the beginning, odd: high, even: low */
	uint64_t began_ns; /* since the start of the load */
	uint32_t per_s;    /* requests a second */
};

struct step step_at(const struct step_cycle *c, uint64_t elapsed_ns);

#endif
