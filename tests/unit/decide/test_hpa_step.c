/* SPDX-License-Identifier: Apache-2.0 */
/* Passes over one workload, in numbers that can be followed; the vectors have whole runs. */
#include "decide/hpa_step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TEST(name) static void name(void **unused __attribute__((unused)))
#define ROOM 8
#define DOWN "unable to get external metric ns/lag/nil: unable to fetch metrics from external metrics API: down"

static const struct hpa_metric metrics[] = {
	{.source = HPA_EXTERNAL, .target = HPA_AVERAGE_VALUE, .name = "lag", .selector = "nil", .milli = 1000},
	{.source = HPA_EXTERNAL, .target = HPA_AVERAGE_VALUE, .name = "jobs", .selector = "nil", .milli = 1000}};
static struct hpa_spec spec;
static struct hpa_config config;
static struct hpa_state state;
static struct hpa_outcome out;

static int begin(void **unused)
{
	static struct hpa_log_entry room[3][ROOM];

	(void)unused;
	spec = (struct hpa_spec){.ns = "ns", .target_kind = "Deployment", .target_name = "web", .min = 1,
				 .max = 10, .n = 2, .metric = metrics};
	config = (struct hpa_config){.tolerance = 0.1};
	memset(&state, 0, sizeof(state));
	state.memory = (struct hpa_memory){{.entry = room[0], .room = ROOM},
					   {.entry = room[1], .room = ROOM},
					   {.entry = room[2], .room = ROOM}};
	return 0;
}

/* `replicas` are set; the metrics ask for so many each, less than 0: its API fails. A change is made. */
static void pass(int64_t now_ms, int32_t replicas, int32_t lag, int32_t jobs)
{
	struct hpa_value values[] = {{0, lag * 1000ll}, {0, jobs * 1000ll}};
	struct hpa_answer answers[] = {{.error = lag < 0 ? "down" : NULL, .n = 1, .value = &values[0]},
				       {.error = jobs < 0 ? "down" : NULL, .n = 1, .value = &values[1]}};
	struct hpa_input in = {.now_ms = now_ms, .scale = {replicas, replicas}, .selector = "app=web",
			       .answer = answers};

	hpa_step(&spec, &config, &in, &state, &out);
	if (out.rescale)
		hpa_step_done(&spec, &config, now_ms, NULL, &state, &out);
}

static const struct hpa_condition *condition(enum hpa_condition_type type)
{
	for (size_t i = 0; i < state.status.n_conditions; i++)
		if (state.status.condition[i].type == type)
			return &state.status.condition[i];
	return NULL;
}

TEST(the_metric_that_asks_for_most_wins)
{
	pass(0, 4, 5, 7);
	assert_true(out.rescale);
	assert_int_equal(out.to, 7);
	assert_int_equal(out.metric, 1);
	assert_string_equal(out.reason, "external metric jobs(nil) above target");
	assert_string_equal(out.event[0].message, "New size: 7; reason: external metric jobs(nil) above target");
	assert_string_equal(out.error, "");
	assert_int_equal(state.status.desired, 7);
	assert_int_equal(state.status.last_scale_ms, 0);
}

TEST(when_a_metric_fails_it_may_grow)
{
	pass(0, 4, -1, 7);
	assert_int_equal(out.to, 7);
	assert_string_equal(out.error, "invalid metrics (1 invalid out of 2), first error is: failed to get lag "
				       "external metric value: failed to get lag external metric: " DOWN);
	assert_true(condition(HPA_SCALING_ACTIVE)->is_true);
	assert_false(state.status.metric[0].known);
}

TEST(when_a_metric_fails_it_does_not_shrink)
{
	pass(0, 4, -1, 2);
	assert_true(out.blind);
	assert_false(out.rescale);
	assert_int_equal(out.to, 4);
	assert_int_equal(out.n_events, 2);
	assert_string_equal(out.event[1].reason, "FailedComputeMetricsReplicas");
	assert_false(condition(HPA_SCALING_ACTIVE)->is_true);
	assert_string_equal(condition(HPA_SCALING_ACTIVE)->message,
			    "the HPA was unable to compute the replica count: " DOWN);
}

