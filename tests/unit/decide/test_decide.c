/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

TEST(steady_within_tolerance)
{
	struct scene *s = scene_new();
	struct verdict v;

	scene_fill(s, 4, 520);
	v = scene_step(s, 4);
	assert_verdict(v, 4, VERDICT_STEADY);
	assert_int_equal(v.from, 4);
	assert_int_equal(v.trigger, 0);
	assert_int_equal(v.coverage_permille, 1000);
}

TEST(grows_to_what_the_metric_asks_for)
{
	struct scene *s = scene_new();
	struct verdict v;

	scene_fill(s, 4, 800);
	v = scene_step(s, 4);
	assert_verdict(v, 7, VERDICT_METRIC); /* ceil(4 x 80 / 50 = 6.4) */
	assert_int_equal(v.asked, 7);
	assert_int_equal(v.stabilized, 7);
}

TEST(shrinks_to_what_the_metric_asks_for)
{
	struct scene *s = scene_new();

	scene_fill(s, 10, 200);
	assert_verdict(scene_step(s, 10), 4, VERDICT_METRIC); /* 10 x 20 / 50 */
}

/* CPU asks for 4 x 20 / 50 = 2, the run queue for 4 x 40 / 25 = 7. */
TEST(the_most_demanding_metric_wins)
{
	struct scene *s = scene_new();
	struct verdict v;

	scene_metric(s, POLICY_RUNQ, 25);
	scene_fill(s, 4, 200);
	for (int i = 0; i < 4; i++)
		s->replica[i].runq_permille = 400;
	v = scene_step(s, 4);
	assert_verdict(v, 7, VERDICT_METRIC);
	assert_int_equal(v.trigger, 1);
	assert_int_equal(v.metric[0].asks, 2);
	assert_int_equal(v.metric[1].asks, 7);
}

TEST(of_equals_the_first_triggers)
{
	struct scene *s = scene_new();

	scene_metric(s, POLICY_CPU, 50);
	scene_fill(s, 4, 800);
	assert_int_equal(scene_step(s, 4).trigger, 0);
}

/* 8 of 10 fresh at 10 %: filled in they would allow ceil(10 x 28 / 50) = 6, but 80 % is too few. */
TEST(too_little_coverage_never_shrinks)
{
	struct scene *s = scene_new();
	struct verdict v;

	scene_fill(s, 8, 100);
	scene_add_missing(s);
	scene_add_missing(s);
	v = scene_step(s, 10);
	assert_verdict(v, 10, VERDICT_COVERAGE);
	assert_int_equal(v.coverage_permille, 800);
	assert_int_equal(v.metric[0].asks, 6);
}

TEST(enough_coverage_shrinks_with_the_missing_filled_in)
{
	struct scene *s = scene_new();

	scene_fill(s, 9, 100);
	scene_add_missing(s);
	assert_verdict(scene_step(s, 10), 4, VERDICT_METRIC); /* (900 + 1000) / 10000; 3.8 */
}

TEST(stale_samples_never_shrink)
{
	struct scene *s = scene_new();

	scene_fill(s, 10, 100);
	s->replica[3].sample_age_ns = s->replica[7].sample_age_ns = 4 * SECOND;
	assert_verdict(scene_step(s, 10), 10, VERDICT_STALE);
	s->replica[3].sample_age_ns = s->replica[7].sample_age_ns =
		3 * SECOND; /* fresh, but empty */
	s->replica[3].cpu_known = s->replica[7].cpu_known = false;
	assert_verdict(scene_step(s, 10), 10, VERDICT_COVERAGE);
}

/* 8 x 100 % of 10 = 80 %: 16, with two unseen. */
TEST(too_little_coverage_still_grows)
{
	struct scene *s = scene_new();

	scene_fill(s, 8, 1000);
	scene_add_missing(s);
	scene_add_missing(s);
	assert_verdict(scene_step(s, 10), 16, VERDICT_METRIC);
}

