/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/skew.h"

void skew_learn(struct skew *s, uint64_t their_boottime_ns, clock_boot_t arrival)
{
	int64_t offset = (int64_t)arrival.ns - (int64_t)their_boottime_ns;
	uint64_t passed = clock_since(arrival, (clock_boot_t){s->at_ns});
	int64_t leaked = s->offset_ns + (int64_t)(passed / 1000000u * SKEW_DRIFT_PPM);

	if (!s->known || offset < leaked)
		s->offset_ns = offset;
	else if (passed >= CLOCK_NS_PER_S)
		s->offset_ns = leaked;
	else
		return; /* too soon to leak a whole microsecond's worth */
	s->at_ns = arrival.ns;
	s->known = true;
}

uint64_t skew_map(const struct skew *s, uint64_t their_boottime_ns)
{
	int64_t at = (int64_t)their_boottime_ns + s->offset_ns;

	return at > 0 ? (uint64_t)at : 1;
}
