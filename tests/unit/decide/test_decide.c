/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static void assert_verdict(struct verdict v, uint32_t to, enum verdict_reason why)
{
	assert_string_equal(verdict_word(v.reason), verdict_word(why));
	assert_int_equal(v.to, to);
}

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

/* One step at a time: more than half of it must be there, and a window (5 s) old. */
TEST(an_open_step_orders_no_more)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 1000);
	scene_step(s, 2); /* 4 */
	assert_verdict(scene_later(s, SECOND, 4, 3, 1000), 4, VERDICT_UNFILLED);
	assert_verdict(scene_later(s, 4 * SECOND, 4, 3, 1000), 4, VERDICT_UNFILLED);
	assert_verdict(scene_later(s, 1 * SECOND, 4, 3, 1000), 6, VERDICT_METRIC);
	assert_int_equal(s->state.wanted, 6);
}

/* The first sample of a load had part of a second of it. The two that were there ask for more as they see all of it: up to
 * what one step could have been, and no more while that has not come. */
TEST(an_open_step_is_completed_by_those_that_were_there)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 700);
	assert_verdict(scene_step(s, 2), 3, VERDICT_METRIC);
	assert_verdict(scene_later(s, SECOND, 3, 2, 1100), 5, VERDICT_METRIC); /* 2 x 110 / 50 = 4.4 */
	assert_int_equal(s->state.wanted_step, 3);
	assert_verdict(scene_later(s, SECOND, 5, 2, 2500), 6, VERDICT_STEP_LIMIT); /* 2 + 4 */
	assert_int_equal(s->state.gain.live, 2);
	assert_int_equal(s->state.gain.value_percent, 250);
	assert_verdict(scene_later(s, SECOND, 6, 2, 2500), 6, VERDICT_UNFILLED);
}

/* The new ones are there and at work, with starting up or with load: nobody can tell, so only the old ones count. */
TEST(an_open_step_is_not_completed_by_those_that_just_came)
{
	struct scene *s = scene_new();

	s->policy.young_ns = 10 * SECOND;
	scene_fill(s, 2, 500);
	scene_step(s, 2);
	scene_later(s, 20 * SECOND, 2, 2, 700);
	assert_int_equal(s->state.wanted, 3);
	s->view.boottime_ns += 2 * SECOND;
	scene_add(s, 2000)->age_ns = 2 * SECOND;
	assert_verdict(scene_step(s, 3), 3, VERDICT_YOUNG); /* 2 x 70 of 3 x 50 */
	s->replica[0].cpu_milli = s->replica[1].cpu_milli = 1100;
	assert_verdict(scene_step(s, 3), 5, VERDICT_METRIC); /* 2 x 110 / 50, with the one that starts at nothing */
	s->replica[2].age_ns = 11 * SECOND; /* its load was theirs in the same window */
	assert_verdict(scene_step(s, 5), 5, VERDICT_UNFILLED);
}

TEST(a_step_that_is_never_filled_is_given_up)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 2000);
	scene_step(s, 2); /* 6, and no step is larger */
	assert_verdict(scene_later(s, 59 * SECOND, 6, 2, 2000), 6, VERDICT_UNFILLED);
	assert_verdict(scene_later(s, 1 * SECOND, 2, 2, 1000), 4, VERDICT_METRIC);
}

/* 80 % of each replica whatever their number: two steps, then no more; until it is far worse. */
TEST(growth_that_does_not_help_ends)
{
	struct scene *s = scene_new();
	uint32_t n = 10;

	scene_fill(s, n, 800);
	n = scene_step(s, n).to;
	assert_int_equal(n, 16);
	scene_later(s, SECOND, n, n, 800);
	n = scene_later(s, 5 * SECOND, n, n, 800).to;
	assert_int_equal(n, 26);
	scene_later(s, SECOND, n, n, 800);
	assert_verdict(scene_later(s, 5 * SECOND, n, n, 800), n, VERDICT_NO_GAIN);
	assert_verdict(scene_later(s, 299 * SECOND, n, n, 800), n, VERDICT_NO_GAIN);
	assert_verdict(scene_later(s, 0, n, n, 1210), 52, VERDICT_STEP_LIMIT);
}

