/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/measure.h"

#include "scene.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct verdict_metric measured(struct scene *s, uint32_t current)
{
	struct verdict_metric m;

	measure(&s->policy, 0, &s->view, current, 0, &m);
	return m;
}

TEST(says_what_it_stands_on)
{
	struct scene *s = scene_new();
	struct verdict_metric m;

	scene_add(s, 700)->sample_age_ns = 2 * SECOND;
	scene_add(s, 500);
	scene_add_missing(s);
	m = measured(s, 3);
	assert_true(m.known);
	assert_int_equal(m.measured, 2);
	assert_int_equal(m.missing, 1);
	assert_int_equal(m.sum_milli, 1200);
	assert_int_equal(m.request_milli, 2000);
	assert_int_equal(m.value_percent, 60); /* 1200 / 2000 */
	assert_int_equal(m.target_percent, 50);
	assert_int_equal(m.imputed_percent, 40); /* 1200 / 3000: the missing one at nothing */
	assert_int_equal(m.oldest_ns, 2 * SECOND);
}

/* 599 + 599 + 599 = 1797 of 3000 = 59.9 % */
TEST(truncates_the_value)
{
	struct scene *s = scene_new();

	scene_fill(s, 3, 599);
	assert_int_equal(measured(s, 3).value_percent, 59);
	assert_int_equal(measured(s, 3).asks, 4); /* ceil(3 x 59 / 50 = 3.54) */
}

TEST(rounds_replicas_up)
{
	struct scene *s = scene_new();

	scene_fill(s, 5, 600);
	assert_int_equal(measured(s, 5).asks, 6); /* 5 x 60 / 50 = 6, no more */
	s->replica[0].cpu_milli += 50;
	assert_int_equal(measured(s, 5).asks, 7); /* 3050 / 5000 = 61; 5 x 61 / 50 = 6.1 */
}

/* 50 % +- 10 % of it: 45 … 55, both ends inside. */
TEST(leaves_alone_what_is_within_tolerance)
{
	struct scene *s = scene_new();

	scene_fill(s, 10, 550);
	assert_int_equal(measured(s, 10).asks, 10);
	scene_empty(s);
	scene_fill(s, 10, 450);
	assert_int_equal(measured(s, 10).asks, 10);
	scene_empty(s);
	scene_fill(s, 10, 560);
	assert_int_equal(measured(s, 10).asks, 12); /* ceil(10 x 56 / 50 = 11.2) */
	scene_empty(s);
	scene_fill(s, 10, 449);
	assert_int_equal(measured(s, 10).asks, 9); /* ceil(10 x 44 / 50 = 8.8) */
}

/* 55.9 % is seen as 55 %. */
TEST(truncates_before_it_tolerates)
{
	struct scene *s = scene_new();

	scene_fill(s, 10, 559);
	assert_int_equal(measured(s, 10).asks, 10);
}

TEST(tolerates_nothing_at_tolerance_0)
{
	struct scene *s = scene_new();

	s->policy.tolerance_permille = 0;
	scene_fill(s, 10, 500);
	assert_int_equal(measured(s, 10).asks, 10);
	scene_empty(s);
	scene_fill(s, 10, 510);
	assert_int_equal(measured(s, 10).asks, 11); /* ceil(10.2) */
	scene_empty(s);
	scene_fill(s, 10, 490);
	assert_int_equal(measured(s, 10).asks, 10); /* ceil(9.8) */
}

/* The load is on the replicas that are there, however many were ordered. */
TEST(multiplies_live_replicas)
{
	struct scene *s = scene_new();

	scene_fill(s, 4, 1000);
	assert_int_equal(measured(s, 6).asks, 8); /* 4 x 100 / 50 */
	scene_empty(s);
	scene_fill(s, 4, 500);
	assert_int_equal(measured(s, 6).asks, 6); /* within tolerance: what there is */
}

