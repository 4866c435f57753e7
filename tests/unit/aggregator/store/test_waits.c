/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/waits.h"
#include "fleet.h"

static uint64_t recent(struct waits *w, uint32_t period, unsigned bucket)
{
	uint64_t hist[HIST_BUCKETS] = { 0 };

	waits_add_recent(w, period, hist);
	return hist[bucket];
}

static void only_the_last_periods_count(void **state)
{
	struct waits w = { 0 };

	(void)state;
	assert_int_equal(waits_put(&w, 7, 20, 1000, true), 0);
	assert_int_equal(recent(&w, 7, 20), 0);
	waits_put(&w, 7, 20, 1010, false);
	waits_put(&w, 7, 5, 3, false);   /* widens downwards */
	waits_put(&w, 7, 47, 1, false);  /* and upwards */
	assert_int_equal(recent(&w, 7, 20), 10);
	assert_int_equal(recent(&w, 7, 5), 3);
	assert_int_equal(recent(&w, 7, 47), 1);
	assert_int_equal(recent(&w, 8, 20), 10);
	waits_put(&w, 8, 20, 1015, false);
	assert_int_equal(recent(&w, 8, 20), 15);
	assert_int_equal(recent(&w, 9, 20), 5);
	assert_int_equal(recent(&w, 11, 20), 0);
	waits_done(&w);
}

static void counts_wrap(void **state)
{
	struct waits w = { 0 };

	(void)state;
	waits_put(&w, 1, 3, UINT32_MAX - 4, true);
	waits_put(&w, 1, 3, 5, false);
	assert_int_equal(recent(&w, 1, 3), 10);
	waits_done(&w);
}

static void a_new_epoch_begins_at_zero(void **state)
{
	struct waits w = { 0 };

	(void)state;
	waits_put(&w, 1, 3, 500, true);
	waits_begin(&w);
	waits_told(&w);
	waits_put(&w, 1, 3, 2, false);
	assert_int_equal(recent(&w, 1, 3), 2);
	waits_done(&w);
}

static void in_mid_stream_the_first_count_is_a_life(void **state)
{
	struct waits w = { 0 };

	(void)state;
	waits_put(&w, 1, 3, 500, true);
	waits_put(&w, 1, 9, 70, true);
	waits_begin(&w);
	waits_put(&w, 1, 3, 502, false);
	assert_int_equal(recent(&w, 1, 3), 0);
	waits_put(&w, 1, 3, 503, false);
	waits_put(&w, 1, 9, 71, false);
	assert_int_equal(recent(&w, 1, 3), 1);
	assert_int_equal(recent(&w, 1, 9), 0);
	waits_told(&w);
	waits_put(&w, 1, 20, 6, false); /* it was 0 */
	assert_int_equal(recent(&w, 1, 20), 6);
	waits_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_last_periods_count),
		cmocka_unit_test(counts_wrap),
		cmocka_unit_test(a_new_epoch_begins_at_zero),
		cmocka_unit_test(in_mid_stream_the_first_count_is_a_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
