/* SPDX-License-Identifier: Apache-2.0 */
/* Go's answers, recorded; 2026-01-01T00:00:00Z is 1767225600 s. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decide/gotime.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define SECOND 1000000000ll
#define HOUR (3600 * SECOND)
#define YEAR_2026 (1767225600 * SECOND)

TEST(rounds_to_the_nearest_day)
{
	assert_int_equal(gotime_round(YEAR_2026, 24 * HOUR), YEAR_2026);
	assert_int_equal(gotime_round(YEAR_2026 + 1, 24 * HOUR), YEAR_2026);
	assert_int_equal(gotime_round(YEAR_2026 + 12 * HOUR - 1, 24 * HOUR), YEAR_2026);
}

TEST(half_goes_up)
{
	assert_int_equal(gotime_round(YEAR_2026 + 12 * HOUR, 24 * HOUR), YEAR_2026 + 24 * HOUR);
	assert_int_equal(gotime_round(YEAR_2026 - 12 * HOUR, 24 * HOUR), YEAR_2026);
	assert_int_equal(gotime_round(YEAR_2026 + 2, 3), YEAR_2026 + 3);
}

/* Seven hours divide neither a day nor the years before 1970. */
TEST(counts_from_the_year_1)
{
	assert_int_equal(gotime_round(YEAR_2026, 7 * HOUR), 1767218400 * SECOND);
	assert_int_equal(gotime_round(YEAR_2026 - 12 * HOUR, 7 * HOUR), 1767193200 * SECOND);
	assert_int_equal(gotime_round(-1, 7 * HOUR), -7200 * SECOND);
	assert_int_equal(gotime_round(-1, 24 * HOUR), 0);
}

TEST(never_is_before_everything)
{
	assert_int_equal(gotime_round(GOTIME_ZERO, 24 * HOUR), GOTIME_ZERO);
	assert_int_equal(gotime_add(GOTIME_ZERO, INT64_MAX), GOTIME_ZERO);
	assert_int_equal(gotime_sub(GOTIME_ZERO, GOTIME_ZERO), 0);
	assert_int_equal(gotime_sub(YEAR_2026, GOTIME_ZERO), INT64_MAX);
	assert_int_equal(gotime_sub(GOTIME_ZERO, YEAR_2026), INT64_MIN);
	assert_int_equal(gotime_sub(-YEAR_2026, GOTIME_ZERO), INT64_MAX);
}

TEST(the_ends_hold)
{
	assert_int_equal(gotime_sub(INT64_MAX, -2), INT64_MAX);
	assert_int_equal(gotime_sub(0, INT64_MAX), INT64_MIN + 1);
	assert_int_equal(gotime_sub(-3, INT64_MAX), INT64_MIN);
	assert_int_equal(gotime_add(INT64_MAX, 1), INT64_MAX);
	assert_int_equal(gotime_add(-2, INT64_MIN), INT64_MIN + 1);
	assert_int_equal(gotime_add(-1, INT64_MIN + 1), INT64_MIN + 1);
	assert_int_equal(gotime_round(INT64_MAX, 24 * HOUR), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds_to_the_nearest_day),   cmocka_unit_test(half_goes_up),
		cmocka_unit_test(counts_from_the_year_1),      cmocka_unit_test(never_is_before_everything),
		cmocka_unit_test(the_ends_hold),
	};

	return cmocka_run_group_tests_name("decide/gotime", tests, NULL, NULL);
}
