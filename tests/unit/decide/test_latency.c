/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/latency.h"
#include "decide/measure.h"

#include "scene.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define MS 1000000ull

static uint32_t took[64][HIST_BUCKETS];

/* CPU at 50 % first, as in every scene, and p95 at 40 ms. */
static struct scene *latency_scene(void)
{
	struct scene *s = scene_new();

	s->policy.young_ns = 10 * SECOND;
	s->policy.metric[s->policy.n_metrics++] = (struct policy_metric){
		.kind = POLICY_LATENCY, .target_percent = 100, .quantile_percent = 95, .target_us = 40000};
	return s;
}

/* `n` requests a second of `each_ms`, for 2 s. */
static struct view_replica *answer(struct view_replica *r, uint32_t *of, uint32_t n, uint64_t each_ms)
{
	memset(of, 0, HIST_BUCKETS * sizeof(*of));
	of[hist_bucket(each_ms * MS)] = 2 * n;
	r->took = of;
	r->took_ns = 2 * SECOND;
	return r;
}

static struct view_replica *add(struct scene *s, uint64_t cpu_milli, uint32_t n, uint64_t each_ms)
{
	uint32_t i = s->view.replicas;

	return answer(scene_add(s, cpu_milli), took[i], n, each_ms);
}

static struct verdict_metric measured(struct scene *s, uint32_t current)
{
	struct verdict_metric m;

	measure(&s->policy, 1, &s->view, current, 1000 * SECOND, &m);
	return m;
}

/* --- the quantile */

TEST(is_linear_inside_a_bucket)
{
	struct latency l = {0};
	uint32_t h[HIST_BUCKETS] = {0}, us;

	h[hist_bucket(20 * MS)] = 100; /* from 16.384 to 24.576 ms */
	latency_add(&l, h, 2 * SECOND);
	assert_true(latency_quantile(&l, 50, &us));
	assert_int_equal(us, 16384 + 8192 / 2);
	assert_true(latency_quantile(&l, 95, &us));
	assert_int_equal(us, 16384 + 8192 * 95 / 100);
	assert_int_equal(l.all, 100);
	assert_int_equal(l.milli, 50000);
}

TEST(is_over_all_replicas_together)
{
	struct latency l = {0};
	uint32_t fast[HIST_BUCKETS] = {0}, slow[HIST_BUCKETS] = {0}, us;

	fast[hist_bucket(MS)] = 94;
	slow[hist_bucket(500 * MS)] = 6;
	latency_add(&l, fast, SECOND);
	latency_add(&l, slow, SECOND);
	assert_true(latency_quantile(&l, 50, &us));
	assert_true(us < 2000);
	assert_true(latency_quantile(&l, 95, &us));
	assert_true(us > 390000 && us < 600000);
}

TEST(claims_no_more_than_the_last_bucket_says)
{
	struct latency l = {0};
	uint32_t h[HIST_BUCKETS] = {0}, us;

	h[HIST_BUCKETS - 1] = 1000;
	latency_add(&l, h, SECOND);
	assert_true(latency_quantile(&l, 99, &us));
	assert_int_equal(us, hist_lower_ns(HIST_BUCKETS - 1) / 1000);
}

/* One slow request alone is no quantile. */
TEST(needs_so_many_requests)
{
	struct latency l = {0};
	uint32_t h[HIST_BUCKETS] = {0}, us = 7;

	assert_int_equal(latency_least(50), 20);
	assert_int_equal(latency_least(95), 40);
	assert_int_equal(latency_least(99), 200);
	h[10] = 39;
	latency_add(&l, h, SECOND);
	assert_false(latency_quantile(&l, 95, &us));
	assert_int_equal(us, 7);
	assert_true(latency_quantile(&l, 50, &us));
	h[10] = 1;
	latency_add(&l, h, SECOND);
	assert_true(latency_quantile(&l, 95, &us));
}

/* --- the metric */

/* 100 requests a second of the bucket that ends at 98.3 ms: p95 is 96.6, 241 % of 40; 2 x 241 / 100 = 4.82. */
TEST(asks_in_proportion_above_its_target)
{
	struct scene *s = latency_scene();
	struct verdict_metric m;

	add(s, 100, 50, 80);
	add(s, 100, 50, 80);
	m = measured(s, 2);
	assert_true(m.known);
	assert_int_equal(m.requests, 200);
	assert_int_equal(m.answered_milli, 100000);
	assert_int_equal(m.value_us, 65536 + 32768 * 95 / 100);
	assert_int_equal(m.value_percent, 241);
	assert_int_equal(m.asks, 5);
	assert_verdict(scene_step(s, 2), 5, VERDICT_METRIC);
}

TEST(below_its_target_objects_to_nothing)
{
	struct scene *s = latency_scene();
	struct verdict v;

	for (int i = 0; i < 4; i++)
		add(s, 100, 50, 5);
	v = scene_step(s, 4);
	assert_int_equal(v.trigger, 0);
	assert_verdict(v, 1, VERDICT_METRIC); /* 4 x 10 / 50 = 0.8: CPU alone says so */
}

