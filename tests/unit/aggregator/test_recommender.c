/* SPDX-License-Identifier: Apache-2.0 */
/* The recommender on a real store and a real file; only the clock and the load are made up. */
#include "aggregator/recommender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/store/store.h"
#include "base/mem.h"
#include "unit/aggregator/store/fleet.h"

#define T0 (100000 * S)

/* As the guide has it, but for the annotation. */
static const char vpa[] = "apiVersion: autoscaling.k8s.io/v1\n"
			  "kind: VerticalPodAutoscaler\n"
			  "metadata:\n"
			  "  name: example-service\n"
			  "  annotations: {plimsoll.io/replicas: \"/web/*\"}\n"
			  "spec:\n"
			  "  targetRef:\n"
			  "    apiVersion: apps/v1\n"
			  "    kind: Deployment\n"
			  "    name: example-service\n"
			  "  updatePolicy:\n"
			  "    updateMode: Auto\n"
			  "%s";

struct world {
	char folder[64];
	struct store *store;
	struct recommender *recommender;
	struct store_node *node;
	uint64_t second, cpu_ns;
};

static struct world w;

static int begin(void **unused)
{
	(void)unused;
	w = (struct world){0};
	strcpy(w.folder, "/tmp/plimsoll-recommender.XXXXXX");
	w.store = store_new(&(struct store_options){.agents_max = 4, .rows_max = 100});
	return mkdtemp(w.folder) ? 0 : -1;
}

static int end(void **unused)
{
	char command[96];

	(void)unused;
	recommender_free(w.recommender);
	store_free(w.store);
	snprintf(command, sizeof(command), "rm -rf '%s'", w.folder);
	return system(command);
}

