/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the agent wake when a sample is due? One that comes late has right rates, but whoever decides waits for it; one
 * that was due a whole interval ago is skipped, and that is a loss. Pure.
 */
#ifndef AGENT_DELAYS_H
#define AGENT_DELAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/probe/probe.h"

#define DELAYS_PART   10 /* later by more than one part in so many of the interval is late */
#define DELAYS_LOOKED 64 /* samples that are looked back on … */
#define DELAYS_MANY   7	 /* … of which so many are worth a notice: a tenth */

struct delays {
	uint64_t late; /* a bit a sample, the last one lowest */
};

/* `gap_ns` after the sample before. Returns how many should have been in between. */
uint64_t delays_take(struct delays *d, uint64_t gap_ns, uint64_t interval_ns);
bool delays_last(const struct delays *d); /* the last one came late */
bool delays_notice(const struct delays *d, struct probe_notice *ret);

#endif
