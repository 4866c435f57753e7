/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic that ends at the top: of absurd numbers a result that wrapped round would be a small one, and a reason to
 * shrink. Pure.
 */
#ifndef DECIDE_CAPPED_H
#define DECIDE_CAPPED_H

#include <stdint.h>

static inline uint64_t capped_sum(uint64_t a, uint64_t b)
{
	return a <= UINT64_MAX - b ? a + b : UINT64_MAX;
}

/* x times by / over, truncated. */
static inline uint64_t capped_share(uint64_t x, uint64_t by, uint64_t over)
{
	unsigned __int128 value = (unsigned __int128)x * by / over;

	return value < UINT64_MAX ? (uint64_t)value : UINT64_MAX;
}

static inline uint32_t capped_32(uint64_t x)
{
	return x < UINT32_MAX ? (uint32_t)x : UINT32_MAX;
}

#endif
