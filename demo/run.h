/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `plimsoll-demo run`: starts aggregator, agent and one replica on this machine, steps the load, shows
 * what happens, and leaves nothing behind. Life of a run: START (until the aggregator has measured a
 * replica), LOAD, COLLECT (the last questions), STOP (everything that was started ends), over.
 * A failure at any point goes straight to STOP.
 */
#ifndef DEMO_RUN_H
#define DEMO_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct run_options {
	uint64_t seconds; /* of load; 0: until Ctrl-C */
	bool json;        /* one JSON object on stdout at the end, progress on stderr */
	bool brisk;       /* many load steps, see step.h */
};

/* Exit code: 0 also after Ctrl-C, 1 when something failed (said on stderr). */
int run(const struct run_options *o);

#endif
