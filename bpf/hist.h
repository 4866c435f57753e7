/* SPDX-License-Identifier: GPL-2.0-only */
/* hist_bucket() of lib/base/hist.c for the kernel side, without a count-leading-zeros instruction. */
#ifndef BPF_HIST_H
#define BPF_HIST_H

#include <bpf/bpf_helpers.h>

#include "plimsoll/slot.h"

#define NS_PER_US 1000ull
#define LAST_LOWER_NS (NS_PER_US << ((PLIMSOLL_HIST_BUCKETS - 2) / 2)) /* hist_lower_ns() of the last bucket */

static __always_inline __u32 bucket_of(__u64 ns)
{
	__u32 us, e = 0;

	if (ns < NS_PER_US)
		return 0;
	if (ns >= LAST_LOWER_NS)
		return PLIMSOLL_HIST_BUCKETS - 1;
	us = (__u32)(ns / NS_PER_US);
#define HALVE(bits) \
	if (us >> bits) { \
		us >>= bits; \
		e += bits; \
	}
	HALVE(16)
	HALVE(8)
	HALVE(4)
	HALVE(2)
#undef HALVE
	e += us >> 1;
	return 1 + 2 * e + (ns >= (3 * NS_PER_US / 2) << e);
}

/* Into a histogram that all CPUs share. */
static __always_inline void hist_count_in(__u32 *hist, __u32 bucket)
{
	if (bucket < PLIMSOLL_HIST_BUCKETS)
		__sync_fetch_and_add(&hist[bucket], 1);
}

static __always_inline void hist_count(__u32 *hist, __u64 ns)
{
	hist_count_in(hist, bucket_of(ns));
}

#endif
