/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/names/door.h"

static void options_are_checked(void **state)
{
	static const char *const bad[] = {"", "yes", "unix:", "unix:run/x", "/run/x", "tcp:1"};
	char path[200] = "unix:/";
	struct err e;

	(void)state;
	assert_int_equal(door_check("cri", "auto", &e), 0);
	assert_int_equal(door_check("cri", "none", &e), 0);
	assert_int_equal(door_check("cri", "unix:/run/containerd/containerd.sock", &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(door_check("cri", bad[i], &e) < 0);
	memset(path + 6, 'x', 110);
	assert_true(door_check("cri", path, &e) < 0);
}

static void what_is_named_is_taken(void **state)
{
	(void)state;
	assert_null(door_of(NAMES_DOCKER, "none"));
	for (int kind = 0; kind < NAMES_KINDS; kind++)
		assert_string_equal(door_of((enum names_kind)kind, "unix:/run/comes-later.sock"),
				    "unix:/run/comes-later.sock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(what_is_named_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
