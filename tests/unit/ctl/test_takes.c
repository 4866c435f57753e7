/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/takes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

static void words_of_a_list(void **unused)
{
	const char *list = "why watch:seconds once:limit sort=name|cpu";

	(void)unused;
	assert_true(takes_has(list, "why"));
	assert_true(takes_has(list, "seconds"));
	assert_true(takes_has(list, "limit"));
	assert_true(takes_has(list, "sort"));
	assert_false(takes_has(list, "so"));
	assert_false(takes_has(list, "watch"));
	assert_false(takes_has(list, "cpu"));
	assert_false(takes_has("", "why"));
}

static int checked(const char *key, const char *value, bool stream)
{
	const struct takes_flag f = {.key = key, .value = value, .command = "get x", .stream = stream};
	struct err e = {0};

	return takes_check("why watch:seconds once:limit sort=name|cpu", &f, &e);
}

static void cases_in_which_they_do_nothing(void **unused)
{
	(void)unused;
	assert_int_equal(checked("why", NULL, false), 0);
	assert_int_equal(checked("seconds", NULL, true), 0);
	assert_int_equal(checked("seconds", NULL, false), -EINVAL);
	assert_int_equal(checked("limit", NULL, false), 0);
	assert_int_equal(checked("limit", NULL, true), -EINVAL);
	assert_int_equal(checked("sort", "cpu", false), 0);
	assert_int_equal(checked("sort", "name", true), 0);
	assert_int_equal(checked("sort", "nam", false), -EINVAL);
	assert_int_equal(checked("sort", "pods", false), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_a_list),
		cmocka_unit_test(cases_in_which_they_do_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