TEST(above_its_target_forbids_shrinking)
{
	struct scene *s = latency_scene();

	s->policy.tolerance_permille = 100;
	for (int i = 0; i < 4; i++)
		add(s, 100, 50, 36); /* the bucket up to 49.152: p95 is 48.3, 120 % */
	assert_int_equal(measured(s, 4).value_percent, 120);
	assert_verdict(scene_step(s, 4), 5, VERDICT_METRIC);
	s->policy.metric[1].target_us = 46000; /* 105 %: within the tolerance */
	assert_verdict(scene_step(s, 4), 4, VERDICT_STEADY);
}

/* A service that nobody asks anything is not blind. */
TEST(few_requests_are_no_reason_not_to_shrink)
{
	struct scene *s = latency_scene();
	struct verdict v;

	for (int i = 0; i < 4; i++)
		add(s, 100, i ? 0 : 5, 400);
	v = scene_step(s, 4);
	assert_false(v.metric[1].known);
	assert_int_equal(v.metric[1].measured, 4);
	assert_int_equal(v.metric[1].value_us, 0);
	assert_int_equal(v.coverage_permille, 1000);
	assert_verdict(v, 1, VERDICT_METRIC);
}

/* Nobody hears requests: that is blindness, and never 0 ms. */
TEST(unheard_requests_forbid_shrinking)
{
	struct scene *s = latency_scene();

	scene_fill(s, 4, 100);
	assert_false(measured(s, 4).known);
	assert_int_equal(measured(s, 4).missing, 4);
	assert_verdict(scene_step(s, 4), 4, VERDICT_COVERAGE);
	scene_empty(s);
	scene_fill(s, 4, 1000);
	s->view.boottime_ns += SECOND;
	assert_verdict(scene_step(s, 4), 8, VERDICT_METRIC); /* CPU may still ask for more */
}

/* Content with what there is, while nobody measures the CPU: nothing changes, and it is not as if nothing was known. */
TEST(alone_it_never_shrinks)
{
	struct scene *s = latency_scene();

	for (int i = 0; i < 4; i++)
		add(s, 0, 50, 5)->cpu_known = false;
	assert_verdict(scene_step(s, 4), 4, VERDICT_COVERAGE);
	s->policy.min_coverage_permille = 0;
	assert_verdict(scene_step(s, 4), 4, VERDICT_COVERAGE);
	for (uint32_t i = 0; i < 4; i++)
		answer(&s->replica[i], took[i], 50, 80);
	assert_verdict(scene_step(s, 4), 8, VERDICT_STEP_LIMIT); /* of 10 */
}

/* Of 4, one is not heard: 241 % x 3 / 4 = 180 %, 4 x 180 / 100 = 7.2. */
TEST(missing_ones_are_not_multiplied)
{
	struct scene *s = latency_scene();
	struct verdict_metric m;

	for (int i = 0; i < 3; i++)
		add(s, 100, 50, 80);
	scene_add(s, 100);
	m = measured(s, 4);
	assert_int_equal(m.missing, 1);
	assert_int_equal(m.imputed_percent, 180);
	assert_int_equal(m.asks, 8);
}

/* Those that begin are slow, and the others are not. */
TEST(young_ones_are_no_reason_to_grow)
{
	struct scene *s = latency_scene();
	struct verdict v;

	add(s, 400, 50, 5);
	add(s, 400, 50, 5);
	scene_step(s, 2);
	s->view.boottime_ns += 100 * SECOND;
	scene_empty(s);
	add(s, 400, 50, 5);
	add(s, 400, 50, 5);
	add(s, 400, 50, 900)->age_ns = 5 * SECOND;
	v = scene_step(s, 3);
	assert_true(v.metric[1].value_percent > 1000);
	assert_int_equal(v.metric[1].young, 1);
	assert_verdict(v, 3, VERDICT_YOUNG);
	s->replica[2].age_ns = 11 * SECOND;
	assert_verdict(scene_step(s, 3), 7, VERDICT_STEP_LIMIT);
}

/* --- does growing help? */

/* 4 replicas wait for a dependency: whatever is added, requests take as long, and no more of them are answered. */
static struct verdict wait_for_others(struct scene *s, uint32_t n, uint32_t current, uint32_t each_per_s, uint64_t after_ns)
{
	s->view.boottime_ns += after_ns;
	scene_empty(s);
	for (uint32_t i = 0; i < n; i++) {
		add(s, 100, each_per_s, 900);
		s->replica[i].strain_permille = 900; /* connect, network: it waits */
	}
	return scene_step(s, current);
}

