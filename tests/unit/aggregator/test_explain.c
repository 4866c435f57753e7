/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/explain.h"
#include "aggregator/explain_metric.h"
#include "aggregator/record.h"
#include "aggregator/store/decisions.h"
#include "base/clock.h"
#include "base/hist.h"

#define S CLOCK_NS_PER_S

static const struct policy policy = {.name = "shop/api",
				     .enforce = true,
				     .min_replicas = 2,
				     .max_replicas = 20,
				     .cpu_request_milli = 500,
				     .tolerance_permille = 100,
				     .window_ns = 2 * S,
				     .down_stabilization_ns = 300 * S,
				     .fresh_ns = 3 * S,
				     .min_coverage_permille = 900,
				     .n_metrics = 2,
				     .metric = {{POLICY_CPU, 60}, {POLICY_RUNQ, 50}}};

static uint64_t period_ns = S; /* of all agents */

/* `n` replicas that use `milli` each; from `fresh` on they have no sample. */
static const char *explained(uint32_t n, uint32_t fresh, uint64_t milli, struct verdict *ret)
{
	static char text[8192];
	struct view_replica r[32] = {0};
	struct view v = {.boottime_ns = 100 * S, .wall_unix_ns = 1790000000 * S + S / 2,
			 .replicas = n, .replica = r, .nodes = 1};
	struct decide_state none = {0}, after = {0};
	struct decision x = {.id = 7, .wall_unix_ns = v.wall_unix_ns, .from = n};
	scoped(buf_done) struct buf b = {0};

	for (uint32_t i = 0; i < n; i++) {
		snprintf(r[i].name, sizeof(r[i].name), "node:/shop/api-%02u", i);
		r[i].sample_age_ns = i < fresh ? S / 2 : UINT64_MAX;
		r[i].period_ns = period_ns;
		r[i].cpu_known = r[i].runq_known = i < fresh;
		r[i].cpu_milli = milli;
		r[i].runq_permille = 200;
		r[i].window_ns = 2 * S;
	}
	decide_step(&policy, &v, n, &after, ret);
	x.to = ret->to;
	strcpy(x.workload, "shop/api");
	strcpy(x.policy, "shop/api");
	strcpy(x.mode, "Enforce");
	strcpy(x.outcome, "applied");
	scoped(freep) char *record = record_json(&policy, &v, n, &none, ret);
	assert_int_equal(explain_decision(&x, record, &b, NULL), 0);
	snprintf(text, sizeof(text), "%s", buf_text(&b));
	return text;
}

static void says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("\"%s\" is not in\n%s", words, text);
}

/* 6 x 420m of 6 x 500m = 84 %; 6 x 84 / 60 = 8.4, so 9. */
static void growth_can_be_recomputed(void **state)
{
	struct verdict d;
	const char *text = explained(6, 6, 420, &d);

	(void)state;
	assert_int_equal(d.to, 9);
	says(text, "shop/api 6 -> 9 at 2026-09-21T14:13:20.500Z (d-7, policy shop/api, mode Enforce)");
	says(text, "policy           500m of CPU a replica, tolerance 10 %, rates over 2 s, samples older "
		   "than 3 s are missing");
	says(text, "set to           6, live: 6");
	says(text, "asked for most   cpu 84 % of request over 6 of 6 replicas (2520m of 3000m), "
		   "oldest sample 0.5 s; target 60 %");
	says(text, "6 x 84 / 60 = 8.40, rounded up: asks for 9");
	says(text, "also asked       run queue 20 % of runnable time waiting over 6 of 6 replicas");
	says(text, "6 x 20 / 50 = 2.40, rounded up: asks for 3");
	says(text, "nothing in them holds 9 back");
	says(text, "limits           min 2, max 20");
	says(text, "up to 6 + max(4, 100 %) = 12\n");
	says(text, "6 -> 9, reason metric: a metric asks for this number");
	says(text, "the recorded inputs give the same verdict again");
	says(text, "node:/shop/api-05: cpu 420m, run queue 200 permille, mean over 2.0 s, sample 0.5 s old");
}

