/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's time.Time and time.Duration where C would do otherwise. A time is a number of nanoseconds since 1970;
 * GOTIME_ZERO is Go's zero time, the year 1, which stands for "never" and lies before every other time. It is
 * further from each of them than a Duration reaches, so differences with it are the largest there are.
 */
#ifndef DECIDE_GOTIME_H
#define DECIDE_GOTIME_H

#include <stdint.h>

#define GOTIME_ZERO INT64_MIN

int64_t gotime_sub(int64_t a, int64_t b);               /* a - b, held to what a Duration can say */
int64_t gotime_add(int64_t time, int64_t duration);     /* GOTIME_ZERO stays what it is */
/* The nearest multiple of `unit` > 0, counted from the year 1; half of one goes up. */
int64_t gotime_round(int64_t time, int64_t unit);

#endif
