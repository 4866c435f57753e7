/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_pods.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))
#define S 1000

/* Started 1,000 s ago, ready since 990 s ago; asks for 100m, uses 70m measured 10 s ago over 30 s. */
static const struct hpa_amount request = {"cpu", 100, 0}, use = {"cpu", 70, 0};
static const struct hpa_container asking = {HPA_PLAIN, "app", 1, &request}, using = {HPA_PLAIN, "app", 1, &use};
static const struct hpa_pod settled = {.name = "a", .phase = HPA_RUNNING, .started = true,
				       .start_ms = -1000 * S, .ready = HPA_READY_TRUE,
				       .ready_since_ms = -990 * S, .n_containers = 1, .container = &asking};
static const struct hpa_pod_sample sample = {.pod = "a", .timestamp_ms = -10 * S, .window_ms = 30 * S,
					     .n_containers = 1, .container = &using};
static const struct hpa_pods_rule rule = {.resource = "cpu", .requests = true, .fill_percent = 120,
					  .cpu_initialization_ms = 300 * S, .initial_readiness_ms = 30 * S};

static struct hpa_pods add_up(const struct hpa_pods_rule *r, const struct hpa_pod *p,
			      const struct hpa_pod_sample *s)
{
	struct hpa_answer a = {.n = s != NULL, .sample = s};
	struct hpa_pods ret;

	hpa_pods_add_up(r, p, 1, &a, &ret);
	return ret;
}

static void falls_into(enum hpa_group g, struct hpa_pod p, const struct hpa_pod_sample *s)
{
	struct hpa_pods all = add_up(&rule, &p, s);

	assert_int_equal(all.count[g], 1);
	assert_int_equal(all.request_milli[g], 100);
	assert_int_equal(all.samples, g == HPA_READY);
	assert_int_equal(all.sum_milli, g == HPA_READY ? 70 : 0);
}

TEST(a_pod_falls_into_one_group)
{
	struct hpa_pod p = settled;

	falls_into(HPA_READY, p, &sample);
	falls_into(HPA_MISSING, p, NULL);
	p.phase = HPA_PENDING;
	falls_into(HPA_UNREADY, p, NULL);
	p.deleting = true;
	falls_into(HPA_IGNORED, p, &sample);
	p = settled;
	p.phase = HPA_FAILED;
	falls_into(HPA_IGNORED, p, &sample);
	p.phase = HPA_SUCCEEDED;
	falls_into(HPA_READY, p, &sample);
	p.started = false;
	falls_into(HPA_UNREADY, p, &sample);
}

/* While it starts, a whole window of the sample must lie after the pod became ready. */
TEST(cpu_of_a_starting_pod_needs_a_window_after_it_was_ready)
{
	struct hpa_pod p = settled;

	p.start_ms = -100 * S;
	p.ready_since_ms = -40 * S;
	falls_into(HPA_READY, p, &sample);
	p.ready_since_ms++;
	falls_into(HPA_UNREADY, p, &sample);
	p.ready_since_ms = -90 * S;
	p.ready = HPA_READY_FALSE;
	falls_into(HPA_UNREADY, p, &sample);
}

/* Later only a pod that never was ready is held to be starting. */
TEST(cpu_of_a_pod_that_was_ready_once_counts)
{
	struct hpa_pod p = settled;

	p.ready = HPA_READY_FALSE;
	p.ready_since_ms = p.start_ms + 30 * S - 1;
	falls_into(HPA_UNREADY, p, &sample);
	p.ready_since_ms++;
	falls_into(HPA_READY, p, &sample);
}

TEST(a_sample_of_a_pod_that_is_gone_counts)
{
	struct hpa_pod_sample gone = sample;
	struct hpa_pods all;

	gone.pod = "b";
	all = add_up(&rule, &settled, &gone);
	assert_int_equal(all.count[HPA_MISSING], 1);
	assert_int_equal(all.samples, 1);
	assert_int_equal(all.sum_milli, 70);
	assert_int_equal(all.ready_milli, 0);
	assert_int_equal(all.filled_milli, 120);
}

TEST(a_request_that_is_missing_is_named)
{
	struct hpa_pods_rule other = rule;
	struct hpa_pods all;

	other.resource = "memory";
	all = add_up(&other, &settled, NULL);
	assert_int_equal(all.problem, HPA_REQUEST_MISSING);
	assert_string_equal(all.problem_pod, "a");
	assert_string_equal(all.problem_container, "app");
	other = rule;
	other.container = "log";
	assert_int_equal(add_up(&other, &settled, NULL).problem, HPA_REQUEST_MISSING_CONTAINER);
	other.requests = false;
	assert_int_equal(add_up(&other, &settled, NULL).problem, HPA_REQUEST_FOUND);
}

/* A pod with requests of its own: these, or else what all its containers need at any time. */
TEST(requests_of_a_pod_as_a_whole)
{
	static const struct hpa_amount memory = {"memory", 1, 0}, cpu = {"cpu", 900, 0};
	static const struct hpa_amount small = {"cpu", 1, 600000}, large = {"cpu", 500, 0};
	struct hpa_container all[] = {{HPA_PLAIN, "a", 1, &small},
				      {HPA_PLAIN, "b", 1, &small},
				      {HPA_SIDECAR, "c", 1, &small},
				      {HPA_INIT, "d", 1, &large}};
	struct hpa_pod p = settled;

	p.container = all;
	p.n_containers = 3;
	p.n_requests = 1;
	p.request = &memory;
	assert_int_equal(add_up(&rule, &p, NULL).request_milli[HPA_MISSING], 2); /* 3 x 0.4 */
	p.n_containers = 4;
	assert_int_equal(add_up(&rule, &p, NULL).request_milli[HPA_MISSING], 501); /* 0.4 + 500 */
	p.request = &cpu;
	assert_int_equal(add_up(&rule, &p, NULL).request_milli[HPA_MISSING], 900);
	p.request = &memory;
	p.n_containers = 0;
	assert_int_equal(add_up(&rule, &p, NULL).problem, HPA_REQUEST_MISSING_OF_POD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_falls_into_one_group),
		cmocka_unit_test(cpu_of_a_starting_pod_needs_a_window_after_it_was_ready),
		cmocka_unit_test(cpu_of_a_pod_that_was_ready_once_counts),
		cmocka_unit_test(a_sample_of_a_pod_that_is_gone_counts),
		cmocka_unit_test(a_request_that_is_missing_is_named),
		cmocka_unit_test(requests_of_a_pod_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