TEST(a_dependency_that_is_slow_stops_the_growth)
{
	struct scene *s = latency_scene();

	s->policy.young_ns = 0;
	assert_verdict(wait_for_others(s, 4, 4, 200, SECOND), 8, VERDICT_STEP_LIMIT);
	assert_verdict(wait_for_others(s, 8, 8, 100, 6 * SECOND), 8, VERDICT_UNFILLED); /* seen; a window must pass */
	assert_verdict(wait_for_others(s, 8, 8, 100, 6 * SECOND), 16, VERDICT_STEP_LIMIT); /* the first that was no use */
	assert_verdict(wait_for_others(s, 16, 16, 50, 6 * SECOND), 16, VERDICT_UNFILLED);
	assert_verdict(wait_for_others(s, 16, 16, 50, 6 * SECOND), 16, VERDICT_NO_GAIN);
	/* It is not idle either, little CPU as it uses. */
	for (uint32_t i = 0; i < 16; i++)
		answer(&s->replica[i], took[i], 50, 5);
	assert_verdict(scene_step(s, 16), 16, VERDICT_STRAINED);
}

/* What waits for a CPU gets more of it with more replicas, sooner or later. */
TEST(want_of_cpu_does_not_stop_the_growth)
{
	struct scene *s = latency_scene();

	s->policy.young_ns = 0;
	for (uint32_t n = 4; n < 64; n *= 2) {
		for (int i = 0; i < 2; i++)
			wait_for_others(s, n, n, 400 / n, 6 * SECOND);
		for (uint32_t i = 0; i < n; i++)
			s->replica[i].runq_permille = 400;
		s->view.boottime_ns += 6 * SECOND;
		assert_verdict(scene_step(s, n), 2 * n, VERDICT_STEP_LIMIT);
	}
}

/* Those that came are slow to begin: before they serve nothing can be better. */
TEST(is_judged_when_they_serve)
{
	struct scene *s = latency_scene();

	wait_for_others(s, 4, 4, 100, SECOND);
	assert_verdict(wait_for_others(s, 4, 4, 100, 100 * SECOND), 8, VERDICT_STEP_LIMIT);
	for (int i = 0; i < 17; i++) {
		wait_for_others(s, 8, 8, i < 10 ? 50 : 100, SECOND);
		assert_int_equal(s->state.gain.useless, 0);
	}
	assert_int_equal(s->state.gain.live, 8); /* judged, and the next one is open */
}

/* Too few replicas, and a queue of a bounded length: those that are answered took as long as before, but twice as many
 * are. */
TEST(a_cut_off_queue_goes_on_growing)
{
	struct scene *s = latency_scene();

	s->policy.young_ns = 0;
	assert_verdict(wait_for_others(s, 4, 4, 100, SECOND), 8, VERDICT_STEP_LIMIT);
	wait_for_others(s, 8, 8, 100, 6 * SECOND);
	assert_verdict(wait_for_others(s, 8, 8, 100, 6 * SECOND), 16, VERDICT_STEP_LIMIT);
	wait_for_others(s, 16, 16, 100, 6 * SECOND);
	assert_verdict(wait_for_others(s, 16, 16, 100, 6 * SECOND), 32, VERDICT_STEP_LIMIT);
	assert_int_equal(s->state.gain.useless, 0);
}

TEST(absurd_numbers_stop_at_the_top)
{
	struct scene *s = latency_scene();
	struct verdict_metric m;

	s->policy.metric[1].target_us = 1;
	for (int i = 0; i < 40; i++) {
		add(s, 100, 1, 80);
		took[i][HIST_BUCKETS - 1] = UINT32_MAX;
		took[i][0] = 1;
		s->replica[i].took_ns = 1;
	}
	m = measured(s, 40);
	assert_true(m.answered_milli == UINT64_MAX);
	assert_int_equal(m.value_us, 8388608);
	assert_int_equal(m.value_percent, 838860800);
	assert_int_equal(m.asks, 335544320);
	s->replica[0].took_ns = 0;
	assert_true(measured(s, 40).known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_linear_inside_a_bucket),
		cmocka_unit_test(is_over_all_replicas_together),
		cmocka_unit_test(claims_no_more_than_the_last_bucket_says),
		cmocka_unit_test(needs_so_many_requests),
		cmocka_unit_test(asks_in_proportion_above_its_target),
		cmocka_unit_test(below_its_target_objects_to_nothing),
		cmocka_unit_test(above_its_target_forbids_shrinking),
		cmocka_unit_test(few_requests_are_no_reason_not_to_shrink),
		cmocka_unit_test(unheard_requests_forbid_shrinking),
		cmocka_unit_test(alone_it_never_shrinks),
		cmocka_unit_test(missing_ones_are_not_multiplied),
		cmocka_unit_test(young_ones_are_no_reason_to_grow),
		cmocka_unit_test(a_dependency_that_is_slow_stops_the_growth),
		cmocka_unit_test(want_of_cpu_does_not_stop_the_growth),
		cmocka_unit_test(is_judged_when_they_serve),
		cmocka_unit_test(a_cut_off_queue_goes_on_growing),
		cmocka_unit_test(absurd_numbers_stop_at_the_top),
	};

	return cmocka_run_group_tests_name("decide/latency", tests, NULL, NULL);
}
