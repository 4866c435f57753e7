/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "ctl/table.h"
#include "ctl/text.h"

#define X "\xef\xbf\xbd"

static const struct paint_style plain = {false, true}, colours = {true, true}, ascii = {false, false};

static const struct table_column columns[] = {
	{"NAME", TABLE_NAME, 0, false},
	{"CPU", TABLE_NUMBER, 0, false},
	{"HIDDEN", TABLE_WORD, 3, true},
	{"LAST", TABLE_TEXT, 2, false},
};

static char *printed(struct table *t, const struct paint_style *s, bool headers, int width)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	table_print(t, s, headers, width, f);
	fclose(f);
	return text;
}

static void add_row(struct table *t, const char *name, const char *cpu)
{
	table_cell(t, PAINT_PLAIN, "%s", name);
	table_cell(t, PAINT_GOOD, "%s", cpu);
	table_cell(t, PAINT_PLAIN, "x");
	table_cell(t, PAINT_PLAIN, "end");
}

static void test_table(void **state)
{
	scoped(table_done) struct table t = {0};

	(void)state;
	table_begin(&t, columns, 4, false);
	add_row(&t, "nä", "1.25");
	add_row(&t, "b\033[m", "10");
	scoped(freep) char *first = printed(&t, &plain, true, 0);
	assert_string_equal(first, "NAME    CPU   LAST\n"
				   "nä     1.25   end\n"
				   "b" X "[m     10   end\n");
	/* A later table keeps the columns' places and has no titles. */
	add_row(&t, "c", "3");
	scoped(freep) char *second = printed(&t, &plain, true, 0);
	assert_string_equal(second, "c         3   end\n");
}

static void test_wide_and_colours(void **state)
{
	scoped(table_done) struct table t = {0};

	(void)state;
	table_begin(&t, columns, 4, true);
	add_row(&t, "a", "1");
	scoped(freep) char *text = printed(&t, &colours, false, 0);
	assert_string_equal(text, "a        \033[32m1\033[0m   x        end\n");
}

static void test_one_long_name_pads_nobody(void **state)
{
	scoped(table_done) struct table t = {0};

	(void)state;
	table_begin(&t, columns, 4, false);
	add_row(&t, "shop/web-with-a-very-long-name-x2x4q", "1.25");
	add_row(&t, "b", "10");
	scoped(freep) char *text = printed(&t, &plain, true, 40);
	assert_string_equal(text, "NAME                          CPU   LAST\n"
				  "shop/web-with…g-name-x2x4q   1.25   end\n"
				  "b                              10   end\n");
	add_row(&t, "shop/web-with-a-very-long-name-x2x4q", "1.25");
	scoped(freep) char *other = printed(&t, &ascii, false, 40);
	assert_string_equal(other, "shop/web-wit...-name-x2x4q   1.25   end\n");
	add_row(&t, "shop/web-with-a-very-long-name-x2x4q", "1.25");
	scoped(freep) char *whole = printed(&t, &plain, false, 0);
	assert_string_equal(whole, "shop/web-with-a-very-long-name-x2x4q   1.25   end\n");
}

/* However the terminal is resized meanwhile, each row stands below its title. */
static void test_titles_follow_what_is_shown(void **state)
{
	scoped(table_done) struct table t = {0};

	(void)state;
	table_begin(&t, columns, 4, false);
	add_row(&t, "a", "1");
	scoped(freep) char *wide = printed(&t, &plain, true, 17);
	assert_string_equal(wide, "NAME   CPU   LAST\na        1   end\n");
	add_row(&t, "a", "1");
	scoped(freep) char *narrow = printed(&t, &plain, true, 16);
	assert_string_equal(narrow, "NAME   CPU\na        1\n");
	add_row(&t, "a", "1");
	scoped(freep) char *still = printed(&t, &plain, true, 12);
	assert_string_equal(still, "a        1\n");
	add_row(&t, "a", "1");
	scoped(freep) char *again = printed(&t, &plain, true, 80);
	assert_string_equal(again, "NAME   CPU   LAST\na        1   end\n");
}

static void test_what_does_not_fit_is_counted(void **state)
{
	scoped(table_done) struct table t = {0};
	FILE *f = fopen("/dev/null", "w");

	(void)state;
	table_begin(&t, columns, 4, true);
	add_row(&t, "a", "1");
	assert_int_equal(table_print(&t, &plain, true, 0, f), 0);
	add_row(&t, "a", "1");
	assert_int_equal(table_print(&t, &plain, true, 20, f), 1);
	add_row(&t, "a", "1");
	assert_int_equal(table_print(&t, &plain, true, 10, f), 2);
	fclose(f);
}

/* Lines fit at every width at which names and numbers have a place, and numbers are whole. */
static void test_every_width(void **state)
{
	(void)state;
	for (int width = 27; width < 100; width++) {
		scoped(table_done) struct table t = {0};

		table_begin(&t, columns, 4, true);
		add_row(&t, "/kubepods/a-path-that-is-longer-than-a-line/cri-containerd-0123456789.scope", "1.25");
		scoped(freep) char *text = printed(&t, &plain, true, width);
		assert_non_null(strstr(text, "1.25"));
		for (char *at = text, *line; (line = strsep(&at, "\n"));)
			assert_true(text_width(line) <= width);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_wide_and_colours),
		cmocka_unit_test(test_one_long_name_pads_nobody),
		cmocka_unit_test(test_titles_follow_what_is_shown),
		cmocka_unit_test(test_what_does_not_fit_is_counted),
		cmocka_unit_test(test_every_width),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
