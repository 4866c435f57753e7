/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the clock of another machine maps to ours (pure): by the least (arrival - its time) seen. The message that
 * travelled fastest tells the difference of the clocks best, and replayed seconds get their true place. Because two
 * clocks drift apart, the least leaks upward by SKEW_DRIFT_PPM of the time that passes; without that a slower clock
 * would make every sample look old after a day.
 */
#ifndef AGGREGATOR_STORE_SKEW_H
#define AGGREGATOR_STORE_SKEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define SKEW_DRIFT_PPM 500u /* the most that NTP slews a clock */

struct skew {
	bool known;         /* false: its clock began anew, or nothing came yet */
	int64_t offset_ns;  /* our boottime less theirs */
	uint64_t at_ns;     /* our clock, for the leak */
};

void skew_learn(struct skew *s, uint64_t their_boottime_ns, clock_boot_t arrival);
uint64_t skew_map(const struct skew *s, uint64_t their_boottime_ns); /* → our clock, at least 1 */

#endif