/* 5 x 450m of 2500m = 90 %; the sixth counts 0: 2250 of 3000 = 75 %; 6 x 75 / 60 = 7.5, so 8. */
static void what_was_filled_in_is_said(void **state)
{
	struct verdict d;
	const char *text = explained(6, 5, 450, &d);

	(void)state;
	assert_int_equal(d.to, 8);
	says(text, "cpu 90 % of request over 5 of 6 replicas");
	says(text, "1 without a fresh rate, counted at 0 % each, against the change: 75 %");
	says(text, "6 x 75 / 60 = 7.50, rounded up: asks for 8");
	says(text, "node:/shop/api-05: cpu not known, never sampled");
}

static void what_nobody_measured_did_not_ask(void **state)
{
	struct verdict d;
	const char *text = explained(24, 0, 0, &d);

	(void)state;
	assert_int_equal(d.to, 20); /* the most there may be */
	says(text, "not known        cpu: not measured on any of 24 replicas, target 60 %");
	assert_null(strstr(text, "asked for most"));
}

/* 4 x 400m of 2500m = 64 %, near 60 %: it is that it stays for, not that 5 x 64 / 60 would be more than 5. */
static void near_the_target_with_those_counted_in(void **state)
{
	struct verdict d;
	const char *text = explained(5, 4, 400, &d);

	(void)state;
	assert_int_equal(d.to, 5);
	says(text, "cpu 80 % of request over 4 of 5 replicas");
	says(text, "1 without a fresh rate, counted at 0 % each, against the change: 64 %");
	says(text, "within 10 % of the target: asks for 5, as it is set");
	assert_null(strstr(text, "turns round"));
}

/* 3 x 350m of 3000m = 35 %: fewer than 60 %, though the three alone are above it. */
static void a_direction_that_turns_is_said_once(void **state)
{
	struct verdict d;
	const char *text = explained(6, 3, 350, &d);

	(void)state;
	assert_int_equal(d.to, 6);
	says(text, "6 x 35 / 60 = 3.50, rounded up: 4; with those counted in, the direction turns round: asks for 6, as it is set");
}

/* Two seconds of a policy with periods: `replicas` are live then, `set` are ordered; the second one is told. */
static const char *second_step(bool enforce, uint64_t apart_ns, const uint32_t replicas[2], uint32_t set,
			       const uint64_t milli[2], struct verdict *ret)
{
	static char text[8192];
	struct policy p = policy;
	struct view_replica r[3] = {0};
	struct view v = {.boottime_ns = 100 * S, .replicas = replicas[0], .replica = r, .nodes = 1};
	struct decide_state s = {0}, before;
	const struct decision x = {.id = 7, .workload = "api", .policy = "api", .mode = "Enforce", .outcome = "applied"};
	scoped(buf_done) struct buf b = {0};

	p.min_replicas = 1;
	p.enforce = enforce;
	p.up_period_ns = 15 * S;
	p.down_period_ns = 60 * S;
	p.down_permille = 100;
	p.young_ns = 10 * S;
	p.n_metrics = 1;
	for (uint32_t i = 0; i < 3; i++)
		r[i] = (struct view_replica){.name = "r", .age_ns = i < 1 ? 60 * S : 5 * S, .cpu_known = true,
					     .cpu_milli = milli[0], .window_ns = 2 * S};
	decide_step(&p, &v, replicas[0], &s, ret);
	v.boottime_ns += apart_ns;
	v.replicas = replicas[1];
	for (uint32_t i = 0; i < 3; i++)
		r[i].cpu_milli = milli[1];
	before = s;
	decide_step(&p, &v, set, &s, ret);
	scoped(freep) char *record = record_json(&p, &v, set, &before, ret);
	assert_int_equal(explain_decision(&x, record, &b, NULL), 0);
	says(buf_text(&b), "the recorded inputs give the same verdict again");
	snprintf(text, sizeof(text), "%s", buf_text(&b));
	return text;
}

