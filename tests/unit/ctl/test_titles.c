/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/titles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <ctype.h>

#include "base/scope.h"
#include "ctl/column.h"

static void says(const char *title, const char *wanted)
{
	scoped(buf_done) struct buf text = {0}, line = {0};

	assert_true(titles_one(title, &text));
	for (const char *c = buf_text(&text); *c; c++)
		if (!isspace((unsigned char)*c))
			buf_printf(&line, "%c", *c);
		else if (!isspace((unsigned char)c[1]))
			buf_printf(&line, " ");
	if (!strstr(buf_text(&line), wanted))
		fail_msg("%s: %s", title, buf_text(&line));
}

static void what_it_is_made_of(void **unused)
{
	(void)unused;
	says("OF PERIODS", "growth of cpu_throttled_periods ÷ growth of cpu_periods");
	says("of periods", "Periods in which a quota ran out.");
	says("cpu limit", "cpu_quota_seconds ÷ cpu_period_seconds, in cores");
	says("io mean", "growth of io_seconds ÷ growth of io_reads + io_writes");
	says("wait p99", "runq_wait: 99 % of");
	says("by cpu-throttle", "held back so, 0 to 100 %: ready to run, but the CPU quota was used up");
	says("what helps", "a higher limit");
}

static void no_title(void **unused)
{
	scoped(buf_done) struct buf text = {0};

	(void)unused;
	assert_false(titles_one("of", &text));
	assert_false(titles_one("by", &text));
	assert_false(titles_one("", &text));
	assert_int_equal(text.size, 0);
}

static void nearest_is(const char *title, const char *wanted)
{
	scoped(buf_done) struct buf near = {0};

	assert_int_equal(titles_nearest(title, &near), *wanted != 0);
	assert_string_equal(buf_text(&near), wanted);
}

static void the_nearest(void **unused)
{
	(void)unused;
	nearest_is("of period", "of periods");
	nearest_is("Saturatoin", "saturation");
	nearest_is("by cpu-trottle", "by cpu-throttle");
	nearest_is("xyzzy", "");
}

static void all_has_each(void **unused)
{
	scoped(buf_done) struct buf all = {0};

	(void)unused;
	titles_all(&all);
	for (size_t i = 0; i < column_n; i++) {
		scoped(buf_done) struct buf one = {0}, head = {0};

		assert_true(titles_one(column_table[i].title, &one));
		buf_printf(&head, "\n%.*s\n", (int)strcspn(buf_text(&one), "\n"), buf_text(&one));
		if (!strstr(buf_text(&all), buf_text(&head)))
			fail_msg("it lacks %s", buf_text(&head));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_is_made_of),
		cmocka_unit_test(no_title),
		cmocka_unit_test(the_nearest),
		cmocka_unit_test(all_has_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