TEST(growth_that_helps_goes_on)
{
	struct scene *s = scene_new();
	uint32_t n = 10;

	for (int i = 0; i < 4; i++) {
		n = scene_later(s, SECOND, n, n, 16000 / n).to;
		n = scene_later(s, 5 * SECOND, n, n, 16000 / n).to;
	}
	assert_int_equal(n, 32); /* 16000 of 500 each */
}

/* What one replica can use is bounded, so its use need not fall. */
TEST(replicas_that_wait_for_a_cpu_may_go_on_growing)
{
	struct scene *s = scene_new();
	uint32_t n = 10;

	for (int i = 0; i < 4; i++) {
		for (int k = 0; k < 2; k++) {
			s->view.boottime_ns += 5 * SECOND;
			scene_empty(s);
			scene_fill(s, n, 1000);
			for (uint32_t r = 0; r < n; r++)
				s->replica[r].runq_permille = 400;
			n = scene_step(s, n).to;
		}
	}
	assert_true(n >= 80);
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

static void slow_down(struct scene *s, uint64_t period_ns, uint64_t age_ns)
{
	for (uint32_t i = 0; i < s->view.replicas; i++) {
		s->replica[i].period_ns = period_ns;
		s->replica[i].sample_age_ns = age_ns;
	}
}

TEST(a_slow_agents_old_sample_is_no_stale_one)
{
	struct scene *s = scene_new();

	scene_fill(s, 10, 200);
	slow_down(s, 15 * SECOND, 14 * SECOND);
	assert_verdict(scene_step(s, 10), 4, VERDICT_METRIC);
	s->replica[0].sample_age_ns = s->replica[1].sample_age_ns = 46 * SECOND;
	assert_verdict(scene_step(s, 10), 10, VERDICT_STALE);
}

/* A mean may stem from three intervals ago, when there were more. */
TEST(a_slow_agents_means_settle_later)
{
	struct scene *s = scene_new();

	scene_fill(s, 20, 100);
	slow_down(s, 15 * SECOND, SECOND);
	scene_step(s, 20);
	scene_later(s, SECOND, 10, 10, 100);
	slow_down(s, 15 * SECOND, SECOND);
	s->view.boottime_ns += 49 * SECOND; /* of the window's 5 s and 45 s */
	assert_verdict(scene_step(s, 10), 10, VERDICT_SETTLING);
	s->view.boottime_ns += SECOND;
	assert_verdict(scene_step(s, 10), 2, VERDICT_METRIC);
}

/* Ten seconds old and a mean over five: until then the two that were there first are seen as they did all of it alone. */
TEST(a_slow_agents_step_is_open_until_all_was_measured_since)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 1000);
	scene_step(s, 2); /* 4 */
	scene_later(s, SECOND, 4, 4, 1000);
	for (int later = 6; later < 15; later += 8) {
		s->view.boottime_ns = (1001 + (uint64_t)later) * SECOND;
		slow_down(s, 15 * SECOND, 10 * SECOND);
		assert_verdict(scene_step(s, 4), 4, VERDICT_UNFILLED);
	}
	s->view.boottime_ns += SECOND;
	assert_verdict(scene_step(s, 4), 8, VERDICT_METRIC);
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
		cmocka_unit_test(an_open_step_orders_no_more),
		cmocka_unit_test(an_open_step_is_completed_by_those_that_were_there),
		cmocka_unit_test(an_open_step_is_not_completed_by_those_that_just_came),
		cmocka_unit_test(a_step_that_is_never_filled_is_given_up),
		cmocka_unit_test(growth_that_does_not_help_ends),
		cmocka_unit_test(growth_that_helps_goes_on),
		cmocka_unit_test(replicas_that_wait_for_a_cpu_may_go_on_growing),
		cmocka_unit_test(a_period_bounds_growth),
		cmocka_unit_test(a_period_bounds_shrinking),
		cmocka_unit_test(a_slow_agents_old_sample_is_no_stale_one),
		cmocka_unit_test(a_slow_agents_means_settle_later),
		cmocka_unit_test(a_slow_agents_step_is_open_until_all_was_measured_since),
		cmocka_unit_test(a_silent_fleet_never_shrinks),
		cmocka_unit_test(what_waits_is_not_idle),
		cmocka_unit_test(starting_up_is_no_reason_to_grow),
		cmocka_unit_test(what_was_there_first_is_not_new),
		cmocka_unit_test(shrinking_waits_until_the_last_one_shows),
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