/* It was 1 within the period: 1 + max(4, 1) = 5, and 3 - max(4, 0) = 0. */
static void limits_name_what_they_start_from(void **state)
{
	struct verdict d;
	const char *text = second_step(false, 5 * S, (uint32_t[]){1, 3}, 3, (uint64_t[]){900, 900}, &d);

	(void)state;
	assert_int_equal(d.to, 5); /* the two young ones count at nothing: 900 of 1500 is 60 %; or not as young yet */
	says(text, "up to 1 + max(4, 100 %) = 5: 1 is the least it was set to in 15 s\n");
	says(text, "down to 3 - max(4, 10 %) = 0: 3 is the most it was set to in 60 s\n");
	says(text, "r: cpu 900m, first seen 5.0 s ago, mean over 2.0 s");
}

/* 3 at 20 % of 60 would ask for 1; with the two young ones at 100 % it is 73 %. */
static void who_just_began_is_a_limit(void **state)
{
	struct verdict d;
	const char *text = second_step(false, 6 * S, (uint32_t[]){1, 3}, 3, (uint64_t[]){300, 100}, &d);

	(void)state;
	assert_int_equal(d.to, 3);
	assert_int_equal(d.reason, VERDICT_YOUNG);
	says(text, "2 that just began, counted at 100 % each: 73 %, so not below 3\n");
	says(text, "result           3 -> 3, reason young: replicas that just began: what they use is no reason to change");
}

/* From 1 to 2 at 100 %; the second never came. 20 s later 1 x 600 / 60 = 10: 2 + 4 = 6 would do, 1 + 4 is what is open. */
static void an_open_step_is_a_limit(void **state)
{
	struct verdict d;
	const char *text = second_step(true, 20 * S, (uint32_t[]){1, 1}, 2, (uint64_t[]){500, 3000}, &d);

	(void)state;
	assert_int_equal(d.to, 5);
	says(text, "up to 2 + max(4, 100 %) = 6: 2 is the least it was set to in 15 s\n");
	says(text, "the step from 1 is not yet measured: until then up to 1 + max(4, 100 %) = 5\n");
	says(text, "2 -> 5, reason step-limit: a step goes no further at once");
}

static void what_is_old_goes_by_the_slowest_agent(void **state)
{
	struct verdict d;

	(void)state;
	period_ns = 15 * S;
	says(explained(6, 6, 420, &d), "rates over 2 s, samples older than 3 s (45 s where an agent samples every 15 s) are missing");
	period_ns = S;
}

static void a_window_that_holds_is_named(void **state)
{
	struct verdict d;
	const char *text = explained(6, 6, 60, &d);

	(void)state;
	assert_int_equal(d.to, 6); /* 12 % of 60 %: asks for 2, and it was 6 until now */
	says(text, "scaleDown 300 s: as no less was asked for in it, 6 stays");
	says(text, "reason stabilized");
}

static void many_replicas_are_cut_short(void **state)
{
	struct verdict d;
	const char *text = explained(25, 25, 300, &d);

	(void)state;
	says(text, "within 10 % of the target: asks for 25, as it is set");
	says(text, "and 5 more in the record");
	assert_null(strstr(text, "api-20:"));
}

static void a_trigger_is_one_line(void **state)
{
	struct verdict d = {.trigger = 1, .metric = {{0}, {.known = true, .value_percent = 40, .target_percent = 50}}};
	char text[64];

	(void)state;
	explain_metric_trigger(&policy, &d, text, sizeof(text));
	assert_string_equal(text, "run queue 40 % < 50 %");
	d.trigger = -1;
	explain_metric_trigger(&policy, &d, text, sizeof(text));
	assert_string_equal(text, "");
}