/* Not even a metric is asked, but the bounds of its own hold. */
TEST(who_has_rivals_decides_nothing)
{
	static const char said[] = "pods by selector app=web are controlled by multiple HPAs: [ns/web ns/night]";
	struct hpa_value value = {0, 7000};
	struct hpa_answer answers[] = {{.n = 1, .value = &value}, {.n = 1, .value = &value}};
	struct hpa_input in = {.scale = {4, 4}, .selector = "app=web", .rivals = "[ns/web ns/night]", .answer = answers};

	hpa_step(&spec, &config, &in, &state, &out);
	assert_true(out.blind);
	assert_false(out.rescale || out.evaluated);
	assert_false(condition(HPA_SCALING_ACTIVE)->is_true);
	assert_string_equal(condition(HPA_SCALING_ACTIVE)->reason, "AmbiguousSelector");
	assert_string_equal(condition(HPA_SCALING_ACTIVE)->message, said);
	assert_true(condition(HPA_ABLE_TO_SCALE)->is_true);
	assert_int_equal(out.n_events, 2);
	assert_string_equal(out.event[0].reason, "AmbiguousSelector");
	assert_string_equal(out.event[0].message, said);
	assert_string_equal(out.event[1].reason, "FailedComputeMetricsReplicas");
	assert_string_equal(out.event[1].message, said);
	in.scale.spec = 11;
	hpa_step(&spec, &config, &in, &state, &out);
	assert_true(out.rescale);
	assert_int_equal(out.to, 10);
}

TEST(outside_min_and_max_no_metric_is_asked)
{
	pass(0, 11, -1, -1);
	assert_false(out.evaluated);
	assert_int_equal(out.to, 10);
	assert_string_equal(out.reason, "Current number of replicas above Spec.MaxReplicas");
	assert_int_equal(state.status.n_metrics, 0);
}

TEST(a_change_that_fails_is_no_change)
{
	struct hpa_value value = {0, 7000};
	struct hpa_answer answers[] = {{.n = 1, .value = &value}, {.n = 1, .value = &value}};
	struct hpa_input in = {.scale = {4, 4}, .selector = "app=web", .answer = answers};

	hpa_step(&spec, &config, &in, &state, &out);
	assert_true(out.rescale);
	hpa_step_done(&spec, &config, 0, "forbidden", &state, &out);
	assert_string_equal(out.error, "failed to rescale Deployment/ns/web: forbidden");
	assert_false(condition(HPA_ABLE_TO_SCALE)->is_true);
	assert_false(state.status.scaled);
	assert_int_equal(state.memory.added.n, 0);
}

/* What the HPA set to 0 it wakes; what a person set to 0 stays. */
TEST(zero_of_its_own_and_zero_of_a_person)
{
	spec.min = 0;
	config.scale_to_zero = true;
	pass(0, 0, 3, 3);
	assert_false(out.rescale);
	assert_string_equal(condition(HPA_SCALING_ACTIVE)->reason, "ScalingDisabled");
	pass(1, 2, 0, 0);
	assert_int_equal(out.to, 0);
	assert_true(condition(HPA_SCALED_TO_ZERO)->is_true);
	pass(2, 0, 3, 3);
	assert_int_equal(out.to, 3);
	assert_false(condition(HPA_SCALED_TO_ZERO)->is_true);
	config.scale_to_zero = false;
	pass(3, 0, 3, 3);
	assert_false(out.rescale);
	assert_null(condition(HPA_SCALED_TO_ZERO));
}