/* CPU sees all and asks for 2; the run queue sees 8 of 10, and with the others full ceil(10 x 20 /
 * 25) = 8. The less covered one counts. */
TEST(one_metric_in_the_dark_never_shrinks)
{
	struct scene *s = scene_new();
	struct verdict v;

	scene_metric(s, POLICY_RUNQ, 25);
	scene_fill(s, 10, 100);
	s->replica[0].runq_known = s->replica[1].runq_known = false;
	v = scene_step(s, 10);
	assert_verdict(v, 10, VERDICT_COVERAGE);
	assert_int_equal(v.metric[1].asks, 8);
	assert_int_equal(v.coverage_permille, 800);
}

/* However low the least coverage is set: a metric that nobody measured could speak against it. */
TEST(an_unmeasured_metric_never_shrinks)
{
	struct scene *s = scene_new();

	s->policy.min_coverage_permille = 0;
	scene_metric(s, POLICY_RUNQ, 25);
	scene_fill(s, 10, 100);
	for (int i = 0; i < 10; i++)
		s->replica[i].runq_known = false;
	assert_verdict(scene_step(s, 10), 10, VERDICT_COVERAGE);
}

TEST(an_unmeasured_metric_does_not_keep_another_from_growing)
{
	struct scene *s = scene_new();
	struct verdict v;

	scene_metric(s, POLICY_RUNQ, 25);
	scene_fill(s, 4, 800);
	for (int i = 0; i < 4; i++)
		s->replica[i].runq_known = false;
	v = scene_step(s, 4);
	assert_verdict(v, 7, VERDICT_METRIC);
	assert_false(v.metric[1].known);
}

TEST(blind_changes_nothing)
{
	struct scene *s = scene_new();
	struct verdict v;

	v = scene_step(s, 5);
	assert_verdict(v, 5, VERDICT_BLIND);
	assert_int_equal(v.trigger, -1);
	for (int i = 0; i < 5; i++)
		scene_add_missing(s);
	assert_verdict(scene_step(s, 5), 5, VERDICT_BLIND);
}

/* Out of bounds is out of bounds, seen or not. */
TEST(bounds_hold_when_blind)
{
	struct scene *s = scene_new();

	s->policy.min_replicas = 3;
	s->policy.max_replicas = 8;
	assert_verdict(scene_step(s, 20), 8, VERDICT_MAX);
	assert_verdict(scene_step(s, 1), 3, VERDICT_MIN);
}

TEST(min_and_max_bound_the_metric)
{
	struct scene *s = scene_new();

	s->policy.min_replicas = 3;
	s->policy.max_replicas = 8;
	scene_fill(s, 5, 1000);
	assert_verdict(scene_step(s, 5), 8, VERDICT_MAX); /* asks 10 */
	scene_empty(s);
	scene_fill(s, 8, 0);
	assert_verdict(scene_step(s, 8), 3, VERDICT_MIN); /* asks 0 */
}

TEST(at_the_bound_nothing_changes)
{
	struct scene *s = scene_new();

	s->policy.max_replicas = 5;
	scene_fill(s, 5, 1000);
	assert_verdict(scene_step(s, 5), 5, VERDICT_MAX);
}

/* Usage 1000 % of target each: asks 10 times as many. */
TEST(a_step_adds_four_or_doubles)
{
	struct scene *s = scene_new();

	s->policy.enforce = false; /* nothing is awaited */
	scene_add(s, 5000);
	assert_verdict(scene_step(s, 1), 5, VERDICT_STEP_LIMIT);               /* 1 + 4 */
	assert_verdict(scene_later(s, 0, 4, 4, 5000), 8, VERDICT_STEP_LIMIT);  /* 4 + 4 = 2 x 4 */
	assert_verdict(scene_later(s, 0, 5, 5, 5000), 10, VERDICT_STEP_LIMIT); /* 2 x 5 */
	assert_verdict(scene_later(s, 0, 50, 50, 5000), 100, VERDICT_STEP_LIMIT);
	assert_verdict(scene_later(s, 0, 4, 4, 1000), 8, VERDICT_METRIC); /* asked for just that */
}

