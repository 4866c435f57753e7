/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public failures of autoscalers as scripted replays. Each must end well with every guard on, and must go wrong
 * the way it did when the one guard that stands against it is taken away: else the guard is not what helps.
 */
#include "unit/decide/scene.h"

#include "decide/guard.h"
#include "safety/run.h"

unsigned guard_off;

#define TEST(name) static void name(void **state __attribute__((unused)))
#define WITHOUT(ID) for (guard_off = 1u << GUARD_##ID; guard_off; guard_off = 0)

/* --- told to the decider */

static struct scene *busy_scene(uint32_t n)
{
	struct scene *s = scene_new();

	s->policy.up_period_ns = 15 * SECOND;
	s->policy.down_period_ns = 60 * SECOND;
	s->policy.down_permille = 100;
	s->policy.young_ns = 10 * SECOND;
	scene_fill(s, n, 500);
	assert_int_equal(scene_step(s, n).to, n);
	s->view.boottime_ns += 3600 * SECOND;
	return s;
}

/* Slack, 4 January 2021: the network loses packets, threads wait for the backend, CPU falls by 70 %, and the
 * autoscaler takes servers away. */
static struct verdict slack(void)
{
	struct scene *s = busy_scene(100);

	scene_empty(s);
	scene_fill(s, 100, 150);
	for (int i = 0; i < 100; i++)
		s->replica[i].strain_permille = 900; /* accept queues are full */
	return scene_step(s, 100);
}

TEST(waiting_threads_are_not_idle)
{
	assert_int_equal(slack().reason, VERDICT_STRAINED);
	assert_int_equal(slack().to, 100);
	WITHOUT(STRAIN)
		assert_true(slack().to < 100);
}

/* … and then asked for 1,200 at once, for which there were neither file descriptors nor quota. */
static struct verdict slack_again(void)
{
	struct scene *s = busy_scene(100);

	scene_empty(s);
	scene_fill(s, 100, 6000);
	return scene_step(s, 100);
}

TEST(one_step_at_most_doubles)
{
	assert_int_equal(slack_again().to, 200);
	WITHOUT(STEP)
		assert_int_equal(slack_again().to, 1000); /* maxReplicas */
}

/* … by every service of the company at the same moment, each within its own bound. */
static struct verdict everybody_at_once(void)
{
	struct scene *s = busy_scene(100);

	s->view.fleet_budget = 40;
	s->view.fleet_room = 7; /* the others were there first */
	scene_empty(s);
	scene_fill(s, 100, 6000);
	return scene_step(s, 100);
}

TEST(the_fleet_has_a_budget)
{
	assert_int_equal(everybody_at_once().to, 107);
	assert_int_equal(everybody_at_once().lacks, 93);
	assert_int_equal(everybody_at_once().reason, VERDICT_BUDGET);
	WITHOUT(BUDGET)
		assert_int_equal(everybody_at_once().to, 200);
}

/* Everything gone at once, for whatever reason. */
static struct verdict collapse(void)
{
	struct scene *s = busy_scene(100);

	scene_empty(s);
	scene_fill(s, 100, 1);
	return scene_step(s, 100);
}

TEST(shrinking_has_a_pace)
{
	assert_int_equal(collapse().to, 90);
	WITHOUT(PACE)
		assert_int_equal(collapse().to, 1);
}

/* Kubernetes #99394, #105187: one of two metrics is missing, the other says fewer. Five releases shrank. */
static struct verdict half_blind(void)
{
	struct scene *s = busy_scene(10);

	scene_metric(s, POLICY_RUNQ, 25);
	scene_empty(s);
	scene_fill(s, 10, 100);
	for (int i = 0; i < 10; i++)
		s->replica[i].runq_known = false;
	return scene_step(s, 10);
}

TEST(one_missing_metric_forbids_shrinking)
{
	assert_int_equal(half_blind().to, 10);
	WITHOUT(COVERAGE)
		assert_true(half_blind().to < 10);
}

/* KEDA #1850, #2244: most of the metrics cannot be reached, so there is no load. */
static struct verdict mostly_unreachable(void)
{
	struct scene *s = busy_scene(10);

	scene_empty(s);
	scene_fill(s, 8, 100);
	scene_add_missing(s);
	scene_add_missing(s);
	return scene_step(s, 10);
}

