/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hist.h"

#include <errno.h>

#define NS_PER_US 1000ull

unsigned hist_bucket(uint64_t ns)
{
	uint64_t us = ns / NS_PER_US;

	if (!us)
		return 0;
	unsigned e = 63u - (unsigned)__builtin_clzll(us);
	if (1 + 2 * e >= HIST_BUCKETS - 1)
		return HIST_BUCKETS - 1;
	return 1 + 2 * e + (ns >= (3 * NS_PER_US / 2) << e);
}

uint64_t hist_lower_ns(unsigned bucket)
{
	if (!bucket)
		return 0;
	unsigned e = (bucket - 1) / 2, h = (bucket - 1) % 2;
	return (NS_PER_US + h * NS_PER_US / 2) << e;
}

uint64_t hist_upper_ns(unsigned bucket)
{
	return bucket >= HIST_BUCKETS - 1 ? UINT64_MAX : hist_lower_ns(bucket + 1);
}

void hist_add(uint32_t *buckets, uint64_t ns)
{
	buckets[hist_bucket(ns)]++;
}

void hist_add_delta(uint64_t *into, const uint32_t *now, const uint32_t *then)
{
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		into[i] += (uint32_t)(now[i] - then[i]);
}

static uint64_t inside(unsigned bucket, double part)
{
	uint64_t lower = hist_lower_ns(bucket);

	if (bucket == HIST_BUCKETS - 1) /* no upper bound: claim no more than is known */
		return lower;
	return lower + (uint64_t)((double)(hist_upper_ns(bucket) - lower) * part);
}

int hist_quantile(const uint64_t *buckets, double quantile, uint64_t *ret_ns)
{
	double total = 0, before = 0;
	unsigned last = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		total += (double)buckets[i];
		if (buckets[i])
			last = i;
	}
	if (total <= 0)
		return -ENODATA;
	double q = quantile > 0 ? quantile : 0; /* also NaN */
	double rank = (q < 1 ? q : 1) * total;
	for (unsigned i = 0; i < last; i++) {
		double n = (double)buckets[i];

		if (n > 0 && before + n >= rank) {
			*ret_ns = inside(i, (rank - before) / n);
			return 0;
		}
		before += n;
	}
	*ret_ns = inside(last, (rank - before) / (double)buckets[last]);
	return 0;
}
