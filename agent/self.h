/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent itself costs this machine, and what it leaves out when that is too much: the CPU time,
 * memory and waits of its process, the kernel programs' clock for one tick now and then, and the governor,
 * whose verdicts are carried out here. Loop-thread-only.
 */
#ifndef AGENT_SELF_H
#define AGENT_SELF_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/governor.h"
#include "agent/options.h"
#include "base/clock.h"

/* What the kernel programs take is measured for a second, soon after start and then once a minute: the
 * clock in them costs about 140 ns a run while it is on. It ends with a tick, so that passes are in it in
 * their due number; as ticks may come a little early, not quite a second is enough. As often as the budget is judged while something
 * is too dear or left out. */
#define SELF_MEASURE_FIRST_NS (2 * CLOCK_NS_PER_S)
#define SELF_MEASURE_FOR_NS   (CLOCK_NS_PER_S * 9 / 10)
#define SELF_MEASURE_EVERY_NS (60 * CLOCK_NS_PER_S)
/* The budget of the process is for so many rows, and one sample a second. */
#define SELF_BUDGET_ROWS	110
#define SELF_BUDGET_INTERVAL_NS CLOCK_NS_PER_S

struct probe;

struct self {
	struct probe *probe;
	const struct agent_options *options;
	struct governor governor;
	struct governor_budget budget; /* as of the last tick */
	uint64_t measure_at_ns, measuring_ns; /* since when, 0: the clock is off */
	bool helpless;
};

/* The probe, open, and the options stay the caller's. `now_ns` is CLOCK_MONOTONIC, here and below. */
void self_start(struct self *s, struct probe *p, const struct agent_options *o, uint32_t cpus, uint64_t now_ns);
void self_tick(struct self *s, uint64_t now_ns, uint32_t rows, uint32_t cpus); /* after the second was taken */
void self_observe(const struct self *s); /* brings the gauges about the process up to date */

#endif