TEST(takes_missing_for_idle_when_growing)
{
	struct scene *s = scene_new();

	scene_fill(s, 3, 1000);
	scene_add_missing(s);
	assert_int_equal(measured(s, 4).imputed_percent, 75); /* 3000 / 4000 */
	assert_int_equal(measured(s, 4).asks, 6);             /* 4 x 75 / 50 */
}

TEST(takes_missing_for_full_when_shrinking)
{
	struct scene *s = scene_new();

	scene_fill(s, 3, 100);
	scene_add_missing(s);
	assert_int_equal(measured(s, 4).imputed_percent, 32); /* (300 + 1000) / 4000 = 32.5 */
	assert_int_equal(measured(s, 4).asks, 3);             /* ceil(4 x 32 / 50 = 2.56) */
}

/* Seen: 60 % of 1. With the missing one idle: 30 %. Nobody knows which way to go. */
TEST(holds_when_missing_turn_growth_round)
{
	struct scene *s = scene_new();

	scene_add(s, 600);
	scene_add_missing(s);
	assert_int_equal(measured(s, 2).value_percent, 60);
	assert_int_equal(measured(s, 2).imputed_percent, 30);
	assert_int_equal(measured(s, 2).asks, 2);
	assert_int_equal(measured(s, 1).asks, 1); /* not ceil(2 x 30 / 50) = 2 */
}

/* Seen: 30 %. With the missing one full: (300 + 1000) / 2000 = 65 %. */
TEST(holds_when_missing_turn_shrinking_round)
{
	struct scene *s = scene_new();

	scene_add(s, 300);
	scene_add_missing(s);
	assert_int_equal(measured(s, 2).imputed_percent, 65);
	assert_int_equal(measured(s, 2).asks, 2);
}

/* 2 x 100 + 2 x 0 = 50 %: grown into the tolerance. */
TEST(holds_when_missing_lead_into_tolerance)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 1000);
	scene_add_missing(s);
	scene_add_missing(s);
	assert_int_equal(measured(s, 4).asks, 4);
}

/* 3 of 4 at 80 %: with an idle fourth 60 %, 4 x 60 / 50 = 5, fewer than the 8 ordered. */
TEST(growth_with_missing_never_asks_for_fewer)
{
	struct scene *s = scene_new();

	scene_fill(s, 3, 800);
	scene_add_missing(s);
	assert_int_equal(measured(s, 4).asks, 5);
	assert_int_equal(measured(s, 8).asks, 8);
}

/* 9 of 10 at 30 %: the tenth full makes 37 %, ceil(10 x 37 / 50 = 7.4) = 8, more than the 6
 * ordered. */
TEST(shrinking_with_missing_never_asks_for_more)
{
	struct scene *s = scene_new();

	scene_fill(s, 9, 300);
	scene_add_missing(s);
	assert_int_equal(measured(s, 10).asks, 8);
	assert_int_equal(measured(s, 6).asks, 6);
}

/* A target of 150 %: a missing one at 100 % would speak for shrinking. (600 + 1500) / 2000 = 105 %
 */
TEST(takes_missing_for_the_target_when_that_is_more)
{
	struct scene *s = scene_new();

	s->policy.metric[0].target_percent = 150;
	scene_add(s, 600);
	scene_add_missing(s);
	assert_int_equal(measured(s, 2).imputed_percent, 105);
	assert_int_equal(measured(s, 2).asks, 2); /* ceil(2 x 105 / 150 = 1.4) */
}

/* 105 % of 3 milli is 3 milli for each of 20, as for the HorizontalPodAutoscaler: 60 of 63, not 63.
 */
TEST(truncates_each_filled_in_replica)
{
	struct scene *s = scene_new();

	s->policy.cpu_request_milli = 3;
	s->policy.metric[0].target_percent = 105;
	scene_add(s, 0);
	for (int i = 0; i < 20; i++)
		scene_add_missing(s);
	assert_int_equal(measured(s, 21).imputed_percent, 95); /* 60 / 63 = 95.2 */
}

