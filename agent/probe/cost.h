/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: what the kernel programs took while their clock was on (bpf/cost.h): for each of them
 * the time of a run and the share of a core, the reading of the clock taken off. Calls of the kernel into
 * a program and out of it, 20 to 40 ns, are not in it: the clock is inside. Loop-thread-only.
 */
#ifndef AGENT_PROBE_COST_H
#define AGENT_PROBE_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "plimsoll/slot.h"

struct cost {
	double ns_per_run; /* 0: it did not run while the clock was on */
	double share;      /* of one core */
};

struct cost_meter {
	const volatile struct plimsoll_cost *array; /* [cpu][program] */
	uint32_t cpus;
	volatile uint32_t *wanted;
	clock_boot_t since;                         /* 0: the clock is off */
	struct plimsoll_cost before[PLIMSOLL_PROGRAMS];
	struct cost of[PLIMSOLL_PROGRAMS];          /* the last result, 0 before the first */
	uint64_t results;                           /* how many there were */
};

/* The memory stays the caller's. */
void cost_init(struct cost_meter *m, const volatile struct plimsoll_cost *array, uint32_t cpus,
	       volatile uint32_t *wanted);
void cost_start(struct cost_meter *m, clock_boot_t now); /* nothing when the clock is on */
void cost_stop(struct cost_meter *m, clock_boot_t now);  /* nothing when it is off */
/* Whether those pay who make it run, and not the agent. */
bool cost_paid_by_others(enum plimsoll_program i);
/* By the stem of its object, "sched": what others pay for it, of one core. */
double cost_of_part(const struct cost_meter *m, const char *part);

#endif
