/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/label_selector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))

static void good(const char *text)
{
	char error[256];

	if (!label_selector_check(text, error, sizeof(error)))
		fail_msg("%s: %s", text, error);
}

static void bad(const char *text, const char *words)
{
	char error[256];

	assert_false(label_selector_check(text, error, sizeof(error)));
	assert_string_equal(error, words);
}

TEST(every_form_of_a_requirement)
{
	good("");
	good("app=web");
	good("app == web , tier!=db");
	good("app in (a, b),tier notin (c)");
	good("app,!old");
	good("in=notin,x>3,y<4");
	good("app=,x");
	good("app in ()");
	good("app in (,a,,b,)");
}

TEST(what_is_wrong_is_said_as_kubernetes_does)
{
	bad("!!", "unable to parse requirement: found '!', expected: identifier");
	bad("app in (web", "unable to parse requirement: found '', expected: ',' or ')'");
	bad("app in web", "unable to parse requirement: found 'web' expected: '('");
	bad("app web", "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt");
	bad("app=web tier", "found 'tier', expected: ',' or 'end of string'");
	bad("app=web,", "found '', expected: identifier after ','");
	bad("=x", "found '=', expected: !, identifier, or 'end of string'");
}

TEST(a_short_buffer_cuts)
{
	char error[8];

	assert_false(label_selector_check("!!", error, sizeof(error)));
	assert_string_equal(error, "unable ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_requirement),
		cmocka_unit_test(what_is_wrong_is_said_as_kubernetes_does),
		cmocka_unit_test(a_short_buffer_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
