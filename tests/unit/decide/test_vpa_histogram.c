/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said by hand; tests/vectors compares with the original, bit by bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "decide/vpa_histogram.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define DAY (24 * 3600 * 1000000000ll)
#define NOW (1767225600 * 1000000000ll) /* 2026-01-01, a whole number of days since the year 1 */

static struct vpa_histogram empty(int64_t half_life_ns)
{
	struct vpa_histogram h;

	vpa_histogram_init(&h, VPA_CPU, half_life_ns);
	return h;
}

static void same(double got, double expected)
{
	if (memcmp(&got, &expected, sizeof(got)))
		fail_msg("%.17g instead of %.17g", got, expected);
}

/* 0.01, then 5 % wider each: 0.01, 0.0205, 0.031525, … */
TEST(buckets_grow_by_a_twentieth)
{
	same(vpa_histogram_start(VPA_CPU, 0), 0);
	assert_float_equal(vpa_histogram_start(VPA_CPU, 1), 0.01, 1e-15);
	assert_float_equal(vpa_histogram_start(VPA_CPU, 2), 0.0205, 1e-15);
	assert_float_equal(vpa_histogram_start(VPA_MEMORY, 3), 31525000, 1e-6);
	assert_true(vpa_histogram_start(VPA_CPU, VPA_BUCKETS - 2) < 1000);
	assert_true(vpa_histogram_start(VPA_CPU, VPA_BUCKETS - 1) >= 1000);
}

TEST(every_value_has_a_bucket)
{
	assert_int_equal(vpa_histogram_bucket(VPA_CPU, 0), 0);
	assert_int_equal(vpa_histogram_bucket(VPA_CPU, 0.00999), 0);
	assert_int_equal(vpa_histogram_bucket(VPA_CPU, 0.01), 1);
	assert_int_equal(vpa_histogram_bucket(VPA_CPU, 1e300), VPA_BUCKETS - 1);
	assert_int_equal(vpa_histogram_bucket(VPA_CPU, INFINITY), VPA_BUCKETS - 1);
	assert_int_equal(vpa_histogram_bucket(VPA_CPU, NAN), 0);
	assert_int_equal(vpa_histogram_bucket(VPA_CPU, -1), 0);
	for (int i = 1; i < VPA_BUCKETS; i++) {
		double start = vpa_histogram_start(VPA_MEMORY, i);

		assert_int_equal(vpa_histogram_bucket(VPA_MEMORY, start * (1 + 1e-9)), i);
		assert_int_equal(vpa_histogram_bucket(VPA_MEMORY, start * (1 - 1e-9)), i - 1);
	}
}

TEST(a_percentile_is_the_end_of_its_bucket)
{
	struct vpa_histogram h = empty(0);

	same(vpa_histogram_percentile(&h, 0.5), 0);
	vpa_histogram_add(&h, 0.015, 9, NOW);
	vpa_histogram_add(&h, 5000, 1, NOW);
	same(vpa_histogram_percentile(&h, 0.9), vpa_histogram_start(VPA_CPU, 2));
	same(vpa_histogram_percentile(&h, 0.91), vpa_histogram_start(VPA_CPU, VPA_BUCKETS - 1));
}

/* Two half-lives later one sample outweighs three old ones. */
TEST(old_samples_fade)
{
	struct vpa_histogram h = empty(DAY);

	vpa_histogram_add(&h, 1, 3, NOW);
	vpa_histogram_add(&h, 2, 1, NOW + 2 * DAY);
	same(h.total, 7);
	assert_true(vpa_histogram_percentile(&h, 0.5) > 2);
}

TEST(the_reference_moves_before_weights_overflow)
{
	struct vpa_histogram h = empty(DAY);

	vpa_histogram_add(&h, 1, 1, NOW);
	assert_int_equal(h.reference_ns, NOW);
	vpa_histogram_add(&h, 1, 1, NOW + 100 * DAY);
	assert_int_equal(h.reference_ns, NOW);
	same(h.total, 1 + 0x1p100);
	vpa_histogram_add(&h, 2, 1, NOW + 100 * DAY + 1); /* 100 half-lives, and a bit */
	assert_int_equal(h.reference_ns, NOW + 100 * DAY);
	assert_float_equal(h.total, 2, 1e-12);
}

