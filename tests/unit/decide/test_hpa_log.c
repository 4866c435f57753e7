/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))

TEST(a_place_is_reused_or_added)
{
	struct hpa_log_entry room[3];
	struct hpa_log l = {.entry = room, .room = 3};

	hpa_log_store(&l, SIZE_MAX, 10, 1);
	hpa_log_store(&l, SIZE_MAX, 20, 2);
	hpa_log_store(&l, 0, 30, 3);
	assert_int_equal(l.n, 2);
	assert_int_equal(room[0].replicas, 3);
	assert_int_equal(room[1].replicas, 2);
	assert_int_equal(l.dropped, 0);
}

TEST(a_full_log_gives_up_its_oldest_and_counts_it)
{
	struct hpa_log_entry room[2];
	struct hpa_log l = {.entry = room, .room = 2};

	hpa_log_store(&l, SIZE_MAX, 20, 2);
	hpa_log_store(&l, SIZE_MAX, 10, 1);
	hpa_log_store(&l, SIZE_MAX, 30, 3);
	assert_int_equal(l.n, 2);
	assert_int_equal(room[0].replicas, 2);
	assert_int_equal(room[1].replicas, 3);
	assert_int_equal(l.dropped, 1);
}

TEST(only_what_is_younger_than_the_period_counts)
{
	struct hpa_log_entry room[3];
	struct hpa_log l = {.entry = room, .room = 3};

	hpa_log_store(&l, SIZE_MAX, 0, 1);
	hpa_log_store(&l, SIZE_MAX, 1, 2);
	hpa_log_store(&l, SIZE_MAX, 2, INT32_MAX);
	assert_int_equal(hpa_log_sum(&l, 10, 10), INT32_MIN + 1); /* wraps; the one of exactly 10 is out */
	assert_int_equal(hpa_log_sum(&l, 10, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_reused_or_added),
		cmocka_unit_test(a_full_log_gives_up_its_oldest_and_counts_it),
		cmocka_unit_test(only_what_is_younger_than_the_period_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
