/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/pattern.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct pattern_row pod = {"/kubepods/pod1/" ID, ID, "shop", "web-7d9f", "api", ""};
static const struct pattern_row unit = {"/system.slice/ssh.service", "", "", "", "ssh.service", ""};
static const struct pattern_row compose = {"/docker/" ID, ID, "", "", "shop-web-1", "shop/web"};

struct case_of {
	const char *pattern;
	bool pod, unit;
};

static const struct case_of cases[] = {
	{"/kubepods/**", true, false},
	{"/*", false, false},
	{"shop", true, false},
	{"shop/web-*", true, false},
	{"shop/web-7d9f/api", true, false},
	{"shop/web-7d9f/cache", false, false},
	{"shop/web", false, false},
	{"**/api", true, false},
	{"web-7d9f", false, false},
	{ID, true, false},
	{"0123456789ab", true, false},
	{"0123456789a", false, false},
	{"0123*", true, false},
	{"ssh.service", false, true},
	{"*.service", false, true},
	{"*", true, true},
	{"", false, false},
};

static void patterns_mean_what_people_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *one[] = {(char *)(uintptr_t)cases[i].pattern};

		if (pattern_match(one, 1, &pod) != cases[i].pod || pattern_match(one, 1, &unit) != cases[i].unit)
			fail_msg("\"%s\"", cases[i].pattern);
	}
}

static void any_of_them_is_enough(void **state)
{
	char *two[] = {"nothing", "ssh.*"};

	(void)state;
	assert_true(pattern_match(two, 2, &unit));
	assert_false(pattern_match(two, 2, &pod));
	assert_true(pattern_match(NULL, 0, &pod));
	assert_true(pattern_match((char *[]){"shop/web"}, 1, &compose));
	assert_true(pattern_match((char *[]){"shop-web-*"}, 1, &compose));
	assert_false(pattern_match((char *[]){"shop"}, 1, &compose));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_mean_what_people_say),
		cmocka_unit_test(any_of_them_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
