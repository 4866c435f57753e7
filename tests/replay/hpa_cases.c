/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hpa_cases VECTORS: decides again what the Kubernetes 1.36 HorizontalPodAutoscaler decided when it
 * was recorded (from_hpa.py wrote VECTORS), and compares replica counts. What does not apply to this
 * decider is listed by name under its reason. Ends with 1 when a case failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "decide/decide.h"
#include "decide/measure.h"
#include "decide/window.h"

#define NS_PER_MS 1000000ull
#define NOW_NS    (1000000 * 1000 * NS_PER_MS) /* long after anything that is remembered */
#define LIVE_MOST 1000

static unsigned passed, failed, not_applicable;

static struct view_replica replica[LIVE_MOST];

/* --- reading
 * ---------------------------------------------------------------------------------------- */

/* A vector that lacks what a check reads is a broken vector, not a passed case. */
static uint64_t number(json_t *of, const char *key)
{
	json_t *value = json_object_get(of, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0) {
		fprintf(stderr, "%s: no number '%s'\n",
			json_string_value(json_object_get(of, "name")), key);
		exit(2);
	}
	return (uint64_t)json_integer_value(value);
}

static uint32_t count(json_t *of, const char *key)
{
	return (uint32_t)number(of, key);
}

static json_t *load(const char *folder, const char *name)
{
	char path[4096];
	json_error_t error;
	json_t *file;

	snprintf(path, sizeof(path), "%s/%s.json", folder, name);
	file = json_load_file(path, 0, &error);
	if (!file) {
		fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
		exit(2);
	}
	return file;
}

static struct policy policy(json_t *of)
{
	struct policy p = {
		.enforce = false, .min_replicas = 1, .max_replicas = INT32_MAX, .n_metrics = 1};

	p.fresh_ns = 1;
	p.cpu_request_milli =
		json_object_get(of, "request_milli") ? number(of, "request_milli") : 0;
	p.metric[0] = (struct policy_metric){POLICY_CPU, count(of, "target")};
	p.tolerance_permille = count(of, "tolerance_permille");
	return p;
}

static void read_windows(json_t *of, struct policy *p)
{
	p->up_stabilization_ns = number(of, "up_ms") * NS_PER_MS;
	p->down_stabilization_ns = number(of, "down_ms") * NS_PER_MS;
}

/* null: the metrics API had nothing about it. */
static struct view view(json_t *cpu, uint64_t now_ns)
{
	struct view v = {.boottime_ns = now_ns, .replica = replica};

	for (; v.replicas < json_array_size(cpu) && v.replicas < LIVE_MOST; v.replicas++) {
		json_t *milli = json_array_get(cpu, v.replicas);
		bool known = json_is_integer(milli);

		replica[v.replicas] = (struct view_replica){
			.sample_age_ns = known ? 0 : UINT64_MAX,
			.cpu_known = known,
			.cpu_milli = known ? (uint64_t)json_integer_value(milli) : 0};
	}
	return v;
}

/* What was asked for before; the first entry is long past, so that this is no first look. */
static struct decide_state memory(json_t *remembered)
{
	struct decide_state s = {.n = 1, .next = 1};

	for (size_t i = 0; i < json_array_size(remembered); i++) {
		json_t *pair = json_array_get(remembered, i);
		uint64_t age_ns = (uint64_t)json_integer_value(json_array_get(pair, 0));
		uint32_t asked = (uint32_t)json_integer_value(json_array_get(pair, 1));

		s.memory[s.next++] = (struct decide_recommendation){NOW_NS - age_ns, asked, asked};
		s.n++;
	}
	return s;
}

/* --- the checks
 * -------------------------------------------------------------------------------------- */

static void judge(const char *name, const char *what, uint64_t ours, uint64_t theirs)
{
	if (ours == theirs) {
		passed++;
		return;
	}
	failed++;
	printf("FAILED %s: %s %llu, the HPA %llu\n", name, what, (unsigned long long)ours,
	       (unsigned long long)theirs);
}

static void check_utilization(const char *name, json_t *c)
{
	struct policy p = policy(c);
	struct view v = view(json_object_get(c, "cpu_milli"), NOW_NS);
	bool known = json_is_true(json_object_get(c, "known"));
	struct verdict_metric m;

	measure(&p, 0, &v, count(c, "current"), 0, &m);
	if (!known || !m.known)
		judge(name, "known", m.known, known);
	else if (m.value_percent != count(c, "value"))
		judge(name, "percent", m.value_percent, count(c, "value"));
	else
		judge(name, "asks for", m.asks, count(c, "asks"));
}

