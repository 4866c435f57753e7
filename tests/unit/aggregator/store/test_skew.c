/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/skew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S CLOCK_NS_PER_S
#define MS (S / 1000)

static clock_boot_t at(uint64_t ns)
{
	return (clock_boot_t){ns};
}

static void the_fastest_message_tells_the_difference(void **unused)
{
	struct skew s = {0};

	(void)unused;
	skew_learn(&s, 5 * S, at(105 * S + 40 * MS));
	assert_int_equal(skew_map(&s, 6 * S), 106 * S + 40 * MS);
	skew_learn(&s, 6 * S, at(106 * S + 2 * MS));
	assert_int_equal(skew_map(&s, 7 * S), 107 * S + 2 * MS);
	skew_learn(&s, 6 * S + 1, at(106 * S + 90 * MS)); /* late: nothing learnt */
	assert_int_equal(skew_map(&s, 7 * S), 107 * S + 2 * MS);
}

static void it_leaks_no_faster_than_a_clock_drifts(void **unused)
{
	struct skew s = {0};

	(void)unused;
	skew_learn(&s, 5 * S, at(105 * S));
	skew_learn(&s, 1005 * S, at(1105 * S + 600 * MS)); /* 600 us a second slower: more than any clock drifts */
	assert_int_equal(skew_map(&s, 1005 * S), 1105 * S + (1000 * S + 600 * MS) / 1000000 * SKEW_DRIFT_PPM);
}

static void a_clock_ahead_of_ours_maps_to_no_time_before_the_first(void **unused)
{
	struct skew s = {0};

	(void)unused;
	skew_learn(&s, 500 * S, at(10 * S));
	assert_int_equal(skew_map(&s, 501 * S), 11 * S);
	assert_int_equal(skew_map(&s, 1 * S), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fastest_message_tells_the_difference),
		cmocka_unit_test(it_leaks_no_faster_than_a_clock_drifts),
		cmocka_unit_test(a_clock_ahead_of_ours_maps_to_no_time_before_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
