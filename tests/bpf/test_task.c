/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, threads and the oldest start, against a family that the test makes and /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "crew.h"
#include "own_cgroups.h"
#include "watch.h"

#define THREADS 5 /* of one process, its first one included */
#define START_SLACK_NS (CLOCK_NS_PER_S / 100) /* /proc counts in ticks of 10 ms */

static struct own_cgroups own;
static struct watch w;
static char path[OWN_PATH + 16];

static void *wait_for_ever(void *data)
{
	(void)data;
	for (;;)
		pause();
	return NULL;
}

static void sleep_alone(const void *data)
{
	(void)data;
	wait_for_ever(NULL);
}

static void sleep_with_threads(const void *data)
{
	pthread_t t;
	char byte = 0;

	for (int i = 1; i < THREADS; i++)
		if (pthread_create(&t, NULL, wait_for_ever, NULL))
			_exit(1);
	if (write(*(const int *)data, &byte, 1) != 1)
		_exit(1);
	wait_for_ever(NULL);
}

/* Field 22 of /proc/PID/stat: clock ticks since boot. */
static uint64_t started_ns(pid_t pid)
{
	char name[64], text[512];
	unsigned long long ticks = 0;
	const char *at;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	scoped(fclosep) FILE *f = fopen(name, "re");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	at = strrchr(text, ')');
	assert_non_null(at);
	assert_int_equal(sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
				    "%*d %*d %*d %llu", &ticks), 1);
	return ticks * (CLOCK_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

static void families_are_counted(void **state)
{
	int ready[2];
	char byte;
	pid_t first, second;
	struct signals s;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	watch_open(&w, 256);
	first = own_spawn(&own, path, sleep_alone, NULL);
	usleep(30000); /* so that the oldest is told from the others */
	second = own_spawn(&own, path, sleep_with_threads, &ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	watch_pass(&w);
	s = watch_read(&w, path);
	assert_int_equal(s.missing & SIGNAL_NO_TASKS, 0);
	assert_int_equal(s.processes, 2);
	assert_int_equal(s.threads, 1 + THREADS);
	assert_in_range(s.started_ns, started_ns(first), started_ns(first) + START_SLACK_NS);
	own_end(first);
	watch_pass(&w);
	s = watch_read(&w, path);
	assert_int_equal(s.processes, 1);
	assert_int_equal(s.threads, THREADS);
	assert_in_range(s.started_ns, started_ns(second), started_ns(second) + START_SLACK_NS);
	own_end(second);
	watch_pass(&w);
	s = watch_read(&w, path);
	assert_int_equal(s.processes, 0); /* measured, and none */
	assert_int_equal(s.missing & SIGNAL_NO_TASKS, 0);
	watch_close(&w);
}

static void the_busiest_thread_is_told(void **state)
{
	struct crew crew;
	struct signals s;

	(void)state;
	watch_open(&w, 256);
	crew_start(&crew, &own, path, 2, ANY_CPU);
	watch_pass(&w);
	watch_pass(&w);
	assert_in_range(watch_read(&w, path).busiest_thread, 0, 100);
	crew_go(&crew);
	for (int i = 0; i < 3; i++) {
		watch_pass(&w);
		crew_pause(300);
	}
	watch_pass(&w);
	s = watch_read(&w, path);
	assert_in_range(s.busiest_thread, 800, 1000); /* running or waiting all the time */
	crew_halt(&crew);
	crew_end(&crew);
	watch_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_counted),
		cmocka_unit_test(the_busiest_thread_is_told),
	};

	own_split(&own);
	snprintf(path, sizeof(path), "%s/family", own.top);
	own_make(&own, path);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
