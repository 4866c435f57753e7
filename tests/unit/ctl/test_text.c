/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "ctl/text.h"

static const struct paint_style plain = {false, true}, colours = {true, true};

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(text_width("shop/api"), 8);
	assert_int_equal(text_width("naïve–"), 6);
	assert_int_equal(text_width("e\xcc\x81"), 1); /* e and a combining accent */
	assert_int_equal(text_width("日本"), 4);
	assert_int_equal(text_width(""), 0);
}

static void safe_is(const char *text, const char *wanted)
{
	scoped(buf_done) struct buf safe = {0};

	text_safe(text, &safe);
	assert_string_equal(buf_text(&safe), wanted);
}

#define X "\xef\xbf\xbd"

static void test_nothing_reaches_the_terminal(void **state)
{
	(void)state;
	safe_is("shop/api – 日本", "shop/api – 日本");
	safe_is("\033[2Jgone", X "[2Jgone");
	safe_is("a\nb\tc\r\a\b\x7f", "a" X "b" X "c" X X X X);
	safe_is("\xc2\x9b" "31m", X "31m");                        /* CSI of Latin 1 */
	safe_is("\xe2\x80\xae" "txt.exe", X "txt.exe");            /* right to left */
	safe_is("\xff\xc3", X X);                                  /* no UTF-8 */
	safe_is("\xc0\x9b", X X);                                  /* an overlong escape */
	scoped(buf_done) struct buf lines = {0};
	text_safe_lines("one\ntwo\033", &lines);
	assert_string_equal(buf_text(&lines), "one\ntwo" X);
}

static void fit_is(const char *text, int width, bool right, const char *wanted)
{
	scoped(buf_done) struct buf fit = {0};

	text_fit(text, width, right, &fit);
	assert_string_equal(buf_text(&fit), wanted);
}

static void test_fit(void **state)
{
	(void)state;
	fit_is("abc", 5, false, "abc  ");
	fit_is("abc", 5, true, "  abc");
	fit_is("abcdef", 4, false, "abc…");
	fit_is("日本語", 4, false, "日… "); /* half a character does not fit */
	fit_is("abc", 3, true, "abc");
	fit_is("abc", 1, false, "…");
	fit_is("abc", 0, false, "");
}

static const struct text_column columns[] = {
	{"NAME", false, false}, {"CPU", true, false}, {"HIDDEN", false, true}, {"LAST", false, false}};

static char *printed(struct text_table *t, const struct paint_style *s, bool headers)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	text_print(t, s, headers, f);
	fclose(f);
	return text;
}

static void add_row(struct text_table *t, const char *name, const char *cpu)
{
	text_cell(t, PAINT_PLAIN, "%s", name);
	text_cell(t, PAINT_GOOD, "%s", cpu);
	text_cell(t, PAINT_PLAIN, "x");
	text_cell(t, PAINT_PLAIN, "end");
}

static void test_break(void **state)
{
	(void)state;
	assert_int_equal(text_break("", 10, 0), 0);
	assert_int_equal(text_break("fits", 4, 0), 4);
	assert_int_equal(text_break("one two three", 7, 0), 7); /* the blank needs no room */
	assert_int_equal(text_break("one two three", 6, 0), 3);
	assert_int_equal(text_break("a 1   bb 22   c 3", 14, 0), 11); /* no pair is torn */
	assert_int_equal(text_break("unbreakable", 4, 0), 4);
	assert_int_equal(text_break("\u6f22\u5b57", 3, 0), 3); /* wide, and whole */
	assert_int_equal(text_break("\u6f22", 1, 0), 3); /* has to go on */
	assert_int_equal(text_hang("  cpu       cpu 0.02", 40), 12);
	assert_int_equal(text_hang("ok    kernel        Linux 6.18", 80), 20);
	assert_int_equal(text_hang("    memory        0%   waiting for memory", 80), 23);
	assert_int_equal(text_hang("  asked for most   cpu 85 %", 80), 19);
	assert_int_equal(text_hang("server  plimsoll", 80), 8);
	assert_int_equal(text_hang("    network      –   data lost", 80), 21); /* columns, not bytes */
	assert_int_equal(text_hang("  plain words", 40), 2);
	assert_int_equal(text_hang("  plain words  ", 40), 2);
	assert_int_equal(text_hang("", 40), 0);
	assert_int_equal(text_hang("  a-very-long-label       x", 20), 2);
}

static void wrapped_is(const char *text, int width, const char *wanted)
{
	scoped(buf_done) struct buf to = {0};

	text_wrap(text, width, &to);
	assert_string_equal(buf_text(&to), wanted);
}

static void test_wrap(void **state)
{
	(void)state;
	wrapped_is("warn  agent  one two three four\nok    kernel  Linux\n", 26,
		   "warn  agent  one two three\n             four\nok    kernel  Linux\n");
	wrapped_is("  fix: start it, then look\n\nend", 16, "  fix: start it,\n  then look\n\nend\n");
	wrapped_is("  cpu   a 1   bb 22   c 3   ", 16, "  cpu   a 1\n        bb 22\n        c 3\n");
	wrapped_is("see /a/very/long/path here", 10, "see\n/a/very/long/path\nhere\n"); /* copied as one */
	wrapped_is("a /a/very/long/path", 1, "a\n/a/very/long/path\n");
	wrapped_is("as it is  \n   and wide", 0, "as it is  \n   and wide\n");
	wrapped_is("", 10, "");
	wrapped_is("", 0, "");
}

static void test_table(void **state)
{
	scoped(text_done) struct text_table t = {0};

	(void)state;
	text_begin(&t, columns, 4, false);
	add_row(&t, "nä", "1.25");
	add_row(&t, "b\033[m", "10");
	scoped(freep) char *first = printed(&t, &plain, true);
	assert_string_equal(first, "NAME    CPU   LAST\n"
				   "nä     1.25   end\n"
				   "b" X "[m     10   end\n");
	/* A later table keeps the columns' places and has no titles. */
	add_row(&t, "c", "3");
	scoped(freep) char *second = printed(&t, &plain, true);
	assert_string_equal(second, "c         3   end\n");
}

static void test_wide_and_colours(void **state)
{
	scoped(text_done) struct text_table t = {0};

	(void)state;
	text_begin(&t, columns, 4, true);
	add_row(&t, "a", "1");
	scoped(freep) char *text = printed(&t, &colours, false);
	assert_string_equal(text, "a        \033[32m1\033[0m   x        end\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_nothing_reaches_the_terminal),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_wide_and_colours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