TEST(unreachable_is_not_idle)
{
	assert_int_equal(mostly_unreachable().to, 10);
	WITHOUT(COVERAGE)
		assert_int_equal(mostly_unreachable().to, 6);
}

/* The rest that is seen is idle; those that are not, are what carries the load. */
static struct verdict the_busy_ones_are_missing(void)
{
	struct scene *s = busy_scene(100);

	s->policy.down_period_ns = 0;
	scene_empty(s);
	scene_fill(s, 91, 20);
	for (int i = 0; i < 9; i++)
		scene_add_missing(s);
	return scene_step(s, 100);
}

TEST(missing_replicas_count_as_busy)
{
	assert_int_equal(the_busy_ones_are_missing().to, 20); /* 9 at 100 % and 91 at 2 % are 10 %: 100 x 10 / 50 */
	WITHOUT(FILL)
		assert_int_equal(the_busy_ones_are_missing().to, 4);
}

/* Kubernetes PR 127193: 1 of 160 pods without a metric kept all of them for eight hours. */
TEST(one_of_160_is_no_veto)
{
	struct scene *s = busy_scene(160);

	s->policy.down_period_ns = 0;
	scene_empty(s);
	scene_fill(s, 159, 250);
	scene_add_missing(s);
	assert_in_range(scene_step(s, 160).to, 80, 82);
}

/* Datadog, 8 March 2023: half of all nodes drop off the network. The workload's own nodes are fine, and idle because
 * those that called it are gone. */
static struct verdict half_of_the_fleet(void)
{
	struct scene *s = busy_scene(10);

	s->view.fleet_nodes = 1000;
	s->view.fleet_silent = 550;
	scene_empty(s);
	scene_fill(s, 10, 100);
	return scene_step(s, 10);
}

TEST(mass_silence_freezes)
{
	assert_int_equal(half_of_the_fleet().reason, VERDICT_SILENCE);
	WITHOUT(SILENCE)
		assert_true(half_of_the_fleet().to < 10);
}

/* … and "the autoscaler killed us while the control plane was sick": what is ordered never comes, so more is
 * ordered. Ten minutes, 4 replicas at three times their target. */
static uint32_t never_filled(void)
{
	struct scene *s = busy_scene(4);
	uint32_t set = 4;

	for (int i = 0; i < 59; i++) {
		set = scene_later(s, SECOND, set, 4, 1500).to;
		s->policy.up_period_ns = 1; /* however fast it may step */
	}
	return set;
}

TEST(what_does_not_come_is_not_ordered_again)
{
	assert_int_equal(never_filled(), 8);
	WITHOUT(UNFILLED)
		assert_int_equal(never_filled(), 12); /* 4 x 150 / 50 */
}

/* Knative #4993, #3153: of all that were ordered few are there, and what is measured is them: new and idle. What was
 * ordered is taken back before it has come. Here a hook that begins all of them anew: 40 become 60, and 6 have come. */
static uint32_t few_have_come(void)
{
	struct scene *s = busy_scene(40);
	uint32_t set = scene_later(s, SECOND, 40, 40, 750).to;

	assert_int_equal(set, 60);
	s->policy.down_period_ns = 0; /* however fast it may step */
	for (int i = 0; i < 50; i++)
		set = scene_later(s, SECOND, set, 6, 50).to;
	return set;
}

TEST(what_was_ordered_is_awaited)
{
	assert_int_equal(few_have_come(), 60);
	WITHOUT(WARMING)
		assert_true(few_have_come() < 60);
}

/* Kubernetes #105655: pods are lost (killed for want of memory, a node that restarts), and those that are left, though
 * far above their target, are so few that replicas x value / target is less than what it is set to. */
static uint32_t few_are_left(void)
{
	struct scene *s = busy_scene(20);
	uint32_t set = 20;

	for (int i = 0; i < 50; i++)
		set = scene_later(s, SECOND, set, 5, 1000).to; /* all they can */
	return set;
}

TEST(what_is_lost_under_load_is_not_given_up)
{
	assert_int_equal(few_are_left(), 20);
	WITHOUT(GONE)
		assert_true(few_are_left() < 20);
}

/* KubeCorp: 30 pods became 4,000, because each brought its own load. */
static uint32_t own_load(void)
{
	struct scene *s = busy_scene(30);
	uint32_t set = 30;

	for (int i = 0; i < 200; i++)
		set = scene_later(s, SECOND, set, set, 800).to;
	return set;
}

