/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to decide: soon after a second came, so that those of all nodes come together; not more often than the fleet's
 * size allows; and again and again where none comes. What is due by the clock alone waits a little for the next
 * second, which else would have to wait for it. Pure, plain data.
 */
#ifndef AGGREGATOR_BEAT_H
#define AGGREGATOR_BEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define BEAT_LEAST_NS  (250 * CLOCK_NS_PER_MS) /* decide at most 4 times a second */
#define BEAT_GATHER_NS (20 * CLOCK_NS_PER_MS)  /* in which the nodes' seconds come together */

struct beat {
	uint64_t tick_ns; /* without seconds it is decided this often */
	uint64_t last_ns; /* boottime; decided then; 0: never */
	uint64_t next_ns; /* what is due */
	bool gathering;   /* seconds came since */
};

void beat_begin(struct beat *b, uint64_t tick_ns, uint64_t now_ns);
bool beat_second(struct beat *b, uint64_t now_ns);  /* one was stored; true: what is due is something else now */
void beat_decided(struct beat *b, uint64_t now_ns); /* what was due was done */
uint64_t beat_wait(const struct beat *b, uint64_t now_ns); /* 0: now */

#endif
