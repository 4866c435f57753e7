/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/delays.h"
#include "base/clock.h"

#define MS CLOCK_NS_PER_MS
#define S  CLOCK_NS_PER_S

static uint64_t take_many(struct delays *d, int n, uint64_t gap_ns)
{
	uint64_t skipped = 0;

	for (int i = 0; i < n; i++)
		skipped += delays_take(d, gap_ns, S);
	return skipped;
}

static void a_tenth_of_the_interval_is_borne(void **state)
{
	struct delays d = {0};
	struct probe_notice n;

	(void)state;
	assert_int_equal(take_many(&d, DELAYS_LOOKED, S + S / DELAYS_PART), 0);
	assert_false(delays_last(&d));
	assert_false(delays_notice(&d, &n));
	assert_int_equal(delays_take(&d, S + S / DELAYS_PART + 1, S), 0);
	assert_true(delays_last(&d));
}

static void one_late_sample_is_no_notice_many_are(void **state)
{
	struct delays d = {0};
	struct probe_notice n;

	(void)state;
	take_many(&d, DELAYS_MANY - 1, S + 200 * MS);
	assert_false(delays_notice(&d, &n));
	take_many(&d, 1, S + 200 * MS);
	assert_true(delays_notice(&d, &n));
	assert_string_equal(n.id, "delays");
	assert_string_equal(n.level, "warn");
	assert_non_null(strstr(n.text, "7 of the last 64 samples were late by more than 1/10 of the interval"));
	assert_in_range(strlen(n.text), 40, sizeof(n.text) - 2);
	assert_non_null(strstr(n.fix, "CPUWeight="));
}

static void it_is_over_after_enough_punctual_ones(void **state)
{
	struct delays d = {0};
	struct probe_notice n;

	(void)state;
	take_many(&d, DELAYS_MANY, S + 200 * MS);
	take_many(&d, DELAYS_LOOKED - DELAYS_MANY, S);
	assert_true(delays_notice(&d, &n));
	take_many(&d, 1, S);
	assert_false(delays_notice(&d, &n));
}

/* A wake-up that is late is followed by one that seems early. */
static void what_should_have_been_in_between_is_skipped(void **state)
{
	struct delays d = {0};

	(void)state;
	assert_int_equal(delays_take(&d, S + 500 * MS, S), 0);
	assert_int_equal(delays_take(&d, 500 * MS, S), 0);
	assert_int_equal(delays_take(&d, S + 501 * MS, S), 1);
	assert_int_equal(delays_take(&d, 10 * S, S), 9);
	assert_int_equal(delays_take(&d, 350 * MS, 100 * MS), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tenth_of_the_interval_is_borne),
		cmocka_unit_test(one_late_sample_is_no_notice_many_are),
		cmocka_unit_test(it_is_over_after_enough_punctual_ones),
		cmocka_unit_test(what_should_have_been_in_between_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