static void check_stabilization(const char *name, json_t *c)
{
	struct decide_state s = memory(json_object_get(c, "remembered"));
	struct policy p = {0};

	read_windows(c, &p);
	window_remember(&p, &s, NOW_NS, count(c, "current"), count(c, "asked"));
	judge(name, "stabilized to",
	      window_stabilize(&p, &s, NOW_NS, count(c, "current"), count(c, "asked")),
	      count(c, "stabilized"));
}

/* `live` replicas at a use for which the metric asks for `asked`: the largest percentage at a
 * target of 1000 % that rounds up to it. */
static struct view asking_for(uint32_t asked, uint32_t live)
{
	struct view v = {.boottime_ns = NOW_NS, .replicas = live, .replica = replica};

	for (uint32_t i = 0; i < live; i++)
		replica[i] = (struct view_replica){.cpu_known = true,
						   .cpu_milli = (uint64_t)asked * 1000 / live};
	return v;
}

static void check_limits(const char *name, json_t *c)
{
	struct policy p = {.min_replicas = count(c, "min"),
			   .max_replicas = count(c, "max"),
			   .cpu_request_milli = 100,
			   .n_metrics = 1,
			   .metric = {{POLICY_CPU, 1000}}};
	struct decide_state s = memory(json_object_get(c, "remembered"));
	struct view v = asking_for(count(c, "asked"), count(c, "current"));
	struct verdict d;

	read_windows(c, &p);
	decide_step(&p, &v, count(c, "current"), &s, &d);
	if (d.asked != count(c, "asked"))
		judge(name, "asked", d.asked, count(c, "asked"));
	else
		judge(name, "to", d.to, count(c, "to"));
}

static void check_step(const char *name, json_t *c, struct policy *p, struct decide_state *s)
{
	struct view v = view(json_object_get(c, "cpu_milli"), number(c, "ms") * NS_PER_MS);
	struct verdict d;

	p->cpu_request_milli = number(c, "request_milli");
	p->min_replicas = count(c, "min");
	p->max_replicas = count(c, "max");
	decide_step(p, &v, count(c, "current"), s, &d);
	judge(name, "to", d.to, count(c, "to"));
}

static void check_run(const char *name, json_t *c)
{
	struct policy p = policy(c);
	struct decide_state s = {0};
	json_t *steps = json_object_get(c, "steps");
	char title[128];

	read_windows(c, &p);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		snprintf(title, sizeof(title), "%s step %zu", name, i);
		check_step(title, json_array_get(steps, i), &p, &s);
	}
}

/* --- suites
 * ------------------------------------------------------------------------------------------ */

static void list_not_applicable(const char *suite, json_t *reasons)
{
	const char *reason;
	json_t *names;

	json_object_foreach(reasons, reason, names)
	{
		printf("%s: %zu not applicable, %s:", suite, json_array_size(names), reason);
		for (size_t i = 0; i < json_array_size(names); i++)
			printf(" %s", json_string_value(json_array_get(names, i)));
		printf("\n");
		not_applicable += (unsigned)json_array_size(names);
	}
}

static void run_suite(const char *folder, const char *suite, void (*check)(const char *, json_t *))
{
	json_t *file = load(folder, suite), *cases = json_object_get(file, "cases");
	unsigned before = passed + failed;

	for (size_t i = 0; i < json_array_size(cases); i++) {
		json_t *c = json_array_get(cases, i);

		check(json_string_value(json_object_get(c, "name")), c);
	}
	list_not_applicable(suite, json_object_get(file, "not_applicable"));
	printf("%s: %u compared\n", suite, passed + failed - before);
	json_decref(file);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s VECTORS\n", argv[0]);
		return 2;
	}
	run_suite(argv[1], "utilization", check_utilization);
	run_suite(argv[1], "stabilization", check_stabilization);
	run_suite(argv[1], "limits", check_limits);
	run_suite(argv[1], "runs", check_run);
	printf("%u passed, %u failed, %u not applicable\n", passed, failed, not_applicable);
	return failed || !passed;
}
