/* SPDX-License-Identifier: Apache-2.0 */
/* A file in memory stands for the map: the mapping is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/probe/window.h"
#include "base/obj.h"

#define PARTS 3
#define N     1000
#define ENTRY 24 /* entries, and parts, begin in the middle of pages */
#define BYTES (18 * 4096)

static struct window w;
static int fd;

static char *entry(size_t part, size_t i)
{
	return w.at + (part * N + i) * ENTRY;
}

static int setup(void **state)
{
	struct err e;

	(void)state;
	fd = memfd_create("window", MFD_CLOEXEC);
	must(fd >= 0 && ftruncate(fd, BYTES) == 0);
	return window_open(&w, fd, BYTES, PARTS, N, ENTRY, &e);
}

static int teardown(void **state)
{
	(void)state;
	window_close(&w);
	close(fd);
	return 0;
}

/* write() of what is not there fails instead of ending us. */
static bool is_there(size_t part, size_t i)
{
	int pipes[2];
	bool there;

	must(pipe(pipes) == 0);
	there = write(pipes[1], entry(part, i), ENTRY) == ENTRY;
	close(pipes[0]);
	close(pipes[1]);
	return there;
}

static void nothing_is_there_before_it_is_shown(void **state)
{
	(void)state;
	for (size_t part = 0; part < PARTS; part++)
		assert_false(is_there(part, 0));
	window_show(&w, 0);
	assert_false(is_there(0, 0));
}

static void what_is_shown_is_the_file(void **state)
{
	(void)state;
	for (size_t n = 1; n <= N; n = n < N && 3 * n > N ? N : 3 * n) {
		window_show(&w, n);
		for (size_t part = 0; part < PARTS; part++) {
			char back[ENTRY];

			memset(entry(part, n - 1), (int)(1 + part), ENTRY);
			assert_int_equal(pread(fd, back, ENTRY, entry(part, n - 1) - w.at), ENTRY);
			assert_memory_equal(back, entry(part, n - 1), ENTRY);
		}
		if (n == N)
			break;
	}
	for (size_t part = 0; part < PARTS; part++)
		assert_int_equal(*entry(part, 0), 1 + (int)part); /* what came first is still there */
}

static void what_is_not_asked_for_stays_away(void **state)
{
	(void)state;
	window_show(&w, 10);
	assert_true(is_there(1, 9));
	assert_false(is_there(1, N / 2));
	window_show(&w, 5); /* never less */
	assert_true(is_there(1, 9));
}

static void closing_twice_is_fine(void **state)
{
	(void)state;
	window_close(&w);
	window_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_there_before_it_is_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_shown_is_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_asked_for_stays_away, setup, teardown),
		cmocka_unit_test_setup_teardown(closing_twice_is_fine, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
