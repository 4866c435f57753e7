/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t now_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

clock_boot_t clock_boot(void)
{
	return (clock_boot_t){ now_ns(CLOCK_BOOTTIME) };
}

clock_wall_t clock_wall(void)
{
	return (clock_wall_t){ now_ns(CLOCK_REALTIME) };
}

uint64_t clock_since(clock_boot_t later, clock_boot_t earlier)
{
	return later.ns > earlier.ns ? later.ns - earlier.ns : 0;
}

void clock_format(clock_wall_t t, char *ret_text, size_t size)
{
	time_t s = (time_t)(t.ns / CLOCK_NS_PER_S);
	struct tm tm;
	char head[32];

	gmtime_r(&s, &tm);
	strftime(head, sizeof(head), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret_text, size, "%s.%03uZ", head, (unsigned)(t.ns / CLOCK_NS_PER_MS % 1000));
}