TEST(growth_without_gain_ends)
{
	assert_in_range(own_load(), 31, 80); /* two steps of 60 % */
	WITHOUT(GAIN)
		assert_int_equal(own_load(), 1000); /* maxReplicas */
}

/* Those that were ordered away are still seen, as seconds come late: so many, each below its target, ask for more than
 * what is set. The simulator found it. */
static struct verdict late_to_go(void)
{
	struct scene *s = busy_scene(14);

	return scene_later(s, SECOND, 10, 14, 400);
}

TEST(what_was_ordered_away_is_no_reason_to_grow)
{
	assert_int_equal(late_to_go().to, 10);
	WITHOUT(BELOW)
		assert_int_equal(late_to_go().to, 12); /* 14 x 40 / 50 */
}

/* Kubernetes #29989: a JVM burns CPU while it starts, so every step up is the reason for the next. */
static struct verdict jvm(void)
{
	struct scene *s = busy_scene(3);

	scene_empty(s);
	scene_fill(s, 3, 450);
	for (int i = 0; i < 3; i++)
		scene_add(s, 2000)->age_ns = 8 * SECOND;
	s->state.wanted = 0;
	return scene_step(s, 6);
}

TEST(starting_up_is_not_load)
{
	assert_int_equal(jvm().to, 6);
	WITHOUT(YOUNG)
		assert_true(jvm().to > 6);
}

/* --- through the store */

static struct world *quiet_world(void)
{
	static struct world w;
	struct policy *p = &w.policy;

	memset(&w, 0, sizeof(w));
	w.seed = 7;
	w.period_s = 1;
	w.nodes = 4;
	w.startup_s = 1;
	*p = (struct policy){.name = "story", .enforce = true, .min_replicas = 1, .max_replicas = 20,
			     .cpu_request_milli = 500, .tolerance_permille = 100, .window_ns = 5 * SECOND,
			     .fresh_ns = 3 * SECOND, .min_coverage_permille = 900, .down_period_ns = 60 * SECOND,
			     .down_permille = 100, .up_period_ns = 15 * SECOND, .n_metrics = 1,
			     .metric = {{POLICY_CPU, 60}}};
	for (uint32_t s = 0; s < WORLD_SECONDS; s++)
		w.demand_milli[s] = 3000; /* 10 replicas */
	return &w;
}

static uint64_t wrong_actions_in(struct world *w, enum fault_kind k)
{
	struct run_result r;

	w->fault[w->n_faults++] =
		(struct fault){.kind = k, .begins_s = 600, .ends_s = 1200, .nodes = 0xf, .lag_s = 60, .random = 99};
	run_plimsoll(w, NULL, &r);
	assert_int_equal(r.evaluations > 2900, true);
	return run_wrong(&r);
}

static uint64_t wrong_actions(enum fault_kind k)
{
	return wrong_actions_in(quiet_world(), k);
}

static uint64_t wrong_actions_when_heard(enum fault_kind k)
{
	struct world *w = quiet_world();

	w->hears = true;
	w->policy.metric[w->policy.n_metrics++] = (struct policy_metric){
		.kind = POLICY_LATENCY, .target_percent = 100, .quantile_percent = 95, .target_us = 50000};
	return wrong_actions_in(w, k);
}

/* The counters of requests are 0 for a while; before, twice as many replicas were needed, and requests took long. */
static uint64_t wrong_actions_when_they_return(void)
{
	struct world *w = quiet_world();

	w->hears = true;
	w->policy.metric[w->policy.n_metrics++] = (struct policy_metric){
		.kind = POLICY_LATENCY, .target_percent = 100, .quantile_percent = 95, .target_us = 50000};
	w->policy.max_replicas = 12;
	for (uint32_t s = 0; s < 500; s++)
		w->demand_milli[s] = 12000; /* all that 12 can, and so for long */
	for (uint32_t s = 500; s < WORLD_SECONDS; s++)
		w->demand_milli[s] = 1500; /* 5 replicas */
	return wrong_actions_in(w, FAULT_NO_REQUESTS);
}