TEST(zero_replicas_is_switched_off)
{
	struct scene *s = scene_new();
	struct verdict v;

	s->policy.min_replicas = 2;
	scene_fill(s, 3, 1000); /* still on their way out */
	v = scene_step(s, 0);
	assert_int_equal(v.to, 0);
	scene_empty(s);
	assert_verdict(scene_step(s, 0), 0, VERDICT_BLIND);
}

TEST(shrinking_waits_for_the_stabilization_window)
{
	struct scene *s = scene_new();

	s->policy.down_stabilization_ns = 300 * SECOND;
	scene_fill(s, 10, 500);
	assert_verdict(scene_step(s, 10), 10, VERDICT_STEADY);
	assert_verdict(scene_later(s, 200 * SECOND, 10, 10, 300), 10, VERDICT_STABILIZED);
	assert_verdict(scene_later(s, 102 * SECOND, 10, 10, 200), 6,
		       VERDICT_STABILIZED); /* 6 at 200 s */
	scene_later(s, SECOND, 6, 6, 333); /* they are gone: it settles */
	assert_verdict(scene_later(s, 201 * SECOND, 6, 6, 333), 4,
		       VERDICT_METRIC); /* 6 x 33 / 50 = 3.96 */
}

TEST(growth_waits_for_the_stabilization_window)
{
	struct scene *s = scene_new();

	s->policy.up_stabilization_ns = 30 * SECOND;
	scene_fill(s, 10, 500);
	scene_step(s, 10);
	assert_verdict(scene_later(s, 20 * SECOND, 10, 10, 800), 10, VERDICT_STABILIZED);
	assert_verdict(scene_later(s, 15 * SECOND, 10, 10, 900), 16,
		       VERDICT_STABILIZED); /* 80 % of then */
}

/* A spell of missing data is no low recommendation: the window starts anew when data are back. */
TEST(held_seconds_are_remembered_as_they_were)
{
	struct scene *s = scene_new();

	s->policy.down_stabilization_ns = 60 * SECOND;
	scene_fill(s, 10, 500);
	scene_step(s, 10);
	assert_verdict(scene_later(s, 50 * SECOND, 10, 0, 0), 10, VERDICT_BLIND);
	assert_verdict(scene_later(s, 50 * SECOND, 10, 10, 100), 10, VERDICT_STABILIZED);
	assert_verdict(scene_later(s, 11 * SECOND, 10, 10, 100), 2, VERDICT_METRIC);
}

/* 2 at 100 % order 4. Until all four are seen, or for 60 s, low use is no reason to shrink. */
TEST(replicas_on_their_way_never_shrink)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 1000);
	assert_verdict(scene_step(s, 2), 4, VERDICT_METRIC);
	assert_int_equal(s->state.wanted, 4);
	assert_verdict(scene_later(s, SECOND, 4, 2, 100), 4, VERDICT_WARMING);
	assert_verdict(scene_later(s, 58 * SECOND, 4, 3, 100), 4, VERDICT_WARMING);
	assert_verdict(scene_later(s, 1 * SECOND, 4, 3, 100), 1,
		       VERDICT_METRIC); /* 3 x 10 / 50 = 0.6 */
}

TEST(warming_ends_when_they_are_there)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 1000);
	scene_step(s, 2);
	assert_verdict(scene_later(s, 2 * SECOND, 4, 4, 100), 1, VERDICT_METRIC); /* 0.8 */
	assert_int_equal(s->state.wanted, 0);
}

