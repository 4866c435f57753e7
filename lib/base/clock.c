/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/scope.h"

/* What our time namespace adds to the machine's clocks. */
static struct {
	uint64_t boot_ns, monotonic_ns; /* may stand for a negative number */
	pthread_once_t known;
} offset = {.known = PTHREAD_ONCE_INIT};

static void find_offsets(void)
{
	scoped(fclosep) FILE *f = fopen("/proc/self/timens_offsets", "re"); /* none: no such namespaces */
	int64_t seconds, ns;
	char name[16];

	while (f && fscanf(f, "%15s %" SCNd64 " %" SCNd64, name, &seconds, &ns) == 3) {
		uint64_t both = (uint64_t)seconds * CLOCK_NS_PER_S + (uint64_t)ns;

		if (strcmp(name, "boottime") == 0)
			offset.boot_ns = both;
		else if (strcmp(name, "monotonic") == 0)
			offset.monotonic_ns = both;
	}
}

static uint64_t now_ns(clockid_t id)
{
	struct timespec t;

	pthread_once(&offset.known, find_offsets);
	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

clock_boot_t clock_boot(void)
{
	return (clock_boot_t){ now_ns(CLOCK_BOOTTIME) - offset.boot_ns };
}

uint64_t clock_monotonic_ns(void)
{
	return now_ns(CLOCK_MONOTONIC) - offset.monotonic_ns;
}

/* The two clocks are read one after the other, and we may lose the CPU in between: then again. Never too much. */
uint64_t clock_suspended_ns(void)
{
	uint64_t most = 0, began, ended;

	do {
		began = clock_monotonic_ns();
		uint64_t boot = clock_boot().ns;

		ended = clock_monotonic_ns();
		if (boot > ended && boot - ended > most)
			most = boot - ended;
	} while (ended - began > CLOCK_NS_PER_MS);
	return most;
}

uint64_t clock_process_ns(void)
{
	return now_ns(CLOCK_PROCESS_CPUTIME_ID);
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
