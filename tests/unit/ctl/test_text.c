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

static void fit_is(const char *text, int width, enum text_how how, const char *wanted)
{
	scoped(buf_done) struct buf fit = {0};

	text_fit(text, width, how, &fit);
	assert_string_equal(buf_text(&fit), wanted);
}

static void test_fit(void **state)
{
	(void)state;
	fit_is("abc", 5, TEXT_END, "abc  ");
	fit_is("abc", 5, TEXT_RIGHT, "  abc");
	fit_is("abcdef", 4, TEXT_END, "abc…");
	fit_is("日本語", 4, TEXT_END, "日… "); /* half a character does not fit */
	fit_is("abc", 3, TEXT_RIGHT, "abc");
	fit_is("abc", 1, TEXT_END, "…");
	fit_is("abc", 0, TEXT_END, "");
	fit_is("", 2, TEXT_END, "  ");
	fit_is("cpu 117 % > 60 %", 14, TEXT_END, "cpu 117 % > … "); /* not > 6 */
	fit_is("cpu 117 % > 60 %", 15, TEXT_END, "cpu 117 % > 60…");
	fit_is("x 1.25", 5, TEXT_END, "x …  ");
	fit_is("abcdef", 5, TEXT_ASCII, "ab...");
	fit_is("abcdef", 2, TEXT_ASCII, "..");
	fit_is("6→8, – of ä", 11, TEXT_ASCII, "6>8, - of ä");
}

static void test_the_middle_goes(void **state)
{
	(void)state;
	fit_is("shop/web-7d9f-x2x4q", 19, TEXT_MIDDLE, "shop/web-7d9f-x2x4q");
	fit_is("shop/web-7d9f-x2x4q", 10, TEXT_MIDDLE, "shop/…2x4q");
	fit_is("shop/web-7d9f-x2x4q", 9, TEXT_MIDDLE, "shop…2x4q");
	fit_is("shop/web-7d9f-x2x4q", 9, TEXT_MIDDLE | TEXT_ASCII, "sho...x4q");
	fit_is("abc", 2, TEXT_MIDDLE, "a…");
	fit_is("abc", 1, TEXT_MIDDLE | TEXT_RIGHT, "…");
	fit_is("日本語版名前", 8, TEXT_MIDDLE, "日本…前 ");
	fit_is("ab e\xcc\x81z", 3, TEXT_MIDDLE, "a…z"); /* no accent without its letter */
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
	assert_int_equal(text_hang("  cause: it is neither", 80), 9);
	assert_int_equal(text_hang("warn  agent         says: no slot", 80), 26);
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
	wrapped_is("  fix: start it, then look\n\nend", 16, "  fix: start it,\n       then look\n\nend\n");
	wrapped_is("  cpu   a 1   bb 22   c 3   ", 16, "  cpu   a 1\n        bb 22\n        c 3\n");
	wrapped_is("see /a/very/long/path here", 10, "see\n/a/very/long/path\nhere\n"); /* copied as one */
	wrapped_is("a /a/very/long/path", 1, "a\n/a/very/long/path\n");
	wrapped_is("fix: take /a/path/of/18/more now", 20, "fix: take\n  /a/path/of/18/more\n     now\n");
	wrapped_is("as it is  \n   and wide", 0, "as it is  \n   and wide\n");
	wrapped_is("", 10, "");
	wrapped_is("", 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_nothing_reaches_the_terminal),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_the_middle_goes),
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_wrap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