TEST(a_period_bounds_growth)
{
	struct scene *s = scene_new();

	s->policy.up_period_ns = 15 * SECOND;
	s->policy.enforce = false;
	scene_fill(s, 10, 5000);
	assert_verdict(scene_step(s, 10), 20, VERDICT_STEP_LIMIT);
	assert_verdict(scene_later(s, 14 * SECOND, 20, 20, 5000), 20, VERDICT_STEP_LIMIT);
	assert_verdict(scene_later(s, 2 * SECOND, 20, 20, 5000), 40, VERDICT_STEP_LIMIT);
}

TEST(a_period_bounds_shrinking)
{
	struct scene *s = scene_new();

	s->policy.down_period_ns = 60 * SECOND;
	s->policy.down_permille = 100;
	s->policy.window_ns = s->policy.fresh_ns = SECOND; /* settles in 2 s */
	scene_fill(s, 100, 10);
	assert_verdict(scene_step(s, 100), 90, VERDICT_PACE);
	scene_later(s, SECOND, 90, 90, 10);
	assert_verdict(scene_later(s, 58 * SECOND, 90, 90, 10), 90, VERDICT_PACE);
	assert_verdict(scene_later(s, 2 * SECOND, 90, 90, 10), 81, VERDICT_PACE);
	scene_later(s, SECOND, 20, 20, 10);
	assert_verdict(scene_later(s, 30 * SECOND, 20, 20, 10), 20, VERDICT_PACE); /* somebody else was faster */
	assert_verdict(scene_later(s, 61 * SECOND, 20, 20, 10), 16, VERDICT_PACE); /* four may always go */
}

TEST(a_slow_agents_old_sample_is_no_stale_one)
{
	struct scene *s = scene_new();

	scene_fill(s, 10, 200);
	scene_slow_down(s, 15 * SECOND, 14 * SECOND);
	assert_verdict(scene_step(s, 10), 4, VERDICT_METRIC);
	s->replica[0].sample_age_ns = s->replica[1].sample_age_ns = 46 * SECOND;
	assert_verdict(scene_step(s, 10), 10, VERDICT_STALE);
}

/* A mean may stem from three intervals ago, when there were more. */
TEST(a_slow_agents_means_settle_later)
{
	struct scene *s = scene_new();

	scene_fill(s, 20, 100);
	scene_slow_down(s, 15 * SECOND, SECOND);
	scene_step(s, 20);
	scene_later(s, SECOND, 10, 10, 100);
	scene_slow_down(s, 15 * SECOND, SECOND);
	s->view.boottime_ns += 49 * SECOND; /* of the window's 5 s and 45 s */
	assert_verdict(scene_step(s, 10), 10, VERDICT_SETTLING);
	s->view.boottime_ns += SECOND;
	assert_verdict(scene_step(s, 10), 2, VERDICT_METRIC);
}

TEST(a_silent_fleet_never_shrinks)
{
	struct scene *s = scene_new();

	s->view.fleet_nodes = 10;
	s->view.fleet_silent = 2;
	scene_fill(s, 10, 100);
	assert_verdict(scene_step(s, 10), 2, VERDICT_METRIC);
	s->view.fleet_silent = 3;
	assert_verdict(scene_step(s, 10), 10, VERDICT_SILENCE);
	s->view.fleet_silent = 0;
	assert_verdict(scene_later(s, 59 * SECOND, 10, 10, 100), 10, VERDICT_SILENCE);
	assert_verdict(scene_later(s, 1 * SECOND, 10, 10, 100), 2, VERDICT_METRIC);
	s->view.fleet_silent = 3;
	assert_verdict(scene_later(s, SECOND, 10, 10, 1000), 20, VERDICT_METRIC);
}

TEST(what_waits_is_not_idle)
{
	struct scene *s = scene_new();

	scene_fill(s, 10, 100);
	for (int i = 0; i < 10; i++)
		s->replica[i].strain_permille = 300;
	assert_verdict(scene_step(s, 10), 10, VERDICT_STRAINED);
	s->replica[0].strain_permille = 299;
	assert_verdict(scene_step(s, 10), 2, VERDICT_METRIC);
}