/* Two replicas, each with so many requests of 80 ms in 2 s, against p95 below 40 ms; the third is not heard. */
static const char *explained_latency(uint32_t requests, struct verdict *ret)
{
	static char text[8192];
	uint32_t took[HIST_BUCKETS] = {0};
	struct view_replica r[3] = {0};
	struct view v = {.boottime_ns = 100 * S, .replicas = 3, .replica = r, .nodes = 1};
	struct decide_state none = {0}, after = {0};
	struct decision x = {.id = 7, .from = 3};
	struct policy p = policy;
	scoped(buf_done) struct buf b = {0};

	p.metric[1] = (struct policy_metric){
		.kind = POLICY_LATENCY, .target_percent = 100, .quantile_percent = 95, .target_us = 40000};
	took[hist_bucket(80 * CLOCK_NS_PER_MS)] = requests;
	for (int i = 0; i < 3; i++) {
		snprintf(r[i].name, sizeof(r[i].name), "node:/shop/api-%d", i);
		r[i].cpu_known = true;
		r[i].cpu_milli = 300;
		r[i].took = i < 2 ? took : NULL;
		r[i].took_ns = 2 * S;
	}
	decide_step(&p, &v, 3, &after, ret);
	scoped(freep) char *record = record_json(&p, &v, 3, &none, ret);
	assert_int_equal(explain_decision(&x, record, &b, NULL), 0);
	snprintf(text, sizeof(text), "%s", buf_text(&b));
	return text;
}

/* p95 of the bucket from 65.5 to 98.3 ms is 96.6: 241 % of 40. Two of three: 241 x 2 / 3 = 160 %, 3 x 160 / 100 = 4.8. */
static void a_latency_can_be_recomputed(void **state)
{
	struct verdict d;
	const char *text = explained_latency(100, &d);
	char trigger[64];

	(void)state;
	says(text, "asked for most   p95 96.7 ms, 241 % of its target, over 2 of 3 replicas (200 requests, 100 a second), "
		   "oldest sample 0.0 s; target 40 ms");
	says(text, "1 without a fresh rate, counted at 0 % each, against the change: 160 %");
	says(text, "3 x 160 / 100 = 4.80, rounded up: asks for 5");
	says(text, "also asked       cpu 60 %");
	says(text, "node:/shop/api-1: cpu 300m, 100 requests in 2.0 s");
	says(text, "node:/shop/api-2: cpu 300m, requests not known");
	says(text, "the recorded inputs give the same verdict again");
	explain_metric_trigger(&(struct policy){.metric = {{0}, {POLICY_LATENCY, 100, 95, 40000}}}, &d, trigger, sizeof(trigger));
	assert_string_equal(trigger, "p95 96.7 ms > 40 ms");
	says(explained_latency(15, &d), "not known        p95: 30 requests on 2 of 3 replicas, it takes 40 to tell, target 40 ms");
}

static void times_have_a_unit(void **state)
{
	static const struct {
		uint32_t us;
		const char *text;
	} all[] = {{0, "0 ms"}, {850, "0.85 ms"}, {30000, "30 ms"}, {999400, "999 ms"}, {999600, "1 s"}, {8388608, "8.39 s"}};
	const struct policy_metric of = {.kind = POLICY_LATENCY};
	char text[EXPLAIN_METRIC];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		explain_metric_value(&of, &(struct verdict_metric){.value_us = all[i].us}, text);
		assert_string_equal(text, all[i].text);
	}
}

static void a_broken_record_is_an_error(void **state)
{
	scoped(buf_done) struct buf b = {0};
	struct decision x = {.id = 1};
	struct err e;

	(void)state;
	assert_true(explain_decision(&x, "{}", &b, &e) < 0);
	assert_true(e.what[0]);
	assert_string_equal(buf_text(&b), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_can_be_recomputed),
		cmocka_unit_test(what_was_filled_in_is_said),
		cmocka_unit_test(what_nobody_measured_did_not_ask),
		cmocka_unit_test(near_the_target_with_those_counted_in),
		cmocka_unit_test(a_direction_that_turns_is_said_once),
		cmocka_unit_test(an_open_step_is_a_limit),
		cmocka_unit_test(limits_name_what_they_start_from),
		cmocka_unit_test(who_just_began_is_a_limit),
		cmocka_unit_test(what_is_old_goes_by_the_slowest_agent),
		cmocka_unit_test(a_window_that_holds_is_named),
		cmocka_unit_test(many_replicas_are_cut_short),
		cmocka_unit_test(a_trigger_is_one_line),
		cmocka_unit_test(a_latency_can_be_recomputed),
		cmocka_unit_test(times_have_a_unit),
		cmocka_unit_test(a_broken_record_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
