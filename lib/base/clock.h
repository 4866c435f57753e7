/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two clocks that cannot be mixed up: clock_boot_t orders and measures (CLOCK_BOOTTIME: never steps,
 * counts suspend, the same for every process of a machine, also for one in a time namespace of its own),
 * clock_wall_t is only ever shown.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint64_t ns;
} clock_boot_t;

typedef struct {
	uint64_t ns; /* since 1970-01-01 UTC */
} clock_wall_t;

#define CLOCK_NS_PER_S 1000000000ull
#define CLOCK_NS_PER_MS 1000000ull
#define CLOCK_NS_PER_US 1000ull

clock_boot_t clock_boot(void);
clock_wall_t clock_wall(void);
uint64_t clock_monotonic_ns(void); /* without suspend: CLOCK_MONOTONIC, as the kernel's own programs see it */
/* For how long the machine was suspended since it booted, to a millisecond: what CLOCK_BOOTTIME is ahead. */
uint64_t clock_suspended_ns(void);
uint64_t clock_process_ns(void);   /* CPU time of this process, all its threads together */

/* To be shown. */
static inline double clock_seconds(uint64_t ns)
{
	return (double)ns / (double)CLOCK_NS_PER_S;
}

/* later - earlier, 0 when it would be negative: an age is never negative. */
uint64_t clock_since(clock_boot_t later, clock_boot_t earlier);

/* RFC 3339 in UTC with milliseconds, "2026-11-23T17:02:10.382Z"; needs 25 bytes. */
void clock_format(clock_wall_t t, char *ret_text, size_t size);

#endif
