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

static char *folded(struct table *t, bool headers, int width)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	table_fold(t, &plain, headers, width, f);
	fclose(f);
	return text;
}

static const struct table_column places[] = {
	{"PLACE", TABLE_WORD, 8, true},
	{"NAME", TABLE_NAME, 0, false, true},
	{"CPU", TABLE_NUMBER, 0, false},
	{"HIDDEN", TABLE_NUMBER, 3, true},
};

static void add_place(struct table *t, const char *place, const char *name)
{
	table_cell(t, PAINT_PLAIN, "%s", place);
	table_cell(t, PAINT_PLAIN, "%s", name);
	table_cell(t, PAINT_PLAIN, "1.25");
	table_cell(t, PAINT_PLAIN, "7");
}

/* Each column once, each block begins with the name; one block looks as on paper. */
static void test_what_does_not_fit_follows_below(void **state)
{
	scoped(table_done) struct table t = {0};

	(void)state;
	table_begin(&t, places, 4, true);
	add_place(&t, "here", "a");
	add_place(&t, "there", "bcd");
	scoped(freep) char *two = folded(&t, true, 20);
	assert_string_equal(two, "NAME   PLACE    CPU\n"
				 "a      here    1.25\n"
				 "bcd    there   1.25\n\n"
				 "NAME   HIDDEN\n"
				 "a           7\n"
				 "bcd         7\n");
	add_place(&t, "here", "a");
	scoped(freep) char *bare = folded(&t, false, 20);
	assert_string_equal(bare, "a      here    1.25\n\na           7\n");
}

static void test_what_fits_is_one_table(void **state)
{
	(void)state;
	for (int width = 0; width <= 28; width += 28) {
		scoped(table_done) struct table t = {0};

		table_begin(&t, places, 4, true);
		add_place(&t, "here", "abcd");
		scoped(freep) char *one = folded(&t, true, width);
		assert_string_equal(one, "PLACE   NAME    CPU   HIDDEN\nhere    abcd   1.25        7\n");
	}
}

/* Of a name that is longer than a third of the screen both ends are in each block. */
static void test_a_long_name_leaves_room(void **state)
{
	scoped(table_done) struct table t = {0};

	(void)state;
	table_begin(&t, places, 4, true);
	add_place(&t, "here", "shop/web-with-a-very-long-name-x2x4q");
	scoped(freep) char *text = folded(&t, false, 36);
	assert_string_equal(text, "shop/web-w…ame-x2x4q   here    1.25\n\n"
				  "shop/web-w…ame-x2x4q        7\n");
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
		cmocka_unit_test(test_what_does_not_fit_follows_below),
		cmocka_unit_test(test_what_fits_is_one_table),
		cmocka_unit_test(test_a_long_name_leaves_room),
		cmocka_unit_test(test_every_width),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