/* What is told of requests is wrong, and what is told of the CPU is not. */
TEST(requests_that_cannot_be_are_no_reason)
{
	assert_int_equal(wrong_actions_when_heard(FAULT_UNHEARD), 0);
	assert_int_equal(wrong_actions_when_heard(FAULT_NO_REQUESTS), 0);
	assert_int_equal(wrong_actions_when_heard(FAULT_STUCK), 0);
	assert_int_equal(wrong_actions_when_heard(FAULT_DURATIONS), 0);
	assert_int_equal(wrong_actions_when_they_return(), 0);
	WITHOUT(DURATIONS)
		assert_true(wrong_actions_when_heard(FAULT_DURATIONS) > 0);
	WITHOUT(RETURN)
		assert_true(wrong_actions_when_they_return() > 0);
}

/* Kubernetes #104387: the vendor of the metrics answered 0, and everything went to its minimum. */
TEST(zeroes_are_not_idleness)
{
	assert_int_equal(wrong_actions(FAULT_ZERO), 0);
	assert_int_equal(wrong_actions(FAULT_ROWS_ZERO), 0);
	WITHOUT(FALLEN)
		assert_true(wrong_actions(FAULT_ROWS_ZERO) > 0);
}

TEST(what_stands_still_is_not_idle)
{
	assert_int_equal(wrong_actions(FAULT_FROZEN), 0);
	WITHOUT(STILL)
		assert_true(wrong_actions(FAULT_FROZEN) > 0);
}

TEST(more_than_a_machine_has_is_not_load)
{
	assert_int_equal(wrong_actions(FAULT_HUGE), 0);
	WITHOUT(CAPACITY)
		assert_true(wrong_actions(FAULT_HUGE) > 0);
}

/* KEDA #8056: only one of the ways in which a value can be missing set off what was meant for all of them. */
TEST(every_cause_of_absence_is_the_same)
{
	static const enum fault_kind causes[] = {FAULT_LOST, FAULT_RESTART, FAULT_ABSENT, FAULT_NOT_A_NUMBER,
						 FAULT_LATE, FAULT_CLOCK_BACK, FAULT_PAUSED, FAULT_FROZEN};

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		assert_int_equal(wrong_actions(causes[i]), 0);
}

/* One second whose clock was wrong is refused, and no other: the load of the next minutes is seen. */
TEST(a_refused_second_is_passed_over)
{
	struct world *w = quiet_world();
	struct run_result r;

	w->period_s = 5;
	for (uint32_t s = 0; s < WORLD_SECONDS; s++)
		w->demand_milli[s] = s < 700 ? 1500 : 6000;
	w->fault[w->n_faults++] =
		(struct fault){.kind = FAULT_CLOCK_BACK, .begins_s = 600, .ends_s = 605, .nodes = 0xf};
	run_plimsoll(w, NULL, &r);
	assert_int_equal(run_wrong(&r), 0);
	assert_true(r.ups > 0);
	assert_in_range(r.short_s, 0, 120);
}

/* Somebody sets 20 by hand where 10 were ordered, and the load is for 7: it is not 10 that are too many by 3, nor may 13
 * go at once. */
static uint64_t against_more(void)
{
	struct world *w = quiet_world();
	struct run_result r;

	for (uint32_t s = 0; s < WORLD_SECONDS; s++)
		w->demand_milli[s] = s < 300 ? 1500 : s < 900 ? 3000 : 2100;
	w->fault[w->n_faults++] =
		(struct fault){.kind = FAULT_FOREIGN, .begins_s = 900, .ends_s = 1000, .nodes = 0xf, .replicas = 20};
	run_plimsoll(w, NULL, &r);
	return run_wrong(&r);
}

TEST(more_than_were_ordered_count_at_once)
{
	assert_int_equal(against_more(), 0);
	WITHOUT(FOREIGN)
		assert_true(against_more() > 0);
}

/* Somebody takes half of them away under load: for a minute what was ordered is not ordered again. */
static uint64_t against_fewer(void)
{
	struct world *w = quiet_world();
	struct run_result r;

	for (uint32_t s = 0; s < 300; s++)
		w->demand_milli[s] = 1500;
	w->fault[w->n_faults++] =
		(struct fault){.kind = FAULT_FOREIGN, .begins_s = 900, .ends_s = 1000, .nodes = 0xf, .replicas = 5};
	run_plimsoll(w, NULL, &r);
	return run_wrong(&r);
}

TEST(what_somebody_took_away_is_not_ordered_back_at_once)
{
	assert_int_equal(against_fewer(), 0);
	WITHOUT(PATIENCE)
		assert_true(against_fewer() > 0);
}