/* 2 old ones at 60 %, 4 that are starting up at 300 %: all together they would ask for more. */
TEST(starting_up_is_no_reason_to_grow)
{
	struct scene *s = scene_new();
	struct verdict v;

	s->policy.young_ns = 30 * SECOND;
	scene_fill(s, 2, 600);
	assert_verdict(scene_step(s, 6), 6, VERDICT_WARMING);
	s->view.boottime_ns += 29 * SECOND;
	for (int i = 0; i < 4; i++)
		scene_add(s, 3000)->age_ns = 28 * SECOND;
	v = scene_step(s, 6);
	assert_verdict(v, 6, VERDICT_YOUNG);
	assert_int_equal(v.metric[0].young, 4);
	assert_int_equal(v.metric[0].imputed_percent, 20);
	s->policy.young_ns = 27 * SECOND;
	assert_verdict(scene_step(s, 6), 12, VERDICT_STEP_LIMIT);
}

/* 2 that do all of the work at 45 %, 4 that somebody else has just started: 15 % of all six asks for 2. */
TEST(starting_up_is_no_reason_to_shrink)
{
	struct scene *s = scene_new();
	struct verdict v;

	s->policy.young_ns = 30 * SECOND;
	scene_fill(s, 2, 450);
	assert_verdict(scene_step(s, 2), 2, VERDICT_STEADY);
	s->view.boottime_ns += 29 * SECOND;
	for (int i = 0; i < 4; i++)
		scene_add(s, 0)->age_ns = 28 * SECOND;
	v = scene_step(s, 6);
	assert_verdict(v, 6, VERDICT_YOUNG);
	assert_int_equal(v.asked, 2); /* what the window remembers */
	assert_int_equal(v.metric[0].value_percent, 15);
	assert_int_equal(v.metric[0].young_percent, (2 * 45 + 4 * 100) / 6);
	s->policy.young_ns = 27 * SECOND;
	assert_verdict(scene_step(s, 6), 2, VERDICT_METRIC);
}

/* One of ten, as those whose sample is missing: no veto. */
TEST(a_few_that_start_up_are_no_veto)
{
	struct scene *s = scene_new();

	s->policy.young_ns = 30 * SECOND;
	scene_fill(s, 9, 100);
	assert_verdict(scene_step(s, 9), 2, VERDICT_METRIC);
	s->view.boottime_ns += 29 * SECOND;
	scene_add(s, 0)->age_ns = SECOND;
	assert_verdict(scene_step(s, 10), 4, VERDICT_YOUNG); /* (9 x 10 + 100) / 10 = 19 % */
}

/* Who begins to look knows of nothing that just began. */
TEST(what_was_there_first_is_not_new)
{
	struct scene *s = scene_new();

	s->policy.young_ns = 3600 * SECOND;
	scene_fill(s, 4, 800);
	for (int i = 0; i < 4; i++)
		s->replica[i].age_ns = 5 * SECOND;
	assert_verdict(scene_step(s, 4), 7, VERDICT_METRIC);
}

/* Nor later, when their samples are from a moment at which it had not looked for as long as it has now. */
TEST(what_was_there_first_does_not_become_new)
{
	struct scene *s = scene_new();

	s->policy.young_ns = 10 * SECOND;
	scene_fill(s, 4, 500);
	for (int i = 0; i < 4; i++)
		s->replica[i].age_ns = SECOND / 10;
	assert_verdict(scene_step(s, 4), 4, VERDICT_STEADY);
	s->view.boottime_ns += 5 * SECOND;
	scene_empty(s);
	scene_fill(s, 4, 800);
	for (int i = 0; i < 4; i++)
		s->replica[i].age_ns = 5 * SECOND + SECOND / 10;
	assert_verdict(scene_step(s, 4), 7, VERDICT_METRIC);
}