TEST(fills_nothing_in_at_the_target)
{
	struct scene *s = scene_new();

	scene_add(s, 500);
	scene_add_missing(s);
	assert_int_equal(measured(s, 2).asks, 2);
	assert_int_equal(measured(s, 7).asks, 7);
}

TEST(run_queue_is_a_mean_share)
{
	struct scene *s = scene_new();

	s->policy.metric[0] = (struct policy_metric){POLICY_RUNQ, 20};
	scene_add(s, 0)->runq_permille = 300;
	scene_add(s, 0)->runq_permille = 509;
	assert_int_equal(measured(s, 2).value_percent, 40); /* 809 / 2000 = 40.45 */
	assert_int_equal(measured(s, 2).asks, 4);           /* 2 x 40 / 20 */
}

TEST(each_kind_misses_on_its_own)
{
	struct scene *s = scene_new();

	scene_metric(s, POLICY_RUNQ, 20);
	scene_add(s, 500)->runq_known = false;
	scene_add(s, 500)->cpu_known = false;
	assert_int_equal(measured(s, 2).measured, 1);
	assert_int_equal(measured(s, 2).missing, 1);
	scene_add(s, 500)->runq_known = false;
	assert_int_equal(measured(s, 3).measured, 2);
}

/* Fresh up to and with fresh_ns. */
TEST(old_samples_are_missing)
{
	struct scene *s = scene_new();

	scene_add(s, 1000)->sample_age_ns = 3 * SECOND;
	assert_int_equal(measured(s, 1).measured, 1);
	s->replica[0].sample_age_ns++;
	assert_int_equal(measured(s, 1).missing, 1);
	assert_false(measured(s, 1).known);
}

TEST(a_slow_agents_sample_is_fresh_for_three_of_its_intervals)
{
	struct scene *s = scene_new();

	scene_add(s, 1000)->sample_age_ns = 45 * SECOND;
	s->replica[0].period_ns = 15 * SECOND;
	assert_int_equal(measured(s, 1).measured, 1);
	s->replica[0].sample_age_ns++;
	assert_int_equal(measured(s, 1).missing, 1);
	s->replica[0].sample_age_ns = 3 * SECOND; /* nobody's is less */
	s->replica[0].period_ns = SECOND / 10;
	assert_int_equal(measured(s, 1).measured, 1);
}

TEST(nothing_measured_is_not_zero)
{
	struct scene *s = scene_new();

	assert_false(measured(s, 3).known);
	scene_add_missing(s);
	assert_false(measured(s, 3).known);
	assert_int_equal(measured(s, 3).missing, 1);
}

TEST(a_share_of_nothing_is_not_known)
{
	struct scene *s = scene_new();

	s->policy.cpu_request_milli = 0;
	scene_add(s, 700);
	assert_false(measured(s, 1).known);
}

TEST(coverage_is_in_permille)
{
	struct scene *s = scene_new();
	struct verdict_metric m;

	m = measured(s, 0);
	assert_int_equal(measure_coverage(&s->view, 4, &m), 0);
	scene_fill(s, 2, 500);
	m = measured(s, 3);
	assert_int_equal(measure_coverage(&s->view, 4, &m), 1000);
	scene_add_missing(s);
	m = measured(s, 3);
	assert_int_equal(measure_coverage(&s->view, 4, &m), 666); /* 2 of 3, truncated */
	s->view.fleet_silent = 1;
	assert_int_equal(measure_coverage(&s->view, 4, &m), 500); /* of the 4 that there should be */
}

/* Three are on their way out, and nobody can say that the silent one is among them. */
TEST(coverage_is_of_those_that_stay)
{
	struct scene *s = scene_new();
	struct verdict_metric m;

	scene_fill(s, 10, 500);
	scene_add_missing(s);
	m = measured(s, 8);
	assert_int_equal(measure_coverage(&s->view, 8, &m), 875);
	assert_int_equal(measure_coverage(&s->view, 1, &m), 0);
	assert_int_equal(measure_coverage(&s->view, 0, &m), 909); /* at 0 nothing is left to take away */
}

