/* SPDX-License-Identifier: Apache-2.0 */
/* Many policies whose load becomes a hundred times as much at once, on a real store, decisions file and hooks: what
 * all of them add together stays within the fleet's budget at every second, and each gets its turn. */
#include "scaling.h"

#include "aggregator/explain.h"
#include "aggregator/hpa_record.h"
#include "aggregator/record.h"

#define POLICIES 8u  /* each has a node of its own; the last two are HPAs */
#define HPAS	 2u
#define BEGINS	 4u  /* replicas */
#define MOST	 60u
#define LOAD	 24u /* milli-cores of all of them: 60 % of 10m each */
#define A_MINUTE 20u
#define SECONDS	 1800u

static const char native[] = "apiVersion: plimsoll.io/v1alpha1\n"
			     "kind: ScalingPolicy\n"
			     "metadata: {name: p%u}\n"
			     "spec:\n"
			     "  mode: Enforce\n"
			     "  target: {cgroup: \"/p%u/*\", cpuRequest: 10m}\n"
			     "  maxReplicas: 60\n"
			     "  metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 60}}}]\n"
			     "  actuator: {exec: {command: [/bin/true]}}\n"
			     "---\n";
static const char hpa[] = "apiVersion: autoscaling/v2\n"
			  "kind: HorizontalPodAutoscaler\n"
			  "metadata:\n"
			  "  name: p%u\n"
			  "  annotations: {plimsoll.io/replicas: \"/p%u/*\", plimsoll.io/cpu-request: 10m,\n"
			  "    plimsoll.io/mode: Enforce, plimsoll.io/exec: '[/bin/true]'}\n"
			  "spec:\n"
			  "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
			  "  maxReplicas: 60\n"
			  "  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, "
			  "averageUtilization: 60}}}]\n"
			  "---\n";

struct service {
	char name[16];
	struct store_node *node;
	uint32_t n, named;
	uint64_t cpu_ns[MOST];
};

static struct service service[POLICIES];
static uint32_t added[SECONDS + 1];

static void set_policies(void)
{
	scoped(buf_done) struct buf text = {0};

	for (uint32_t i = 0; i < POLICIES; i++)
		buf_printf(&text, i < POLICIES - HPAS ? native : hpa, i, i);
	set_text(buf_text(&text));
}

static int begin_fleet(void **state)
{
	if (begin(state) < 0)
		return -1;
	w.scaler->budget.a_minute = A_MINUTE;
	memset(service, 0, sizeof(service));
	memset(added, 0, sizeof(added));
	for (uint32_t i = 0; i < POLICIES; i++) {
		snprintf(service[i].name, sizeof(service[i].name), "p%u", i);
		service[i].n = BEGINS;
	}
	set_policies();
	return 0;
}

static void name_new(struct service *x, struct second *b)
{
	char path[32];

	for (; x->named < x->n; x->named++) {
		snprintf(path, sizeof(path), "/%s/%u", x->name, x->named);
		second_name(b, x->named + 1, path);
	}
}

static void send(struct service *x, uint32_t s, uint64_t load_milli)
{
	static struct second b;
	uint64_t held;

	if (!x->node) {
		second(&b, 1, 0, S, false);
		name_new(x, &b);
		x->node = fleet_hello(w.store, x->name, &b, T0 + S, &held);
	}
	second(&b, 1, s, s * S, s == 1);
	name_new(x, &b);
	for (uint32_t i = 0; i < x->n; i++) {
		x->cpu_ns[i] += load_milli * MS / x->n;
		second_row(&b, i + 1, x->cpu_ns[i], 0);
	}
	assert_int_equal(fleet_put(w.store, x->node, &b, T0 + s * S), 0);
}

static bool is_acting(void)
{
	for (size_t i = 0; i < w.scaler->n; i++)
		if (w.scaler->item[i]->acting)
			return true;
	return false;
}

/* The hooks end, and what they were told is there at once. */
static void fill_orders(uint32_t s)
{
	while (is_acting())
		await_outcome();
	for (uint32_t i = 0; i < POLICIES; i++) {
		uint32_t to = scaler_find(w.scaler, service[i].name)->standing.ordered;

		if (to <= service[i].n)
			continue;
		added[s] += to - service[i].n;
		service[i].n = to;
	}
}

