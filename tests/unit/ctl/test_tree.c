/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "conf/yaml.h"
#include "ctl/tree.h"

static char *printed(const json_t *tree, bool yaml, bool stream)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	tree_print(tree, yaml, stream, f);
	fclose(f);
	return text;
}

static char *printed_exactly(json_t *tree)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	tree_print_exact(tree, f);
	fclose(f);
	return text;
}

static json_t *example(void)
{
	return json_pack("{s:s, s:o, s:o, s:[{s:i, s:b}, {s:[]}], s:{}, s:n}", "kind", "Some", "cpu",
			 tree_number(true, 0.25), "memory", tree_number(false, 1), "items", "n", 3, "yes",
			 1, "empty", "map", "nothing");
}

static void test_json(void **state)
{
	scoped(tree_freep) json_t *t = example();
	scoped(freep) char *line = printed(t, false, true), *block = printed(t, false, false);

	(void)state;
	assert_string_equal(line, "{\"kind\":\"Some\",\"cpu\":0.25,\"memory\":null,\"items\":[{\"n\":3,"
				  "\"yes\":true},{\"empty\":[]}],\"map\":{},\"nothing\":null}\n");
	scoped(tree_freep) json_t *again = json_loads(block, 0, NULL);
	assert_true(json_equal(t, again));
}

static void test_yaml(void **state)
{
	scoped(tree_freep) json_t *t = example();
	scoped(freep) char *text = printed(t, true, true);

	(void)state;
	assert_string_equal(text, "---\nkind: Some\ncpu: 0.25\nmemory: null\nitems:\n- \"n\": 3\n  \"yes\": "
				  "true\n- empty: []\nmap: {}\nnothing: null\n");
}

/* What libyaml reads back is what was written, however odd. */
static void string_survives(const char *s)
{
	scoped(tree_freep) json_t *t = json_pack("{s:o}", "key", tree_string(s));
	scoped(freep) char *text = printed(t, true, false);
	scoped(yaml_freep) struct yaml_doc *doc = NULL;
	struct err e;

	for (const char *c = text; *c; c++)
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
	assert_int_equal(yaml_parse("test", text, strlen(text), &doc, &e), 0);
	assert_string_equal(doc->root->child->text, s);
}

static void test_strings(void **state)
{
	static const char *const odd[] = {
		"plain", "", "true", "No", "null", "12", "1e3", "~", "- a", "a: b", "a #b", "\"quoted\"",
		"back\\slash", "two\nlines", "tab\there", "escape \033[2J", "csi \302\2331m", "日本 –",
		"turned \xe2\x80\xae round", " blanks ", "/kubepods.slice/x", "%a", "@b", "{c}", "*d",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		string_survives(odd[i]);
}

static void test_no_control_characters_in_json(void **state)
{
	scoped(tree_freep) json_t *t = tree_string("\033[2J \xc2\x9b \xe2\x80\xae \xff");
	scoped(freep) char *text = printed(t, false, true);

	(void)state;
	assert_string_equal(text, "\"\\u001B[2J \\u009B \\u202E \\uFFFD\"\n");
}

static void test_values(void **state)
{
	(void)state;
	scoped(tree_freep) json_t *whole = tree_number(true, 4), *none = tree_number(true, 0.0 / 0.0),
				  *time = tree_time(0), *seconds = tree_seconds(true, 1500000000);
	assert_true(json_is_integer(whole) && json_integer_value(whole) == 4);
	assert_true(json_is_null(none) && json_is_null(time));
	assert_true(json_real_value(seconds) == 1.5);
	scoped(tree_freep) json_t *never = tree_seconds(true, UINT64_MAX);
	assert_true(json_is_null(never));
}

/* A round trip of 41.4 us, a counter of seconds, and what adding tenths makes. */
static void test_small_values_keep_their_digits(void **state)
{
	static const struct {
		double value;
		const char *shown;
	} cases[] = {{0.0000414321, "0.0000414321"}, {0.00000000125, "1.25e-09"},	    {0.1 + 0.2, "0.3"},
		     {12345.678912, "12345.678912"}, {-0.000123456789, "-0.000123457"}, {1e-300, "0"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(tree_freep) json_t *t = tree_number(true, cases[i].value);
		scoped(freep) char *line = printed(t, false, true);

		assert_true(strtod(line, NULL) == strtod(cases[i].shown, NULL));
	}
}

/* A record that loses a digit is replayed as another decision. */
static void test_exact(void **state)
{
	const double ratios[] = {7.0 / 30, 20.0 / 60, 2.2, 0.25, 1e300 / 3};

	(void)state;
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		json_t *tree = json_pack("{s:[{s:f}], s:f}", "proposal", "ratio", ratios[i], "tolerance", 0.1);
		char *json = printed_exactly(tree), *yaml = printed(tree, true, false);
		json_t *back = json_loads(json, 0, NULL);
		double in_yaml;

		assert_true(json_equal(back, tree));
		assert_int_equal(sscanf(yaml, "proposal:\n- ratio: %lf", &in_yaml), 1);
		assert_true(in_yaml == ratios[i]);
		json_decref(back);
		json_decref(tree);
		free(json);
		free(yaml);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_no_control_characters_in_json),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_small_values_keep_their_digits),
		cmocka_unit_test(test_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