static void open_it(const char *more)
{
	scoped(freep) char *text = mem_printf(vpa, more);
	struct manifests all = {0};
	struct err e = {0};

	if (manifests_parse("vpa.yaml", text, strlen(text), &all, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	assert_int_equal(all.n, 0);
	if (!w.recommender)
		w.recommender = recommender_new(w.store, w.folder);
	recommender_set(w.recommender, &all);
	manifests_done(&all);
	assert_int_equal(w.recommender->n, 1);
}

/* One second of two replicas that use so much each. */
static void pass(uint64_t milli)
{
	struct second x;
	uint64_t held, t = ++w.second;
	char path[32];

	second(&x, 1, t == 1 ? 0 : t, t * S, t == 1);
	if (t == 1) {
		for (uint32_t i = 1; i <= 2; i++) {
			snprintf(path, sizeof(path), "/web/%u", i);
			second_name(&x, i, path);
		}
		w.node = fleet_hello(w.store, "node", &x, T0 + S, &held);
		second(&x, 1, 1, S, true);
	}
	w.cpu_ns += milli * MS;
	for (uint32_t i = 1; i <= 2; i++)
		second_row(&x, i, w.cpu_ns, 0);
	assert_int_equal(fleet_put(w.store, w.node, &x, T0 + t * S), 0);
	recommender_tick(w.recommender, (clock_boot_t){T0 + t * S});
}

static void pass_minutes(unsigned n, uint64_t milli)
{
	for (n *= 60; n > 0; n--)
		pass(milli);
}

static void what_was_never_seen_is_not_recommended(void **unused)
{
	struct vpa_recommendation r;

	(void)unused;
	open_it("");
	assert_int_equal(w.recommender->item[0].n, 0);
	pass(300); /* one second is no rate */
	assert_int_equal(w.recommender->item[0].n, 1);
	assert_false(recommender_item_recommend(&w.recommender->item[0], 0, &r));
}

static void a_restart_recommends_the_same(void **unused)
{
	struct vpa_recommendation before, after;

	(void)unused;
	open_it("");
	pass_minutes(5, 300);
	assert_true(recommender_item_recommend(&w.recommender->item[0], 0, &before));
	assert_string_equal(w.recommender->item[0].container[0]->name, "example-service");
	assert_int_equal(before.samples, 8); /* two replicas, four whole minutes */
	/* 300m, the upper end of its bucket, and 15 %: below 400m, above 345m. */
	assert_in_range(before.target[VPA_CPU], 345, 400);
	assert_true(before.lower[VPA_CPU] <= before.target[VPA_CPU] && before.upper[VPA_CPU] > before.target[VPA_CPU]);
	w.recommender = recommender_free(w.recommender);
	open_it("");
	assert_int_equal(w.recommender->item[0].n, 1);
	assert_true(recommender_item_recommend(&w.recommender->item[0], 0, &after));
	assert_int_equal(after.samples, before.samples);
	assert_int_equal(after.target[VPA_CPU], before.target[VPA_CPU]);
}

static void a_policy_read_again_keeps_what_was_learned(void **unused)
{
	struct vpa_recommendation r;

	(void)unused;
	open_it("");
	pass_minutes(3, 300);
	open_it("  resourcePolicy:\n"
		"    containerPolicies: [{containerName: '*', maxAllowed: {cpu: 200m}, controlledResources: [cpu]}]\n");
	assert_true(recommender_item_recommend(&w.recommender->item[0], 0, &r));
	assert_int_equal(r.target[VPA_CPU], 200);
	assert_true(r.uncapped[VPA_CPU] > 300);
	assert_false(r.controlled[VPA_MEMORY]);
}

static void silence_teaches_nothing(void **unused)
{
	struct vpa_recommendation before, after;

	(void)unused;
	open_it("");
	pass_minutes(3, 300);
	assert_true(recommender_item_recommend(&w.recommender->item[0], 0, &before));
	for (int i = 0; i < 600; i++)
		recommender_tick(w.recommender, (clock_boot_t){T0 + ++w.second * S});
	assert_true(recommender_item_recommend(&w.recommender->item[0], 0, &after));
	assert_int_equal(after.samples, before.samples);
}

/* An HPA has one of them, a ScalingPolicy the other: it learns of both, and neither of them sees anything else for it. */
static void who_scales_them_is_no_matter(void **unused)
{
	struct store_workload *hpa = store_workload(w.store, "web", "/web/1"), *policy = store_workload(w.store, "all", "/web/*");
	struct store_summary sum;
	struct view v;
	const char *rival[2];

	(void)unused;
	store_set_role(hpa, STORE_CONTROLS);
	open_it("");
	pass_minutes(3, 300);
	assert_int_equal(w.recommender->item[0].container[0]->aggregate.samples, 4);
	assert_int_equal(store_view(policy, (clock_boot_t){T0 + w.second * S}, 3 * S, 3 * S, &v), 0);
	assert_int_equal(v.replicas, 2);
	assert_int_equal(store_rivals(policy, rival, 2), 1);
	assert_string_equal(rival[0], "web");
	store_summarize(w.recommender->item[0].workload, (clock_boot_t){T0 + w.second * S}, 3 * S, 3 * S, &sum);
	assert_int_equal(sum.replicas, 0); /* listed where they are scaled */
}

/* A minute ends at any time, also between two samples. */
static void what_a_slow_agent_said_is_learned(void **unused)
{
	struct vpa_recommendation r;

	(void)unused;
	open_it("");
	for (int i = 0; i < 50; i++)
		pass(300);
	w.node->interval_ns = 20 * S;
	recommender_tick(w.recommender, (clock_boot_t){T0 + 61 * S});
	assert_true(recommender_item_recommend(&w.recommender->item[0], 0, &r));
	assert_int_equal(r.samples, 2);
}

static void refused(const char *more, const char *where, const char *words)
{
	scoped(freep) char *text = mem_printf(vpa, more);
	struct manifests all = {0};
	struct err e = {0};
	char said[1024];

	assert_true(manifests_parse("vpa.yaml", text, strlen(text), &all, &e) < 0);
	snprintf(said, sizeof(said), "%s; %s; %s", e.what, e.cause, e.fix);
	if (!strstr(said, where) || !strstr(said, words))
		fail_msg("said \"%s\", not \"%s\" with \"%s\"", said, where, words);
	manifests_done(&all);
}

static void what_is_wrong_is_named_with_its_place(void **unused)
{
	(void)unused;
	refused("  resourcePolic: {}\n", "vpa.yaml:13:3", "resourcePolicy");
	refused("  resourcePolicy: {containerPolicies: [{mode: Of}]}\n", "vpa.yaml:13:47", "did you mean Off?");
	refused("  resourcePolicy: {containerPolicies: [{minAllowed: {cpu: 2}, maxAllowed: {cpu: 1}}]}\n", "vpa.yaml:13:53",
		"minAllowed is above maxAllowed");
	refused("  resourcePolicy: {containerPolicies: [{minAllowed: {cpu: much}}]}\n", "vpa.yaml:13:59", "250m, 0.5 or 64Mi");
	refused("  resourcePolicy: {containerPolicies: [{controlledResources: [gpu]}]}\n", "vpa.yaml:13:63", "cpu and memory");
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		test(what_was_never_seen_is_not_recommended),
		test(a_restart_recommends_the_same),
		test(a_policy_read_again_keeps_what_was_learned),
		test(silence_teaches_nothing),
		test(who_scales_them_is_no_matter),
		test(what_a_slow_agent_said_is_learned),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
