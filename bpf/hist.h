/* SPDX-License-Identifier: GPL-2.0-only */
/* hist_bucket() of lib/base/hist.c for the kernel side, without a count-leading-zeros instruction. */
#ifndef BPF_HIST_H
#define BPF_HIST_H

#include <bpf/bpf_helpers.h>

#include "plimsoll/slot.h"

#define NS_PER_US 1000ull
#define LAST_LOWER_NS (NS_PER_US << ((PLIMSOLL_HIST_BUCKETS - 2) / 2)) /* hist_lower_ns() of the last bucket */

/* 1 if a > b, both below 2^63. Without a branch, of which each would double the paths that the verifier goes: nothing may
 * be concluded of the difference. */
static __always_inline __u32 is_above(__u64 a, __u64 b)
{
	__u64 difference = b - a;

	barrier_var(difference);
	return (__u32)(difference >> 63);
}

static __always_inline __u32 bucket_of(__u64 ns)
{
	__u32 us, half, e = 0;

	if (ns < NS_PER_US)
		return 0;
	if (ns >= LAST_LOWER_NS)
		return PLIMSOLL_HIST_BUCKETS - 1;
	us = (__u32)(ns / NS_PER_US);
	for (__u32 bits = 16; bits > 1; bits /= 2) {
		half = is_above(us, (1u << bits) - 1) * bits;
		us >>= half;
		e += half;
	}
	e += us >> 1;
	return 1 + 2 * e + is_above(ns + 1, (3 * NS_PER_US / 2) << e);
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
