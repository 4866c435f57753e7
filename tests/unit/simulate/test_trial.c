/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/scope.h"
#include "simulate/plot.h"
#include "simulate/trial.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static const struct plant_model model = {.capacity_milli = 500, .startup_s = 10, .slo = 5};

static const char policy[] = "apiVersion: plimsoll.io/v1alpha1\nkind: ScalingPolicy\nmetadata: {name: api}\n"
			     "spec:\n  target: {cgroup: \"/api/*\", cpuRequest: 500m}\n  minReplicas: 1\n"
			     "  maxReplicas: 20\n  metrics:\n    - type: Resource\n      resource: {name: cpu, target: "
			     "{type: Utilization, averageUtilization: 60}}\n  actuator: {none: {}}\n";
static const char hpa[] = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n"
			  "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  minReplicas: 1\n"
			  "  maxReplicas: 20\n  metrics:\n    - type: Resource\n      resource: {name: cpu, target: "
			  "{type: Utilization, averageUtilization: 60}}\n---\napiVersion: apps/v1\nkind: Deployment\n"
			  "metadata: {name: web}\nspec: {template: {spec: {containers: [{name: app, resources: "
			  "{requests: {cpu: 500m}}}]}}}\n";

static void run(const char *text, const char *shape, struct trial *ret)
{
	struct manifests all = {0};
	struct trace t;
	struct err e;

	if (manifests_parse("policy.yaml", text, strlen(text), &all, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	assert_int_equal(trial_request_milli(&all.item[0]), 500);
	assert_int_equal(trace_shape(shape, 6400, &t), 0);
	trial_run(&all.item[0], &t, &model, NULL, NULL, ret);
	trace_done(&t);
	manifests_done(&all);
}

/* 1,280 milli need 4 replicas at 80 % of 500, 6,400 need 16; at 60 % they ask for 5 and for 22. */
TEST(a_step_is_followed)
{
	struct trial t;

	run(policy, "step", &t);
	assert_int_equal(t.seconds, 3600);
	assert_int_equal(t.least, 4);
	assert_int_equal(t.most, 20);
	assert_int_equal(t.need_s, 600 * 4 + 1800 * 16 + 1200 * 4);
	assert_int_equal(t.reactions, 1);
	assert_int_equal(t.reaction_worst_s, 1);
	assert_in_range(t.missed_s, 20, 120);
	assert_int_equal(t.point[2399].replicas, 20);
	assert_int_equal(t.point[3599].replicas, 5);
	trial_done(&t);
}

/* CPU at 80 % is content where requests take long: p95 is 3 x 10 ms / (1 - u / C), 150 ms there. */
TEST(a_latency_asks_for_more_and_shrinks_nothing_by_itself)
{
	scoped(freep) char *slow = mem_printf("%.*s80}}\n    - {type: Latency, latency: {quantile: 95, target: {value: 75ms}}}\n",
					      (int)(strstr(policy, "60}}") - policy), policy);
	struct trial without, with;
	char text[sizeof(policy)];

	memcpy(text, policy, sizeof(policy));
	memcpy(strstr(text, "60}}"), "80}}", 4);
	run(text, "step", &without);
	run(slow, "step", &with);
	assert_in_range(without.point[2399].replicas, 15, 17); /* 6,400 of 500 each */
	assert_in_range(with.point[2399].replicas, 18, 20);    /* 75 ms is at 60 %, and 21 */
	assert_true(with.missed_s < without.missed_s);
	assert_true(with.point[3599].replicas < 10);
	trial_done(&without);
	trial_done(&with);
}

TEST(an_hpa_looks_every_15_s)
{
	struct trial t;

	run(hpa, "step", &t);
	assert_int_equal(t.most, 20);
	assert_int_equal(t.reactions, 1);
	assert_in_range(t.reaction_worst_s, 2, 16);
	trial_done(&t);
}

/* Ten minutes in which nothing is heard, at full load. */
TEST(silence_is_no_reason_to_shrink)
{
	struct trial t;

	run(policy, "outage", &t);
	for (uint32_t s = 1200; s < 1800; s++)
		assert_int_equal(t.point[s].replicas, 20);
	trial_done(&t);
}

TEST(the_same_run_is_the_same)
{
	struct trial a, b;

	run(policy, "noise", &a);
	run(policy, "noise", &b);
	for (uint32_t i = 0; i < a.seconds; i++) { /* not as memory: there is padding */
		assert_int_equal(a.point[i].replicas, b.point[i].replicas);
		assert_int_equal(a.point[i].serving, b.point[i].serving);
		assert_int_equal(a.point[i].need, b.point[i].need);
		assert_int_equal(a.point[i].missed, b.point[i].missed);
	}
	trial_done(&a);
	trial_done(&b);
}

/* Nobody says what a container of it requests: as in Kubernetes, no share of it is known, from the first look on. */
TEST(who_knows_nothing_says_so)
{
	struct manifests all = {0};
	struct trial blind, seeing;
	struct trace t;

	assert_int_equal(manifests_parse("hpa.yaml", hpa, (size_t)(strstr(hpa, "---") - hpa), &all, NULL), 0);
	assert_int_equal(trace_shape("step", 6400, &t), 0);
	trial_run(&all.item[0], &t, &model, NULL, NULL, &blind);
	run(hpa, "step", &seeing);
	assert_int_equal(blind.looks, 3600 / TRIAL_HPA_PERIOD_S);
	assert_int_equal(blind.blind, blind.looks);
	assert_non_null(strstr(blind.why_blind, "missing request for cpu"));
	assert_int_equal(seeing.blind, 0);
	trace_done(&t);
	manifests_done(&all);
	trial_done(&blind);
	trial_done(&seeing);
}

/* As the aggregator takes them. */
TEST(the_deployments_request_counts_before_the_annotation)
{
	const char *at = strstr(hpa, "{name: web}") + strlen("{name: web");
	scoped(freep) char *text = mem_printf("%.*s, annotations: {plimsoll.io/cpu-request: 9}%s", (int)(at - hpa), hpa, at);
	struct manifests all = {0};

	assert_int_equal(manifests_parse("hpa.yaml", text, strlen(text), &all, NULL), 0);
	assert_int_equal(trial_request_milli(&all.item[0]), 500);
	manifests_done(&all);
	assert_int_equal(manifests_parse("hpa.yaml", text, (size_t)(strstr(text, "---") - text), &all, NULL), 0);
	assert_int_equal(trial_request_milli(&all.item[0]), 9000);
	manifests_done(&all);
}

/* 1 replica where 8 are needed, the most there is: the mark is in the top row. */
TEST(the_most_that_was_needed_is_marked)
{
	struct trial_point point = {.replicas = 1, .serving = 1, .need = 8};
	struct trial t = {.point = &point, .seconds = 1};
	scoped(buf_done) struct buf b = {0};

	plot_terminal(&t, 1, &b);
	assert_non_null(strstr(buf_text(&b), "8 │·\n"));
	assert_non_null(strstr(buf_text(&b), "│█\n  missed"));
}

TEST(pictures_are_drawn)
{
	scoped(buf_done) struct buf terminal = {0}, svg = {0};
	const char *name = "a<b&c";
	struct trial t;

	run(policy, "step", &t);
	plot_terminal(&t, 60, &terminal);
	assert_non_null(strstr(buf_text(&terminal), "20 │"));
	assert_non_null(strstr(buf_text(&terminal), "x"));
	plot_svg(&name, &t, 1, &svg);
	assert_non_null(strstr(buf_text(&svg), "a&lt;b&amp;c"));
	assert_non_null(strstr(buf_text(&svg), "</svg>"));
	trial_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_is_followed),
		cmocka_unit_test(a_latency_asks_for_more_and_shrinks_nothing_by_itself),
		cmocka_unit_test(an_hpa_looks_every_15_s),
		cmocka_unit_test(silence_is_no_reason_to_shrink),
		cmocka_unit_test(the_same_run_is_the_same),
		cmocka_unit_test(who_knows_nothing_says_so),
		cmocka_unit_test(the_deployments_request_counts_before_the_annotation),
		cmocka_unit_test(the_most_that_was_needed_is_marked),
		cmocka_unit_test(pictures_are_drawn),
	};

	return cmocka_run_group_tests_name("simulate/trial", tests, NULL, NULL);
}