/* Somebody takes half of them away, and there has been next to no load for as long as the window is: to take back some of
 * what was ordered is to start others. The simulator found it. */
static uint64_t against_fewer_when_idle(void)
{
	struct world *w = quiet_world();
	struct run_result r;

	for (uint32_t s = 0; s < WORLD_SECONDS; s++)
		w->demand_milli[s] = s < 300 ? 1500 : s < 630 ? 3000 : 300;
	w->policy.down_stabilization_ns = 300 * SECOND;
	w->fault[w->n_faults++] =
		(struct fault){.kind = FAULT_FOREIGN, .begins_s = 900, .ends_s = 1000, .nodes = 0xf, .replicas = 5};
	run_plimsoll(w, NULL, &r);
	return run_wrong(&r);
}

TEST(fewer_than_were_ordered_are_not_made_more)
{
	assert_int_equal(against_fewer_when_idle(), 0);
	WITHOUT(GONE)
		assert_true(against_fewer_when_idle() > 0);
}

/* --- an hour in which the simulator found something */

static uint64_t wrong_in_hour(uint64_t seed)
{
	static struct world w;
	struct run_result r;

	world_make(seed, &w);
	run_plimsoll(&w, NULL, &r);
	return run_wrong(&r);
}

/* A second shrink on means from before the first. */
TEST(shrinking_waits_until_it_shows)
{
	assert_int_equal(wrong_in_hour(857), 0);
	WITHOUT(SETTLING)
		assert_true(wrong_in_hour(857) > 0);
}

static uint64_t actions(const struct world *w)
{
	struct run_result r;

	run_plimsoll(w, NULL, &r);
	assert_true(r.ups + r.downs > 0);
	return r.actions_hash;
}

/* I17: wall clocks stepped by years on every node: not one action differs. */
TEST(wall_clocks_decide_nothing)
{
	struct world *w = quiet_world();
	uint64_t before;

	for (uint32_t s = 0; s < WORLD_SECONDS; s++)
		w->demand_milli[s] = s / 600 % 2 ? 1000 : 4500;
	before = actions(w);
	for (uint32_t i = 0; i < WORLD_FAULTS; i++)
		w->fault[w->n_faults++] = (struct fault){.kind = FAULT_WALL, .begins_s = 100 + i * 400,
							 .ends_s = 300 + i * 400, .nodes = 0xf,
							 .random = 0x9e3779b97f4a7c15ull * (i + 1)};
	assert_int_equal(actions(w), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_threads_are_not_idle),
		cmocka_unit_test(one_step_at_most_doubles),
		cmocka_unit_test(the_fleet_has_a_budget),
		cmocka_unit_test(shrinking_has_a_pace),
		cmocka_unit_test(one_missing_metric_forbids_shrinking),
		cmocka_unit_test(unreachable_is_not_idle),
		cmocka_unit_test(missing_replicas_count_as_busy),
		cmocka_unit_test(one_of_160_is_no_veto),
		cmocka_unit_test(mass_silence_freezes),
		cmocka_unit_test(what_does_not_come_is_not_ordered_again),
		cmocka_unit_test(what_was_ordered_is_awaited),
		cmocka_unit_test(what_is_lost_under_load_is_not_given_up),
		cmocka_unit_test(growth_without_gain_ends),
		cmocka_unit_test(what_was_ordered_away_is_no_reason_to_grow),
		cmocka_unit_test(starting_up_is_not_load),
		cmocka_unit_test(zeroes_are_not_idleness),
		cmocka_unit_test(requests_that_cannot_be_are_no_reason),
		cmocka_unit_test(what_stands_still_is_not_idle),
		cmocka_unit_test(more_than_a_machine_has_is_not_load),
		cmocka_unit_test(a_refused_second_is_passed_over),
		cmocka_unit_test(more_than_were_ordered_count_at_once),
		cmocka_unit_test(what_somebody_took_away_is_not_ordered_back_at_once),
		cmocka_unit_test(fewer_than_were_ordered_are_not_made_more),
		cmocka_unit_test(every_cause_of_absence_is_the_same),
		cmocka_unit_test(shrinking_waits_until_it_shows),
		cmocka_unit_test(wall_clocks_decide_nothing),
	};

	return cmocka_run_group_tests_name("safety/failures", tests, NULL, NULL);
}
