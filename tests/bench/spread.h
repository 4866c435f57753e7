/* SPDX-License-Identifier: Apache-2.0 */
/* What the rounds of a benchmark say together: "median (least–most)". */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include <stdlib.h>

struct spread {
	double low, median, high;
};

static inline int spread_order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts `values`; n is at least 1. */
static inline struct spread spread_of(double *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), spread_order);
	return (struct spread){values[0], values[n / 2], values[n - 1]};
}

#endif
