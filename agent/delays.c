/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/delays.h"

#include <stdio.h>

_Static_assert(DELAYS_LOOKED == 8 * sizeof(((struct delays *)0)->late), "a bit each");

uint64_t delays_take(struct delays *d, uint64_t gap_ns, uint64_t interval_ns)
{
	d->late = d->late << 1 | (gap_ns > interval_ns + interval_ns / DELAYS_PART);
	return gap_ns > interval_ns + interval_ns / 2 ? (gap_ns + interval_ns / 2) / interval_ns - 1 : 0;
}

bool delays_last(const struct delays *d)
{
	return d->late & 1;
}

bool delays_notice(const struct delays *d, struct probe_notice *ret)
{
	int late = __builtin_popcountll(d->late);

	if (late < DELAYS_MANY)
		return false;
	*ret = (struct probe_notice){.id = "delays", .level = "warn"};
	snprintf(ret->text, sizeof(ret->text),
		 "%d of the last %d samples were late by more than 1/%d of the interval: the agent waits for a CPU",
		 late, DELAYS_LOOKED, DELAYS_PART);
	snprintf(ret->fix, sizeof(ret->fix),
		 "give the agent more CPU: CPUWeight= of its unit, a larger request of its pod, or a less crowded "
		 "node");
	return true;
}
