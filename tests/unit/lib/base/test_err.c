/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void names_the_nearest_word(void **state)
{
	static const char *const names[] = { "tls-dir", "listen", "log-level" };

	(void)state;
	assert_string_equal(err_nearest("tsl-dir", names, 3), "tls-dir");
	assert_string_equal(err_nearest("lisen", names, 3), "listen");
	assert_null(err_nearest("replicas", names, 3));
}

static void keeps_code_and_texts(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, -ENOENT, "cannot open %s", "/x"), -ENOENT);
	assert_string_equal(e.what, "cannot open /x");
	assert_string_equal(e.cause, "");
	assert_int_equal(err_fix(&e, "create it"), -ENOENT);
	assert_string_equal(e.fix, "create it");
	assert_int_equal(err_set(NULL, -EPERM, "dropped"), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_nearest_word),
		cmocka_unit_test(keeps_code_and_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
