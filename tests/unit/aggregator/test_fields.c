/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/fields.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/scope.h"

static struct yaml_doc *doc;
static struct err e;
static struct fields f;

static void read_text(const char *text)
{
	doc = yaml_free(doc);
	if (yaml_parse("f.yaml", text, strlen(text), &doc, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	f = (struct fields){doc, &e};
	e = (struct err){0};
}

static int forget(void **unused)
{
	(void)unused;
	doc = yaml_free(doc);
	return 0;
}

static void said(const char *what, const char *cause, const char *fix)
{
	assert_string_equal(e.what, what);
	assert_string_equal(e.cause, cause);
	assert_string_equal(e.fix, fix);
}

static void what_is_absent_stays_as_it_was(void **unused)
{
	const struct yaml_node *n = (const void *)&e;
	const char *word = "before";
	struct quantity q = {.value = 5};
	uint64_t number = 7;
	bool there = true;

	(void)unused;
	read_text("{other: 1}");
	assert_int_equal(fields_integer(&f, doc->root, "n", 1, 9, &number), 0);
	assert_int_equal(fields_word(&f, doc->root, "n", YAML_NAMES("a"), &word), 0);
	assert_int_equal(fields_amount(&f, doc->root, "n", &q, &there), 0);
	assert_int_equal(fields_mapping(&f, NULL, "n", YAML_NAMES("a"), &n), 0);
	assert_int_equal(number, 7);
	assert_string_equal(word, "before");
	assert_false(there);
	assert_int_equal(q.value, 5);
	assert_null(n);
	assert_null(fields_peek(doc->root, "n"));
	assert_int_equal(fields_need_text(&f, doc->root, "n", &n), -EINVAL);
	said("f.yaml:1:1: n is missing", "nothing else could stand for it", "");
}

static void numbers_are_whole_and_within_bounds(void **unused)
{
	static const char *const bad[] = {"{n: 0}", "{n: 10}", "{n: -1}", "{n: +1}", "{n: 1.0}", "{n: 0x1}", "{n: 1 s}",
					  "{n: 18446744073709551617}"};
	uint64_t value = 3, ns = 2 * CLOCK_NS_PER_S;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		read_text(bad[i]);
		assert_int_equal(fields_integer(&f, doc->root, "n", 1, 9, &value), -EINVAL);
		assert_string_equal(e.cause, "it is a whole number from 1 to 9");
		assert_non_null(strstr(e.what, "f.yaml:1:5: n: "));
		assert_int_equal(value, 3);
	}
	read_text("{n: [1]}");
	assert_int_equal(fields_integer(&f, doc->root, "n", 1, 9, &value), -EINVAL);
	read_text("{n: 9}");
	assert_int_equal(fields_integer(&f, doc->root, "n", 1, 9, &value), 0);
	assert_int_equal(value, 9);
	assert_int_equal(fields_seconds(&f, doc->root, "n", 1, 9, &ns), 0);
	assert_int_equal(ns, 9 * CLOCK_NS_PER_S);
}

static void a_word_is_one_of_those_there_are(void **unused)
{
	const char *word = "";

	(void)unused;
	read_text("{w: Of, list: [a]}");
	assert_int_equal(fields_word(&f, doc->root, "w", YAML_NAMES("Auto", "Initial", "Off"), &word), -EINVAL);
	said("f.yaml:1:5: w: Of is no value for it", "it is Auto, Initial or Off", "did you mean Off?");
	assert_int_equal(fields_word(&f, doc->root, "list", YAML_NAMES("a"), &word), -EINVAL);
	said("f.yaml:1:15: list: a list is no value for it", "it is a", "");
	assert_string_equal(word, "");
	read_text("{w: Off}");
	assert_int_equal(fields_word(&f, doc->root, "w", YAML_NAMES("Auto", "Off"), &word), 0);
	assert_string_equal(word, "Off");
}

static void an_amount_is_not_negative(void **unused)
{
	static const char *const bad[] = {"{q: -1}", "{q: much}", "{q: {}}", "{q: [1]}", "{q: ''}"};
	struct quantity q;
	bool there;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		read_text(bad[i]);
		assert_int_equal(fields_amount(&f, doc->root, "q", &q, &there), -EINVAL);
		assert_string_equal(e.cause, "it is a quantity such as 250m, 0.5 or 64Mi");
	}
	read_text("{q: 250m}");
	assert_int_equal(fields_amount(&f, doc->root, "q", &q, &there), 0);
	assert_true(there);
	assert_int_equal(quantity_milli(&q), 250);
}

static void fields_are_those_that_are_known(void **unused)
{
	const struct yaml_node *n;

	(void)unused;
	read_text("{m: {nam: x}}");
	assert_int_equal(fields_mapping(&f, doc->root, "m", YAML_NAMES("name", "kind"), &n), -ENOENT);
	assert_string_equal(e.fix, "did you mean \"name\"?");
	assert_int_equal(fields_text(&f, doc->root, "m", &n), -EINVAL);
	said("f.yaml:1:5: m has no value", "one word or text is expected here", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_absent_stays_as_it_was, forget),
		cmocka_unit_test_teardown(numbers_are_whole_and_within_bounds, forget),
		cmocka_unit_test_teardown(a_word_is_one_of_those_there_are, forget),
		cmocka_unit_test_teardown(an_amount_is_not_negative, forget),
		cmocka_unit_test_teardown(fields_are_those_that_are_known, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
