/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define FAR_AWAY_S 100000

static void boot_never_falls(void **state)
{
	(void)state;
	clock_boot_t before = clock_boot();

	for (int i = 0; i < 10000; i++) {
		clock_boot_t now = clock_boot();

		assert_true(now.ns >= before.ns && now.ns > 0);
		before = now;
	}
}

/* Below FAR_AWAY_S / 2 of each other: both are read within this test. */
static bool near_by(uint64_t a_ns, uint64_t b_ns)
{
	return (a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns) < FAR_AWAY_S / 2 * CLOCK_NS_PER_S;
}

static uint64_t raw_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Exit status of a process in a time namespace whose clocks are far away: 0 when it reads ours all the same. */
static int look_from_a_time_namespace(uint64_t boot_ns, uint64_t monotonic_ns)
{
	static const char offsets[] = "monotonic 100000 0\nboottime 200000 0\n";
	int fd, status;

	if (unshare(CLONE_NEWTIME) < 0)
		return 77;
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, offsets, strlen(offsets)) != (ssize_t)strlen(offsets))
		return 77;
	if (fork() == 0)
		_exit(!near_by(clock_boot().ns, boot_ns) || !near_by(clock_monotonic_ns(), monotonic_ns));
	return wait(&status) > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void the_clocks_are_the_machines(void **state)
{
	int status;

	(void)state;
	if (fork() == 0) /* before our first reading, which is when offsets are looked for */
		_exit(look_from_a_time_namespace(raw_ns(CLOCK_BOOTTIME), raw_ns(CLOCK_MONOTONIC)));
	assert_true(wait(&status) > 0 && WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("SKIP: needs root and time namespaces\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_process_knows_its_cpu_time(void **state)
{
	uint64_t before = raw_ns(CLOCK_PROCESS_CPUTIME_ID), now = clock_process_ns();

	(void)state;
	assert_true(now >= before && now <= raw_ns(CLOCK_PROCESS_CPUTIME_ID));
}

static void ages_are_never_negative(void **state)
{
	(void)state;
	assert_int_equal(clock_since((clock_boot_t){ 7 }, (clock_boot_t){ 3 }), 4);
	assert_int_equal(clock_since((clock_boot_t){ 3 }, (clock_boot_t){ 7 }), 0);
	assert_int_equal(clock_since((clock_boot_t){ 3 }, (clock_boot_t){ 3 }), 0);
}

static void wall_time_as_text(void **state)
{
	(void)state;
	char text[32];

	clock_format((clock_wall_t){ 0 }, text, sizeof(text));
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	clock_format((clock_wall_t){ 951827696789999999ull }, text, sizeof(text)); /* a leap day */
	assert_string_equal(text, "2000-02-29T12:34:56.789Z");
	clock_format((clock_wall_t){ 0 }, text, 5);
	assert_string_equal(text, "1970");
	assert_true(clock_wall().ns > 1600000000ull * CLOCK_NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clocks_are_the_machines),
		cmocka_unit_test(boot_never_falls),
		cmocka_unit_test(a_process_knows_its_cpu_time),
		cmocka_unit_test(ages_are_never_negative),
		cmocka_unit_test(wall_time_as_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