/* From second 20 on all have a hundred times the load. */
static void live_through(uint32_t s)
{
	for (uint32_t i = 0; i < POLICIES; i++)
		send(&service[i], s, s < 20 ? LOAD : 100 * LOAD);
	scaler_tick(w.scaler, (clock_boot_t){T0 + s * S});
	fill_orders(s);
}

static uint32_t of_a_minute(uint32_t s)
{
	uint32_t sum = 0;

	for (uint32_t i = s < 60 ? 0 : s - 60; i <= s; i++)
		sum += added[i];
	return sum;
}

static void the_same_again(const char *json)
{
	scoped(record_freep) struct record *r = NULL;
	scoped(hpa_record_freep) struct hpa_record *h = NULL;
	scoped(freep) char *again = NULL;
	struct verdict v;

	if (hpa_record_is(json)) {
		assert_int_equal(hpa_record_parse(json, &h, NULL), 0);
		assert_true(hpa_record_replay(h));
		return;
	}
	assert_int_equal(record_parse(json, &r, NULL), 0);
	assert_true(record_replay(r, &v));
	again = record_json(&r->policy, &r->view, r->current, &r->state, &v);
	assert_string_equal(again, json);
}

struct seen {
	unsigned cut, told_of_hpa;
};

static bool look_at(const struct decision *x, void *data)
{
	scoped(buf_done) struct buf text = {0};
	scoped(freep) char *record = NULL;
	struct decision same;
	struct seen *seen = data;

	assert_int_equal(decisions_get(w.decisions, x->id, &same, &record), 0);
	the_same_again(record);
	assert_int_equal(explain_decision(x, record, &text, NULL), 0);
	assert_non_null(strstr(buf_text(&text), "20 new replicas a minute over all policies"));
	if (strcmp(x->reason, "budget") != 0)
		return true;
	seen->cut++;
	seen->told_of_hpa += hpa_record_is(record);
	assert_non_null(strstr(buf_text(&text), " instead of "));
	return true;
}

static void a_hundred_times_the_load_stays_within_the_budget(void **state)
{
	uint32_t most = 0;
	struct seen seen = {0};
	const char *first = "";

	(void)state;
	for (uint32_t s = 1; s <= SECONDS; s++) {
		live_through(s);
		assert_in_range(of_a_minute(s), 0, A_MINUTE);
		most = of_a_minute(s) > most ? of_a_minute(s) : most;
		if (s == 25)
			assert_in_range(scaler_waiting(w.scaler, &first), 1, POLICIES);
		if (s == 20 + 5 * 60)
			for (uint32_t i = 0; i < POLICIES; i++)
				assert_in_range(service[i].n, BEGINS + 1, MOST);
	}
	assert_int_equal(most, A_MINUTE);
	for (uint32_t i = 0; i < POLICIES; i++)
		assert_int_equal(service[i].n, MOST);
	assert_int_equal(scaler_waiting(w.scaler, &first), 0);
	assert_int_equal(decisions_each(w.decisions, &(struct decisions_query){0}, look_at, &seen), 0);
	assert_true(seen.cut > seen.told_of_hpa && seen.told_of_hpa > 0);
}

static void a_restart_does_not_begin_a_new_minute(void **state)
{
	uint32_t s = 1;

	(void)state;
	for (; s <= 21; s++)
		live_through(s);
	assert_int_equal(of_a_minute(21), A_MINUTE);
	close_scaler();
	open_scaler();
	w.scaler->budget.a_minute = A_MINUTE;
	scaler_remember(w.scaler, (clock_boot_t){T0 + s * S});
	assert_int_equal(budget_room(&w.scaler->budget, &(struct budget_turn){0}, T0 + s * S, 4), 0);
	assert_int_equal(budget_room(&w.scaler->budget, &(struct budget_turn){0}, T0 + 90 * S, 4), A_MINUTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_hundred_times_the_load_stays_within_the_budget, begin_fleet, end),
		cmocka_unit_test_setup_teardown(a_restart_does_not_begin_a_new_minute, begin_fleet, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