/* 6 at 20 % of 50: 3. 3 would use 40 %, but the mean of 5 s does not have it yet. */
TEST(shrinking_waits_until_the_last_one_shows)
{
	struct scene *s = scene_new();

	scene_fill(s, 6, 200);
	assert_verdict(scene_step(s, 6), 3, VERDICT_METRIC);
	assert_verdict(scene_later(s, SECOND, 3, 3, 200), 3, VERDICT_SETTLING);
	assert_verdict(scene_later(s, 7 * SECOND, 3, 3, 200), 3, VERDICT_SETTLING);
	assert_verdict(scene_later(s, 1 * SECOND, 3, 3, 200), 2, VERDICT_METRIC); /* window and freshness: 8 s */
}

/* 18 are ordered, 12 are there: the others were lost, or somebody took them away. */
TEST(an_order_for_fewer_starts_none)
{
	struct scene *s = scene_new();

	s->policy.down_period_ns = 60 * SECOND;
	s->policy.down_permille = 100;
	scene_fill(s, 12, 100);
	assert_verdict(scene_step(s, 18), 18, VERDICT_WARMING); /* 18 - 4 would start two */
	assert_verdict(scene_later(s, SECOND, 18, 14, 100), 14, VERDICT_PACE);
}

/* Who is told to have fewer after all waits for no more. */
TEST(a_lower_max_ends_the_wait)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 1000);
	scene_step(s, 2);
	s->policy.max_replicas = 3;
	assert_verdict(scene_later(s, SECOND, 4, 2, 100), 3, VERDICT_MAX);
	assert_int_equal(s->state.wanted, 0);
}

/* 10 ordered, 5 live and at 60 %: 5 x 60 / 50 = 6 would do, but to shrink under load is no answer.
 */
TEST(above_the_target_never_shrinks)
{
	struct scene *s = scene_new();

	scene_fill(s, 5, 600);
	assert_verdict(scene_step(s, 10), 10, VERDICT_WARMING);
	scene_empty(s);
	scene_fill(s, 5, 400);
	assert_verdict(scene_step(s, 10), 4, VERDICT_METRIC);
}

/* Nobody carries out what is only observed, so nothing is awaited. */
TEST(observe_orders_nothing)
{
	struct scene *s = scene_new();

	s->policy.enforce = false;
	scene_fill(s, 2, 1000);
	assert_verdict(scene_step(s, 2), 4, VERDICT_METRIC);
	assert_int_equal(s->state.wanted, 0);
	assert_verdict(scene_later(s, SECOND, 2, 2, 100), 1, VERDICT_METRIC);
}

TEST(warming_outlasts_a_clock_that_goes_back)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 1000);
	scene_step(s, 2);
	s->view.boottime_ns = 5 * SECOND;
	assert_verdict(scene_later(s, 0, 4, 2, 100), 4, VERDICT_WARMING);
	assert_verdict(scene_later(s, 59 * SECOND, 4, 2, 100), 4, VERDICT_WARMING);
	assert_verdict(scene_later(s, 1 * SECOND, 4, 2, 100), 1, VERDICT_METRIC);
}

/* Use without end, 10,000 replicas: the limits hold. */
TEST(extremes_end_at_the_limits)
{
	struct scene *s = scene_new();

	s->policy.enforce = false; /* nothing is awaited */
	s->policy.max_replicas = 10000;
	scene_fill(s, SCENE_REPLICAS, UINT64_MAX);
	assert_verdict(scene_step(s, 4000), 8000, VERDICT_STEP_LIMIT);
	assert_verdict(scene_step(s, 9000), 10000, VERDICT_MAX);
	assert_verdict(scene_step(s, UINT32_MAX), 10000, VERDICT_MAX);
}

