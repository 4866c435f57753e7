/* SPDX-License-Identifier: Apache-2.0 */
#include "vpa.h"

static double peaks(const struct vpa *v) /* their weight, of today */
{
	return v->usage.usage[VPA_MEMORY].total;
}

static int64_t largest(const struct vpa *v)
{
	return (int64_t)vpa_histogram_percentile(&v->usage.usage[VPA_MEMORY], 1);
}

/* The upper bound of the bucket that holds it. */
static int64_t shown(int64_t bytes)
{
	return (int64_t)vpa_histogram_start(VPA_MEMORY, vpa_histogram_bucket(VPA_MEMORY, (double)bytes) + 1);
}

TEST(a_cpu_sample_counts_once)
{
	struct vpa v = vpa_new();

	assert_true(vpa_cpu(&v, NOW, 100));
	assert_false(vpa_cpu(&v, NOW, 100));
	assert_false(vpa_cpu(&v, NOW - MINUTE, 100));
	assert_false(vpa_cpu(&v, NOW + MINUTE, -1));
	assert_true(vpa_cpu(&v, NOW + MINUTE, 0));
	assert_int_equal(v.usage.samples, 2);
	assert_int_equal(v.usage.first_ns, NOW);
	assert_int_equal(v.usage.last_ns, NOW + MINUTE);
	assert_float_equal(v.usage.usage[VPA_CPU].total, 0.2, 1e-3);
}

TEST(an_interval_has_one_peak)
{
	struct vpa v = vpa_new();

	assert_true(vpa_memory(&v, NOW, 300 * MIB));
	assert_true(vpa_memory(&v, NOW + MINUTE, 200 * MIB));
	assert_int_equal(largest(&v), shown(300 * MIB));
	assert_true(vpa_memory(&v, NOW + DAY - 1, 400 * MIB));
	assert_int_equal(largest(&v), shown(400 * MIB));
	assert_float_equal(peaks(&v), 1, 1e-9); /* the reference is the end of the first interval */
	assert_true(vpa_memory(&v, NOW + DAY, 100 * MIB));
	assert_float_equal(peaks(&v), 1 + 2, 1e-9);
}

TEST(days_without_samples_move_the_interval_by_whole_days)
{
	struct vpa v = vpa_new();

	vpa_memory(&v, NOW, 300 * MIB);
	vpa_memory(&v, NOW + 5 * DAY + MINUTE, 300 * MIB);
	assert_int_equal(v.container.interval_end_ns, NOW + 6 * DAY);
}

/* So does the original: what takes the place of a peak must have had one. */
TEST(a_peak_of_nothing_stays)
{
	struct vpa v = vpa_new();

	vpa_memory(&v, NOW, 0);
	vpa_memory(&v, NOW + MINUTE, 300 * MIB);
	assert_int_equal(largest(&v), shown(0));
	vpa_memory(&v, NOW + DAY, 300 * MIB);
	assert_int_equal(largest(&v), shown(300 * MIB));
}

TEST(old_memory_samples_are_discarded)
{
	struct vpa v = vpa_new();

	assert_false(vpa_memory(&v, NOW, -1));
	assert_true(vpa_memory(&v, NOW, MIB));
	assert_true(vpa_memory(&v, NOW, MIB)); /* the same time is not older */
	assert_false(vpa_memory(&v, NOW - 1, MIB));
	assert_false(vpa_memory(&v, GOTIME_ZERO, MIB));
}

TEST(someone_killed_needed_more)
{
	struct vpa v = vpa_new();

	assert_true(vpa_oom(&v, NOW, 200 * MIB));
	assert_int_equal(v.container.oom_peak, 300 * MIB); /* 100 MiB more are more than a fifth */
	assert_int_equal(largest(&v), shown(300 * MIB));
	assert_true(vpa_oom(&v, NOW + MINUTE, 1000 * MIB));
	assert_int_equal(v.container.oom_peak, 1200 * MIB);
	assert_true(vpa_oom(&v, NOW + 2 * MINUTE, 1000 * MIB)); /* does not build upon the last one */
	assert_int_equal(v.container.oom_peak, 1200 * MIB);
	assert_float_equal(peaks(&v), 1, 1e-9);
}

TEST(a_kill_counts_from_what_was_used)
{
	struct vpa v = vpa_new();

	vpa_memory(&v, NOW, 2000 * MIB);
	assert_true(vpa_oom(&v, NOW - MINUTE, 200 * MIB)); /* late, but not by an interval */
	assert_int_equal(v.container.oom_peak, 2400 * MIB);
}

TEST(an_old_kill_is_discarded)
{
	struct vpa v = vpa_new();

	vpa_memory(&v, NOW, MIB);
	assert_false(vpa_oom(&v, NOW - DAY - 1, 200 * MIB));
	assert_true(vpa_oom(&v, NOW - DAY, 200 * MIB));
	assert_false(vpa_oom(&v, GOTIME_ZERO, 200 * MIB));
}

TEST(requests_at_the_end_of_int64_stay_amounts)
{
	struct vpa v = vpa_new();

	assert_true(vpa_oom(&v, NOW, INT64_MAX));
	assert_int_equal(v.container.oom_peak, 100000000000000);
	assert_true(vpa_oom(&v, NOW, INT64_MIN));
}

TEST(a_merge_spans_both)
{
	struct vpa early = vpa_new(), late = vpa_new(), none = vpa_new();

	vpa_cpu(&early, NOW, 100);
	vpa_cpu(&late, NOW + DAY, 100);
	vpa_cpu(&late, NOW + 2 * DAY, 100);
	vpa_usage_merge(&none.usage, &late.usage);
	vpa_usage_merge(&none.usage, &early.usage);
	assert_int_equal(none.usage.first_ns, NOW);
	assert_int_equal(none.usage.last_ns, NOW + 2 * DAY);
	assert_int_equal(none.usage.samples, 3);
}

TEST(merging_nothing_keeps_the_first)
{
	struct vpa v = vpa_new(), none = vpa_new();

	vpa_cpu(&v, NOW, 100);
	vpa_usage_merge(&v.usage, &none.usage);
	assert_int_equal(v.usage.first_ns, NOW);
	assert_int_equal(v.usage.last_ns, NOW);
}

TEST(only_a_peak_that_may_grow_is_withdrawn)
{
	struct vpa v = vpa_new();

	vpa_memory(&v, NOW, 300 * MIB);
	vpa_usage_withdraw_peak(&v.container, &v.usage, NOW + DAY);
	assert_int_equal(largest(&v), shown(300 * MIB));
	vpa_usage_withdraw_peak(&v.container, &v.usage, NOW + DAY - 1);
	assert_true(vpa_histogram_is_empty(&v.usage.usage[VPA_MEMORY]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cpu_sample_counts_once),
		cmocka_unit_test(an_interval_has_one_peak),
		cmocka_unit_test(days_without_samples_move_the_interval_by_whole_days),
		cmocka_unit_test(a_peak_of_nothing_stays),
		cmocka_unit_test(old_memory_samples_are_discarded),
		cmocka_unit_test(someone_killed_needed_more),
		cmocka_unit_test(a_kill_counts_from_what_was_used),
		cmocka_unit_test(an_old_kill_is_discarded),
		cmocka_unit_test(requests_at_the_end_of_int64_stay_amounts),
		cmocka_unit_test(a_merge_spans_both),
		cmocka_unit_test(merging_nothing_keeps_the_first),
		cmocka_unit_test(only_a_peak_that_may_grow_is_withdrawn),
	};

	return cmocka_run_group_tests_name("decide/vpa_usage", tests, NULL, NULL);
}
