/* SPDX-License-Identifier: Apache-2.0 */
/* What an HPA is given of a view. */
#include "decide/hpa_sight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEST(name) static void name(void **unused __attribute__((unused)))
#define S 1000000000ull
#define ROOM 8

static const struct hpa_metric metrics[] = {
	{.source = HPA_RESOURCE, .target = HPA_UTILIZATION, .name = "cpu", .selector = "nil", .utilization = 60},
	{.source = HPA_PODS, .target = HPA_AVERAGE_VALUE, .name = "saturation", .selector = "nil", .milli = 300},
	{.source = HPA_PODS, .target = HPA_AVERAGE_VALUE, .name = "requests", .selector = "nil", .milli = 300},
	{.source = HPA_OBJECT, .target = HPA_VALUE, .name = "x", .selector = "nil", .milli = 300},
	{.source = HPA_EXTERNAL, .target = HPA_VALUE, .name = "x", .selector = "nil", .milli = 300},
};
static const struct hpa_spec spec = {.ns = "shop", .target_kind = "Deployment", .target_name = "web", .min = 1,
				     .max = 9, .n = 5, .metric = metrics};
static const struct hpa_request request[] = {
	{.container = "", .cpu_known = true, .cpu_milli = 100, .memory_known = true, .memory_milli = 7000},
	{.container = "api", .cpu_known = true, .cpu_milli = 500},
};
static const struct hpa_requests requests = {2, request};
static struct hpa_sight sight;
static void *room;

/* Two pods of two containers and a cgroup of its own; the second pod's proxy has no fresh sample. */
static const struct view_replica replicas[] = {
	{.name = "a:/x", .age_ns = 60 * S, .sample_age_ns = S, .cpu_known = true, .cpu_milli = 50, .runq_known = true,
	 .runq_permille = 400, .memory_known = true, .memory_bytes = 1 << 20},
	{.name = "a:/p/1", .ns = "shop", .pod = "web-1", .container = "api", .age_ns = 40 * S, .sample_age_ns = S,
	 .cpu_known = true, .cpu_milli = 300, .runq_known = true, .runq_permille = 100, .strain_permille = 700},
	{.name = "a:/p/2", .ns = "shop", .pod = "web-1", .container = "proxy", .age_ns = 90 * S, .sample_age_ns = 2 * S,
	 .cpu_known = true, .cpu_milli = 30, .runq_known = true, .runq_permille = 200},
	{.name = "a:/q/1", .ns = "shop", .pod = "web-2", .container = "api", .age_ns = 90 * S, .sample_age_ns = S,
	 .cpu_known = true, .cpu_milli = 310, .runq_known = true},
	{.name = "a:/q/2", .ns = "shop", .pod = "web-2", .container = "proxy", .age_ns = 90 * S, .sample_age_ns = 9 * S,
	 .cpu_known = true, .cpu_milli = 31, .runq_known = true},
};
static const struct view view = {.boottime_ns = 1000 * S, .replicas = 5, .replica = replicas, .nodes = 1};

static const struct hpa_sight_rule rule = {.spec = &spec, .requests = &requests, .window_ns = 15 * S,
					   .fresh_ns = 3 * S, .current = 4};

static int take_it(void **unused)
{
	(void)unused;
	room = malloc(hpa_sight_bytes(ROOM));
	hpa_sight_lay(&sight, room, ROOM);
	hpa_sight_take(&sight, &rule, &view);
	return 0;
}

static int done(void **unused)
{
	(void)unused;
	free(room);
	return 0;
}

TEST(containers_of_one_pod_are_one_pod)
{
	const struct hpa_input *in = &sight.in;

	assert_int_equal(hpa_sight_pods(&view), 3);
	assert_int_equal(in->n_pods, 3);
	assert_int_equal(in->scale.spec, 4);
	assert_int_equal(in->scale.status, 3);
	assert_string_equal(in->pod[0].name, "a:/x");
	assert_string_equal(in->pod[1].name, "web-1");
	assert_int_equal(in->pod[1].n_containers, 2);
	assert_int_equal(in->pod[1].start_ms, 910000);       /* its oldest container */
	assert_int_equal(in->pod[1].ready_since_ms, 960000); /* its youngest */
	assert_int_equal(in->pod[1].phase, HPA_RUNNING);
}

TEST(requests_are_by_container_or_for_all)
{
	const struct hpa_container *c = sight.in.pod[1].container;

	assert_int_equal(c[0].n, 2); /* api has a CPU of its own, and the memory of all */
	assert_int_equal(c[0].amount[0].milli, 500);
	assert_int_equal(c[0].amount[1].milli, 7000);
	assert_int_equal(c[1].amount[0].milli, 100);
}

TEST(what_is_not_fresh_has_no_amount)
{
	const struct hpa_answer *a = &sight.in.answer[0];

	assert_int_equal(a->n, 3);
	assert_int_equal(a->sample[1].container[0].amount[0].milli, 300);
	assert_int_equal(a->sample[1].window_ms, 15000);
	assert_int_equal(a->sample[1].timestamp_ms, 999000);
	assert_int_equal(a->sample[2].container[0].n, 1);
	assert_int_equal(a->sample[2].container[1].n, 0); /* stale: the whole pod is missing then */
	assert_true(a->sample[0].container[0].amount[1].milli == (1ll << 20) * 1000);
}

/* Nine seconds are not old for who samples every five. */
TEST(a_slow_agents_pod_is_not_missing)
{
	struct view_replica slow[5];
	struct view v = view;

	memcpy(slow, replicas, sizeof(slow));
	slow[3].period_ns = slow[4].period_ns = 5 * S;
	v.replica = slow;
	hpa_sight_take(&sight, &rule, &v);
	assert_int_equal(sight.in.answer[0].sample[2].container[1].n, 1);
	assert_int_equal(sight.in.answer[0].sample[2].container[1].amount[0].milli, 31);
	assert_int_equal(sight.n_held, 3);
	slow[4].sample_age_ns = slow[3].sample_age_ns = 16 * S;
	hpa_sight_take(&sight, &rule, &v);
	assert_int_equal(sight.in.answer[0].n, 2);
	hpa_sight_take(&sight, &rule, &view); /* as the others have it */
}

TEST(pods_metrics_are_what_plimsoll_knows)
{
	const struct hpa_answer *a = &sight.in.answer[1];

	assert_int_equal(a->n, 2); /* not of the pod with a stale container */
	assert_int_equal(a->sample[0].milli, 400);
	assert_int_equal(a->sample[1].milli, 700);
	assert_non_null(strstr(sight.in.answer[2].error, "Plimsoll knows cpu-runqueue and saturation"));
	assert_non_null(strstr(sight.in.answer[3].error, "no source of metrics of objects; scale on Resource metrics or"));
	assert_non_null(strstr(sight.in.answer[4].error, "no source of external metrics; scale on Resource metrics or"));
	for (size_t i = 0; i < spec.n; i++)
		assert_ptr_equal(hpa_sight_lacks(&spec.metric[i]), sight.in.answer[i].error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_of_one_pod_are_one_pod),
		cmocka_unit_test(requests_are_by_container_or_for_all),
		cmocka_unit_test(what_is_not_fresh_has_no_amount),
		cmocka_unit_test(a_slow_agents_pod_is_not_missing),
		cmocka_unit_test(pods_metrics_are_what_plimsoll_knows),
	};

	return cmocka_run_group_tests(tests, take_it, done);
}
