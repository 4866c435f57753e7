/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"

struct row {
	const char *pattern, *path;
	bool match;
};

static const struct row rows[] = {
	{ "/a", "/a", true },
	{ "/a", "/ab", false },
	{ "/ab", "/a", false },
	{ "", "", true },
	{ "", "/", false },
	{ "/a*", "/abc", true },
	{ "/a*", "/a", true },
	{ "/a*", "/a/b", false },
	{ "/*/b", "/a/b", true },
	{ "/*/b", "/a/c/b", false },
	{ "/a?c", "/abc", true },
	{ "/a?c", "/a/c", false },
	{ "/a?", "/a", false },
	{ "/plimsoll-demo-*/replica-*", "/plimsoll-demo-417/replica-3", true },
	{ "/plimsoll-demo-*/replica-*", "/plimsoll-demo-417/replica-3/x", false },
	{ "/**", "/a/b/c", true },
	{ "**", "/a/b/c", true },
	{ "**", "", true },
	{ "/a/**", "/a/b/c", true },
	{ "/a/**", "/a", false },
	{ "/a/**/b", "/a/b", true },
	{ "/a/**/b", "/a/x/y/b", true },
	{ "/a/**/b", "/a/x/yb", false },
	{ "/**/*.service", "/system.slice/ssh.service", true },
	{ "/**/*.service", "/ssh.service", true },
	{ "/**/*.service", "/system.slice/ssh.service/x", false },
	{ "/**/x*/y", "/xa/xb/xc/y", true },
	{ "/**.scope", "/a/b/c.scope", true },
	{ "/**a*b", "/x/a/ab", true },
	{ "/**/pod*/**", "/kubepods/burstable/pod1/abc", true },
	{ "/a\\x2db*", "/a\\x2dbc", true },
	{ "/[ab]", "/a", false },
	{ "*", "", true },
	{ "***", "/a/b", true },
};

static void matches_as_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (glob_match(rows[i].pattern, rows[i].path) != rows[i].match)
			fail_msg("%s on %s", rows[i].pattern, rows[i].path);
	}
}

/* Patterns that make naive matchers explode must come back. */
static void hostile_patterns_end(void **state)
{
	char path[1001];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_false(glob_match("*a*a*a*a*a*a*a*a*a*a*b", path));
	assert_false(glob_match("**a**a**a**a**a**a**a**b", path));
	assert_false(glob_match("**/a*/**/a*/**a*b", path));
}

static void any_of_several_is_enough(void **state)
{
	char one[] = "a*", other[] = "/b";
	char *const both[] = { one, other };

	(void)state;
	assert_true(glob_match_any(both, 2, "ab"));
	assert_true(glob_match_any(both, 2, "/b"));
	assert_false(glob_match_any(both, 2, "b"));
	assert_true(glob_match_any(both, 0, "b"));
	assert_true(glob_match_any(NULL, 0, ""));
}

static void parts_match_from_the_front(void **state)
{
	static const char *const abc[] = {"a", "b", "c"}, *const last[] = {"", "", "c"};
	char text[GLOB_PARTS_BYTES];
	const char *const long_ones[] = {"a", text};

	(void)state;
	assert_true(glob_match_parts("a", abc, 3));
	assert_true(glob_match_parts("a/b", abc, 3));
	assert_true(glob_match_parts("a/*/c", abc, 3));
	assert_true(glob_match_parts("**/c", abc, 3));
	assert_false(glob_match_parts("b", abc, 3));
	assert_false(glob_match_parts("a/b/c/d", abc, 3));
	assert_false(glob_match_parts("", abc, 3));
	assert_true(glob_match_parts("c", last, 3));
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_true(glob_match_parts("a", long_ones, 2));
	assert_false(glob_match_parts("a/x*", long_ones, 2));
	text[sizeof(text) - 3] = '\0'; /* all parts and the slash between them just fit */
	assert_true(glob_match_parts("a/x*", long_ones, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_as_listed),
		cmocka_unit_test(any_of_several_is_enough),
		cmocka_unit_test(parts_match_from_the_front),
		cmocka_unit_test(hostile_patterns_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