TEST(a_wrapped_sum_is_no_reason_to_shrink)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, UINT64_MAX / 2 + 1); /* together 2^64: wrapped, that would be nothing */
	assert_verdict(scene_step(s, 2), 6, VERDICT_STEP_LIMIT);
}

TEST(the_same_input_gives_the_same_bytes)
{
	struct scene *s = scene_new();
	struct decide_state again;
	struct verdict a, b;

	s->policy.down_stabilization_ns = 60 * SECOND;
	scene_metric(s, POLICY_RUNQ, 20);
	scene_fill(s, 7, 700);
	scene_add_missing(s);
	memset(&a, 0xaa, sizeof(a));
	memset(&b, 0x55, sizeof(b));
	again = s->state;
	decide_step(&s->policy, &s->view, 8, &s->state, &a);
	decide_step(&s->policy, &s->view, 8, &again, &b);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_memory_equal(&again, &s->state, sizeof(again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady_within_tolerance),
		cmocka_unit_test(grows_to_what_the_metric_asks_for),
		cmocka_unit_test(shrinks_to_what_the_metric_asks_for),
		cmocka_unit_test(the_most_demanding_metric_wins),
		cmocka_unit_test(of_equals_the_first_triggers),
		cmocka_unit_test(too_little_coverage_never_shrinks),
		cmocka_unit_test(enough_coverage_shrinks_with_the_missing_filled_in),
		cmocka_unit_test(stale_samples_never_shrink),
		cmocka_unit_test(too_little_coverage_still_grows),
		cmocka_unit_test(one_metric_in_the_dark_never_shrinks),
		cmocka_unit_test(an_unmeasured_metric_never_shrinks),
		cmocka_unit_test(an_unmeasured_metric_does_not_keep_another_from_growing),
		cmocka_unit_test(blind_changes_nothing),
		cmocka_unit_test(bounds_hold_when_blind),
		cmocka_unit_test(min_and_max_bound_the_metric),
		cmocka_unit_test(at_the_bound_nothing_changes),
		cmocka_unit_test(a_step_adds_four_or_doubles),
		cmocka_unit_test(zero_replicas_is_switched_off),
		cmocka_unit_test(shrinking_waits_for_the_stabilization_window),
		cmocka_unit_test(growth_waits_for_the_stabilization_window),
		cmocka_unit_test(held_seconds_are_remembered_as_they_were),
		cmocka_unit_test(replicas_on_their_way_never_shrink),
		cmocka_unit_test(warming_ends_when_they_are_there),
		cmocka_unit_test(a_period_bounds_growth),
		cmocka_unit_test(a_period_bounds_shrinking),
		cmocka_unit_test(a_slow_agents_old_sample_is_no_stale_one),
		cmocka_unit_test(a_slow_agents_means_settle_later),
		cmocka_unit_test(a_silent_fleet_never_shrinks),
		cmocka_unit_test(what_waits_is_not_idle),
		cmocka_unit_test(starting_up_is_no_reason_to_grow),
		cmocka_unit_test(starting_up_is_no_reason_to_shrink),
		cmocka_unit_test(a_few_that_start_up_are_no_veto),
		cmocka_unit_test(what_was_there_first_is_not_new),
		cmocka_unit_test(what_was_there_first_does_not_become_new),
		cmocka_unit_test(shrinking_waits_until_the_last_one_shows),
		cmocka_unit_test(an_order_for_fewer_starts_none),
		cmocka_unit_test(a_lower_max_ends_the_wait),
		cmocka_unit_test(above_the_target_never_shrinks),
		cmocka_unit_test(observe_orders_nothing),
		cmocka_unit_test(warming_outlasts_a_clock_that_goes_back),
		cmocka_unit_test(extremes_end_at_the_limits),
		cmocka_unit_test(a_wrapped_sum_is_no_reason_to_shrink),
		cmocka_unit_test(the_same_input_gives_the_same_bytes),
	};

	return cmocka_run_group_tests_name("decide/decide", tests, NULL, NULL);
}
