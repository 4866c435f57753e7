/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log-linear histograms, as the kernel programs fill them: 2 sub-buckets an octave of microseconds.
 * Bucket 0 holds less than 1 us; bucket 1 + 2*e + h holds [2^e * (1 + h/2), 2^e * (1 + (h+1)/2)) us;
 * the last one also takes everything above. So 48 buckets reach 2^23.5 us = 11.8 s, and a bucket's
 * upper bound is at most 1.5 times its lower one. With base sqrt(2)-like growth they map onto
 * OpenTelemetry exponential histograms of scale 1 with at most one bucket of error.
 */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <stddef.h>
#include <stdint.h>

#define HIST_BUCKETS 48 /* same as PLIMSOLL_HIST_BUCKETS in include/plimsoll/slot.h */

unsigned hist_bucket(uint64_t ns);               /* index of a duration, 0 … HIST_BUCKETS-1 */
uint64_t hist_lower_ns(unsigned bucket);         /* inclusive */
uint64_t hist_upper_ns(unsigned bucket);         /* exclusive; UINT64_MAX for the last */
void hist_add(uint32_t *buckets, uint64_t ns);
/* into += now - then, modulo 2^32 per bucket: counters wrap, differences do not. */
void hist_add_delta(uint64_t *into, const uint32_t *now, const uint32_t *then);
/* Linear inside the bucket, the lower bound of the last one; quantile in 0 … 1, clamped. -ENODATA when empty, *ret_ns untouched. */
int hist_quantile(const uint64_t *buckets, double quantile, uint64_t *ret_ns);

#endif
