/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/types.h>

#include "base/hist.h"
#include "bpf/hist.h"

static void known_buckets(void **state)
{
	(void)state;
	assert_int_equal(hist_bucket(0), 0);
	assert_int_equal(hist_bucket(999), 0);
	assert_int_equal(hist_bucket(1000), 1);
	assert_int_equal(hist_bucket(1499), 1);
	assert_int_equal(hist_bucket(1500), 2);
	assert_int_equal(hist_bucket(2000), 3);
	assert_int_equal(hist_bucket(2999), 3);
	assert_int_equal(hist_bucket(3000), 4);
	assert_int_equal(hist_bucket(1024000), 21);
	assert_int_equal(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
}

/* Both bounds of every bucket fall where the header says, and buckets leave no hole. */
static void bounds_meet(void **state)
{
	(void)state;
	for (unsigned b = 0; b < HIST_BUCKETS - 1; b++) {
		assert_int_equal(hist_bucket(hist_lower_ns(b)), b);
		assert_int_equal(hist_bucket(hist_upper_ns(b) - 1), b);
		assert_true(hist_upper_ns(b) == hist_lower_ns(b + 1));
		if (b)
			assert_true(hist_upper_ns(b) * 2 <= hist_lower_ns(b) * 3);
	}
	assert_true(hist_upper_ns(HIST_BUCKETS - 1) == UINT64_MAX);
	assert_true(hist_upper_ns(HIST_BUCKETS + 9) == UINT64_MAX);
}

static void deltas_survive_wrapping(void **state)
{
	(void)state;
	uint32_t now[HIST_BUCKETS] = { 0 }, then[HIST_BUCKETS] = { 0 };
	uint64_t sum[HIST_BUCKETS] = { 0 };

	then[3] = UINT32_MAX - 1;
	now[3] = 3;
	hist_add(now, 0);
	hist_add_delta(sum, now, then);
	hist_add_delta(sum, now, then);
	assert_int_equal(sum[3], 10);
	assert_int_equal(sum[0], 2);
}

static void empty_has_no_quantile(void **state)
{
	(void)state;
	uint64_t buckets[HIST_BUCKETS] = { 0 }, ns = 4711;

	assert_int_equal(hist_quantile(buckets, 0.5, &ns), -ENODATA);
	assert_int_equal(ns, 4711);
}

static uint64_t quantile(const uint64_t *buckets, double q)
{
	uint64_t ns = 0;

	assert_int_equal(hist_quantile(buckets, q, &ns), 0);
	return ns;
}

static void quantiles_are_linear_inside(void **state)
{
	(void)state;
	uint64_t buckets[HIST_BUCKETS] = { 0 };

	buckets[3] = 10; /* 2 … 3 us */
	assert_int_equal(quantile(buckets, 0), 2000);
	assert_int_equal(quantile(buckets, 0.5), 2500);
	assert_int_equal(quantile(buckets, 1), 3000);
	buckets[9] = 10; /* 16 … 24 us */
	assert_int_equal(quantile(buckets, 0.5), 3000);
	assert_int_equal(quantile(buckets, 0.75), 20000);
}

static void quantile_edges(void **state)
{
	(void)state;
	uint64_t buckets[HIST_BUCKETS] = { 0 };

	buckets[HIST_BUCKETS - 1] = 5; /* no upper bound: its lower one, never infinity */
	assert_true(quantile(buckets, 0.99) == hist_lower_ns(HIST_BUCKETS - 1));
	buckets[0] = 5;
	assert_int_equal(quantile(buckets, -3), 0);
	assert_int_equal(quantile(buckets, NAN), 0);
	assert_int_equal(quantile(buckets, 0.5), 1000);
	assert_true(quantile(buckets, 7) == hist_lower_ns(HIST_BUCKETS - 1));
}

static void quantiles_rise(void **state)
{
	(void)state;
	uint64_t buckets[HIST_BUCKETS], before = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		buckets[i] = (uint64_t)(i * 7919) % 13;
	for (int i = 0; i <= 1000; i++) {
		uint64_t ns = quantile(buckets, i / 1000.0);

		assert_true(ns >= before);
		before = ns;
	}
}

/* bpf/hist.h has another way to the same bucket. */
static void kernel_programs_find_the_same(void **state)
{
	(void)state;
	for (unsigned b = 0; b < HIST_BUCKETS - 1; b++) {
		assert_int_equal(bucket_of(hist_lower_ns(b)), b);
		assert_int_equal(bucket_of(hist_upper_ns(b) - 1), b);
	}
	for (uint64_t ns = 1; ns < 1ull << 40; ns += ns / 977 + 1)
		assert_int_equal(bucket_of(ns), hist_bucket(ns));
	assert_int_equal(bucket_of(UINT64_MAX), HIST_BUCKETS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_buckets),
		cmocka_unit_test(bounds_meet),
		cmocka_unit_test(deltas_survive_wrapping),
		cmocka_unit_test(empty_has_no_quantile),
		cmocka_unit_test(quantiles_are_linear_inside),
		cmocka_unit_test(quantile_edges),
		cmocka_unit_test(quantiles_rise),
		cmocka_unit_test(kernel_programs_find_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