/* Absurd numbers must end at the top, not wrap round to a small one. */
TEST(sums_stop_at_the_top)
{
	struct scene *s = scene_new();
	struct verdict_metric m;

	scene_fill(s, 3, UINT64_MAX);
	m = measured(s, 3);
	assert_true(m.sum_milli == UINT64_MAX);
	assert_int_equal(m.value_percent, UINT32_MAX);
	assert_int_equal(m.asks, 257698038); /* ceil(3 x 4294967295 / 50) */
}

/* 184467440737095517 x 100 = 2^64 + 84: wrapped, this would be 84 %. */
TEST(percent_stops_at_the_top)
{
	struct scene *s = scene_new();

	s->policy.cpu_request_milli = 1;
	scene_add(s, 184467440737095517ull);
	assert_int_equal(measured(s, 1).value_percent, UINT32_MAX);
}

TEST(requests_stop_at_the_top)
{
	struct scene *s = scene_new();

	s->policy.cpu_request_milli = UINT64_MAX;
	scene_fill(s, 2, 1000);
	scene_add_missing(s);
	assert_true(measured(s, 3).known);
	assert_true(measured(s, 3).request_milli == UINT64_MAX);
	assert_int_equal(measured(s, 3).value_percent, 0);
	assert_int_equal(measured(s, 3).asks, 3); /* the missing one, full, is all there is */
}

TEST(asks_for_no_more_than_a_scale_can_hold)
{
	struct scene *s = scene_new();

	s->policy.metric[0].target_percent = 1;
	scene_fill(s, SCENE_REPLICAS, UINT64_MAX);
	assert_int_equal(measured(s, SCENE_REPLICAS).asks, INT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_it_stands_on),
		cmocka_unit_test(truncates_the_value),
		cmocka_unit_test(rounds_replicas_up),
		cmocka_unit_test(leaves_alone_what_is_within_tolerance),
		cmocka_unit_test(truncates_before_it_tolerates),
		cmocka_unit_test(tolerates_nothing_at_tolerance_0),
		cmocka_unit_test(multiplies_live_replicas),
		cmocka_unit_test(takes_missing_for_idle_when_growing),
		cmocka_unit_test(takes_missing_for_full_when_shrinking),
		cmocka_unit_test(holds_when_missing_turn_growth_round),
		cmocka_unit_test(holds_when_missing_turn_shrinking_round),
		cmocka_unit_test(holds_when_missing_lead_into_tolerance),
		cmocka_unit_test(growth_with_missing_never_asks_for_fewer),
		cmocka_unit_test(shrinking_with_missing_never_asks_for_more),
		cmocka_unit_test(takes_missing_for_the_target_when_that_is_more),
		cmocka_unit_test(truncates_each_filled_in_replica),
		cmocka_unit_test(fills_nothing_in_at_the_target),
		cmocka_unit_test(run_queue_is_a_mean_share),
		cmocka_unit_test(each_kind_misses_on_its_own),
		cmocka_unit_test(old_samples_are_missing),
		cmocka_unit_test(a_slow_agents_sample_is_fresh_for_three_of_its_intervals),
		cmocka_unit_test(nothing_measured_is_not_zero),
		cmocka_unit_test(a_share_of_nothing_is_not_known),
		cmocka_unit_test(coverage_is_in_permille),
		cmocka_unit_test(coverage_is_of_those_that_stay),
		cmocka_unit_test(sums_stop_at_the_top),
		cmocka_unit_test(percent_stops_at_the_top),
		cmocka_unit_test(requests_stop_at_the_top),
		cmocka_unit_test(asks_for_no_more_than_a_scale_can_hold),
	};

	return cmocka_run_group_tests_name("decide/measure", tests, NULL, NULL);
}
