/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integer arithmetic as Go defines it, for what must come out as Kubernetes computes it: sums and products
 * wrap around, and a float64 that does not fit becomes the least integer (Go leaves that to the
 * machine; this is amd64). C leaves all three undefined.
 */
#ifndef DECIDE_GOINT_H
#define DECIDE_GOINT_H

#include <stdint.h>

static inline int64_t goint_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t goint_subtract(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t goint_multiply(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* Towards zero; b is not 0. */
static inline int64_t goint_divide(int64_t a, int64_t b)
{
	return b == -1 ? goint_subtract(0, a) : a / b;
}

static inline int32_t goint_add_32(int32_t a, int32_t b)
{
	return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t goint_of_double_32(double x)
{
	return x > -2147483649.0 && x < 2147483648.0 ? (int32_t)x : INT32_MIN;
}

static inline int64_t goint_of_double(double x)
{
	return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;
}

#endif