/* The metrics are asked, not the new least alone; from 0 it is the least they get. */
TEST(a_least_that_is_raised_at_zero)
{
	static const struct hpa_policy policy = {HPA_POLICY_PODS, 4, 15};
	static const struct hpa_behavior behavior = {.up = {.n = 1, .policy = &policy},
						     .down = {.window_known = true, .n = 1, .policy = &policy}};

	spec.min = 0;
	spec.behavior = &behavior;
	config.scale_to_zero = true;
	pass(0, 2, 0, 0);
	assert_int_equal(out.to, 0);
	spec.min = 2;
	pass(1, 0, -1, -1);
	assert_true(out.blind);
	pass(2, 0, 0, 0);
	assert_int_equal(out.to, 2);
	assert_string_equal(out.reason, "");
	assert_false(condition(HPA_SCALED_TO_ZERO)->is_true);
}

/* Without a metric that lives on at 0, 0 is no state that the HPA would leave again. */
TEST(zero_by_metrics_of_pods_is_not_the_hpas)
{
	static const struct hpa_metric cpu = {.source = HPA_PODS, .target = HPA_AVERAGE_VALUE, .name = "qps",
					      .selector = "nil", .milli = 1000};
	struct hpa_pod pod = {.name = "a", .phase = HPA_RUNNING};
	struct hpa_pod_sample sample = {.pod = "a"};
	struct hpa_answer answer = {.n = 1, .sample = &sample};
	struct hpa_input in = {.scale = {1, 1}, .selector = "app=web", .n_pods = 1, .pod = &pod,
			       .answer = &answer};

	spec.min = 0;
	spec.n = 1;
	spec.metric = &cpu;
	config.scale_to_zero = true;
	hpa_step(&spec, &config, &in, &state, &out); /* the first look: what there is counts as wanted before */
	in.now_ms = 1;
	hpa_step(&spec, &config, &in, &state, &out);
	assert_int_equal(out.to, 0);
	hpa_step_done(&spec, &config, 1, NULL, &state, &out);
	assert_false(condition(HPA_SCALED_TO_ZERO)->is_true);
}

TEST(a_status_is_written_when_it_changed)
{
	pass(0, 4, 4, 4);
	assert_true(out.status_changed);
	pass(1, 4, 4, 4);
	assert_false(out.status_changed);
	pass(2, 4, -1, 4);
	assert_true(out.status_changed);
	assert_int_equal(condition(HPA_SCALING_ACTIVE)->since_ms, 0); /* it may stay: still active */
	pass(3, 4, -1, 1);
	assert_int_equal(condition(HPA_SCALING_ACTIVE)->since_ms, 3);
}

TEST(texts_longer_than_their_room_are_cut)
{
	static char huge[4 * HPA_TEXT];
	struct hpa_input in = {.scale_error = huge};

	memset(huge, 'x', sizeof(huge) - 1);
	hpa_step(&spec, &config, &in, &state, &out);
	assert_int_equal(strlen(out.event[0].message), HPA_TEXT - 1);
	assert_int_equal(strlen(out.error), HPA_TEXT - 1);
	assert_int_equal(strlen(condition(HPA_ABLE_TO_SCALE)->message), HPA_TEXT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_metric_that_asks_for_most_wins, begin),
		cmocka_unit_test_setup(when_a_metric_fails_it_may_grow, begin),
		cmocka_unit_test_setup(when_a_metric_fails_it_does_not_shrink, begin),
		cmocka_unit_test_setup(who_has_rivals_decides_nothing, begin),
		cmocka_unit_test_setup(outside_min_and_max_no_metric_is_asked, begin),
		cmocka_unit_test_setup(a_change_that_fails_is_no_change, begin),
		cmocka_unit_test_setup(zero_of_its_own_and_zero_of_a_person, begin),
		cmocka_unit_test_setup(a_least_that_is_raised_at_zero, begin),
		cmocka_unit_test_setup(zero_by_metrics_of_pods_is_not_the_hpas, begin),
		cmocka_unit_test_setup(a_status_is_written_when_it_changed, begin),
		cmocka_unit_test_setup(texts_longer_than_their_room_are_cut, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
