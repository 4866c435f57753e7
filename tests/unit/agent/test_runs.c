/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "agent/runs.h"

static void what_is_kept_is_taken_once(void **state)
{
	struct runs *r = runs_new();
	char path[] = "/a.service";

	(void)state;
	assert_int_equal(runs_take(r, path), 0);
	runs_keep(r, path, 3);
	path[1] = 'b';
	assert_int_equal(runs_take(r, path), 0);
	assert_int_equal(runs_take(r, "/a.service"), 3);
	assert_int_equal(runs_take(r, "/a.service"), 0);
	runs_keep(r, "/a.service", 4);
	runs_keep(r, "/a.service", 5); /* the later word */
	assert_int_equal(runs_take(r, "/a.service"), 5);
	runs_free(r);
}

static void those_that_ended_first_are_forgotten(void **state)
{
	struct runs *r = runs_new();
	char path[32];

	(void)state;
	for (unsigned i = 0; i < RUNS_KEPT; i++) {
		snprintf(path, sizeof(path), "/%u", i);
		runs_keep(r, path, i + 1);
	}
	assert_int_equal(runs_forgotten(r), 0);
	runs_keep(r, "/0", 1); /* it ended again, so it is not the oldest any more */
	assert_int_equal(runs_forgotten(r), 0);
	runs_keep(r, "/new", 7);
	assert_int_equal(runs_forgotten(r), 1);
	assert_int_equal(runs_take(r, "/1"), 0);
	assert_int_equal(runs_take(r, "/0"), 1);
	assert_int_equal(runs_take(r, "/2"), 3);
	assert_int_equal(runs_take(r, "/new"), 7);
	runs_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_taken_once),
		cmocka_unit_test(those_that_ended_first_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