TEST(what_is_subtracted_is_gone)
{
	struct vpa_histogram h = empty(DAY);

	vpa_histogram_add(&h, 1, 1, NOW);
	vpa_histogram_add(&h, 3, 1, NOW);
	vpa_histogram_subtract(&h, 3, 1, NOW);
	assert_true(vpa_histogram_percentile(&h, 1) < 1.1);
	vpa_histogram_subtract(&h, 1, 0.99995, NOW); /* less than epsilon is left: nothing */
	assert_true(vpa_histogram_is_empty(&h));
	vpa_histogram_subtract(&h, 1, 5, NOW);
	same(h.total, 0);
}

TEST(a_merge_aligns_both)
{
	struct vpa_histogram a = empty(DAY), b = empty(DAY);

	vpa_histogram_add(&a, 1, 8, NOW);
	vpa_histogram_add(&b, 2, 1, NOW + 3 * DAY);
	vpa_histogram_merge(&b, &a);
	assert_int_equal(a.reference_ns, NOW + 3 * DAY);
	same(a.total, 1);
	same(b.total, 2);
	assert_int_equal(b.least, vpa_histogram_bucket(VPA_CPU, 1));
	assert_int_equal(b.most, vpa_histogram_bucket(VPA_CPU, 2));
}

TEST(a_checkpoint_keeps_shares)
{
	struct vpa_histogram h = empty(DAY), again = empty(DAY);
	struct vpa_histogram_checkpoint c, twice;

	vpa_histogram_add(&h, 1, 3, NOW);
	vpa_histogram_add(&h, 2, 1, NOW);
	vpa_histogram_add(&h, 3, 0.0001, NOW); /* a third of a ten-thousandth: rounds to nothing */
	vpa_histogram_save(&h, &c);
	assert_int_equal(c.weight[vpa_histogram_bucket(VPA_CPU, 1)], VPA_CHECKPOINT_MOST);
	assert_int_equal(c.weight[vpa_histogram_bucket(VPA_CPU, 2)], 3333);
	assert_int_equal(c.weight[vpa_histogram_bucket(VPA_CPU, 3)], 0);
	assert_int_equal(vpa_histogram_load(&again, &c), 0);
	same(again.total, h.total);
	assert_int_equal(again.reference_ns, NOW);
	vpa_histogram_save(&again, &twice);
	assert_memory_equal(&twice, &c, sizeof(c)); /* what was lost once is not lost again */
}

/* kubernetes/autoscaler issue 7726: a bucket of just epsilon comes back as a share of a little less. */
TEST(a_bucket_that_rounding_empties_does_not_empty_all)
{
	struct vpa_histogram h = empty(0), again = empty(0);
	struct vpa_histogram_checkpoint c;

	vpa_histogram_add(&h, 1, VPA_EPSILON, NOW);
	vpa_histogram_add(&h, 2, 0.99, NOW);
	vpa_histogram_save(&h, &c);
	assert_int_equal(vpa_histogram_load(&again, &c), 0);
	assert_true(again.weight[vpa_histogram_bucket(VPA_CPU, 1)] < VPA_EPSILON);
	assert_false(vpa_histogram_is_empty(&again));
	same(vpa_histogram_percentile(&again, 0.5), vpa_histogram_percentile(&h, 0.5));
}

TEST(an_empty_checkpoint_stays_empty)
{
	struct vpa_histogram h = empty(DAY), again = empty(DAY);
	struct vpa_histogram_checkpoint c;

	vpa_histogram_save(&h, &c);
	assert_int_equal(vpa_histogram_load(&again, &c), 0);
	assert_memory_equal(&again, &h, sizeof(h));
}

TEST(an_impossible_checkpoint_is_refused)
{
	static const double impossible[] = {-1, NAN, INFINITY};
	struct vpa_histogram before = empty(DAY), h = before;

	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		struct vpa_histogram_checkpoint c = {.total = impossible[i], .weight = {1}};

		assert_int_equal(vpa_histogram_load(&h, &c), -EINVAL);
		assert_memory_equal(&h, &before, sizeof(h));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_grow_by_a_twentieth),
		cmocka_unit_test(every_value_has_a_bucket),
		cmocka_unit_test(a_percentile_is_the_end_of_its_bucket),
		cmocka_unit_test(old_samples_fade),
		cmocka_unit_test(the_reference_moves_before_weights_overflow),
		cmocka_unit_test(what_is_subtracted_is_gone),
		cmocka_unit_test(a_merge_aligns_both),
		cmocka_unit_test(a_checkpoint_keeps_shares),
		cmocka_unit_test(a_bucket_that_rounding_empties_does_not_empty_all),
		cmocka_unit_test(an_empty_checkpoint_stays_empty),
		cmocka_unit_test(an_impossible_checkpoint_is_refused),
	};

	return cmocka_run_group_tests_name("decide/vpa_histogram", tests, NULL, NULL);
}
