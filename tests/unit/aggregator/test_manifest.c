/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>

#include "aggregator/manifest.h"
#include "base/clock.h"
#include "base/mem.h"

#define S CLOCK_NS_PER_S

static const char whole[] = "apiVersion: plimsoll.io/v1alpha1\n"
			    "kind: ScalingPolicy\n"
			    "metadata: {name: web}\n"
			    "spec:\n"
			    "  target: {cgroup: \"/web-*\", cpuRequest: 250m}\n"
			    "  maxReplicas: 6\n"
			    "  metrics:\n"
			    "    - type: Resource\n"
			    "      resource: {name: cpu, target: {averageUtilization: 60}}\n";

static int parse(const char *text, struct manifests *to, struct err *e)
{
	return manifests_parse("p.yaml", text, strlen(text), to, e);
}

static void defaults_are_those_of_the_reference(void **unused)
{
	struct manifests all = {0};
	const struct policy *p;

	(void)unused;
	assert_int_equal(parse(whole, &all, NULL), 0);
	assert_int_equal(all.n, 1);
	p = &all.item[0].policy;
	assert_string_equal(p->name, "web");
	assert_false(p->enforce);
	assert_int_equal(p->min_replicas, 1);
	assert_int_equal(p->max_replicas, 6);
	assert_int_equal(p->cpu_request_milli, 250);
	assert_int_equal(p->tolerance_permille, 100);
	assert_int_equal(p->window_ns, 3 * S);
	assert_int_equal(p->up_stabilization_ns, 0);
	assert_int_equal(p->down_stabilization_ns, 300 * S);
	assert_int_equal(p->fresh_ns, 3 * S);
	assert_int_equal(p->min_coverage_permille, 900);
	assert_int_equal(p->n_metrics, 1);
	assert_null(all.item[0].command);
	assert_string_equal(all.item[0].where, "p.yaml:3:18");
	manifests_done(&all);
}

static void the_example_of_the_docs_is_read_whole(void **unused)
{
	char *path = SOURCE_DIR "/docs/examples/scaling-policy.yaml";
	struct manifests all = {0};
	const struct manifest *m;
	struct err e = {0};

	(void)unused;
	if (manifests_load(&(struct opt_list){&path, 1}, &all, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	m = &all.item[0];
	assert_true(m->policy.enforce);
	assert_string_equal(m->cgroup, "/plimsoll-demo-*/replica-*");
	assert_int_equal(m->policy.n_metrics, 2);
	assert_int_equal(m->policy.metric[0].kind, POLICY_CPU);
	assert_int_equal(m->policy.metric[0].target_percent, 60);
	assert_int_equal(m->policy.metric[1].kind, POLICY_RUNQ);
	assert_int_equal(m->policy.metric[1].target_percent, 50);
	assert_int_equal(m->policy.down_stabilization_ns, 8 * S);
	assert_string_equal(m->command[0], "/usr/local/bin/scale-demo");
	assert_null(m->command[1]);
	assert_int_equal(m->timeout_ns, 10 * S);
	manifests_done(&all);
}

/* `whole` with `from` replaced must be refused at line:column with these words. */
static void refused(const char *from, const char *to, const char *where, const char *words)
{
	const char *at = strstr(whole, from);
	struct manifests all = {0};
	struct err e = {0};
	char said[1024];

	assert_non_null(at);
	scoped(freep) char *text = mem_printf("%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from));
	assert_true(parse(text, &all, &e) < 0);
	assert_int_equal(all.n, 0);
	snprintf(said, sizeof(said), "%s; %s; %s", e.what, e.cause, e.fix);
	if (!strstr(said, where) || !strstr(said, words))
		fail_msg("said \"%s\", not \"%s\" with \"%s\"", said, where, words);
}

static void replicas_may_be_told_by_name(void **unused)
{
	const char *at = strstr(whole, "cgroup: \"/web-*\"");
	struct manifests all = {0};
	struct err e = {0};

	(void)unused;
	assert_non_null(at);
	scoped(freep) char *text = mem_printf("%.*sname: shop/web-*%s", (int)(at - whole), whole,
					      at + strlen("cgroup: \"/web-*\""));
	if (parse(text, &all, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	assert_string_equal(all.item[0].cgroup, "shop/web-*");
	manifests_done(&all);
}

static void what_is_wrong_is_named_with_its_place(void **unused)
{
	(void)unused;
	refused("maxReplicas", "maxReplica", "p.yaml:6:3", "maxReplicas");
	refused("maxReplicas: 6", "maxReplicas: 0", "p.yaml:6:16", "1 to 10000");
	refused("maxReplicas: 6", "maxReplicas: 1e3", "p.yaml:6:16", "1e3");
	refused("maxReplicas: 6", "minReplicas: 1", "p.yaml", "maxReplicas is missing");
	refused("maxReplicas: 6", "minReplicas: 7\n  maxReplicas: 6", "p.yaml:6:16", "above maxReplicas");
	refused("250m", "250k", "p.yaml:5:42", "250m, 0.5 or 2");
	refused("250m", "0", "p.yaml:5:42", "cpuRequest");
	refused("250m", "0.0001", "p.yaml:5:42", "cpuRequest");
	refused("250m", "-1", "p.yaml:5:42", "cpuRequest");
	refused("250m", "9E", "p.yaml:5:42", "cpuRequest"); /* Kubernetes reads it as 0 milli-cores */
	refused(", cpuRequest: 250m", "", "p.yaml:8", "cpuRequest is missing");
	refused("\"/web-*\"", "web", "p.yaml:5:20", "start with /");
	refused("cgroup: \"/web-*\"", "name: /web", "p.yaml:5:18", "NAMESPACE/POD/CONTAINER");
	refused("cgroup: \"/web-*\"", "name: web, cgroup: /web", "p.yaml:5:18", "both");
	refused("cgroup: \"/web-*\",", "", "p.yaml:5", "cgroup is missing");
	refused("ScalingPolicy", "ScalingPolcy", "p.yaml:2:7", "ScalingPolicy");
	refused("ScalingPolicy", "HorizontalPodAutoscaler", "p.yaml:1:13", "autoscaling/v2");
	refused("v1alpha1", "v9", "p.yaml:1:13", "plimsoll.io/v1alpha1");
	refused("type: Resource", "type: Resourc", "p.yaml:8:13", "did you mean Resource?");
	refused("name: cpu,", "name: memory,", "p.yaml:9:24", "this version knows cpu");
	refused("averageUtilization: 60", "averageUtilization: 1001", "p.yaml:9", "1 to 1000");
	refused("averageUtilization: 60", "type: AverageValue", "p.yaml:9", "Utilization");
	refused("name: web", "name: \"a\\u0007\"", "p.yaml:3:18", "character");
	refused("spec:\n", "spec:\n  mode: Enforc\n", "p.yaml:5:9", "Enforce or Observe");
	refused("spec:\n", "spec:\n  mode: Enforce\n", "p.yaml", "actuator is missing");
	refused("spec:\n", "spec:\n  tolerance: 1.5\n", "p.yaml:5:14", "0 to 1");
	refused("spec:\n", "spec:\n  windowSeconds: 61\n", "p.yaml:5:18", "1 to 60");
	refused("spec:\n", "spec:\n  actuator: {exec: {command: ls}}\n", "p.yaml:5", "list of words");
	refused("spec:\n", "spec:\n  actuator: {none: {}, exec: {command: [ls]}}\n", "p.yaml:5",
		"two actuators");
	refused("kind:", "kind: [", "p.yaml:", "");
}

static void a_name_stands_for_one_policy(void **unused)
{
	scoped(freep) char *two = mem_printf("%s---\n---\n%s", whole, whole);
	struct manifests all = {0};
	struct err e = {0};

	(void)unused;
	assert_int_equal(parse(two, &all, &e), -EEXIST);
	assert_int_equal(all.n, 0);
	assert_non_null(strstr(e.what, "p.yaml:14:18"));
	assert_non_null(strstr(e.cause, "p.yaml:3:18"));
	manifests_done(&all);
}

static void write_policy(const char *dir, const char *file, const char *name)
{
	const char *at = strstr(whole, "web}");
	scoped(freep) char *path = mem_printf("%s/%s", dir, file);
	scoped(fclosep) FILE *f = fopen(path, "we");

	assert_non_null(f);
	/* Each with replicas of its own. */
	fprintf(f, "%.*s%s%.*s%s%s", (int)(at - whole), whole, name, (int)(strstr(at, "web-*") - at - 3), at + 3, name,
		strstr(at, "-*\""));
}

static void a_folder_is_read_in_order_of_name(void **unused)
{
	char dir[] = "/tmp/plimsoll-manifest-XXXXXX";
	char *path = mkdtemp(dir);
	static const char *const files[] = {"b.yml", "a.yaml", "notes.txt", ".hidden.yaml"};
	struct manifests all = {0};
	struct err e = {0};
	int r;

	(void)unused;
	for (size_t i = 0; i < 4; i++)
		write_policy(dir, files[i], (const char *[]){"second", "first", "third", "fourth"}[i]);
	r = manifests_load(&(struct opt_list){&path, 1}, &all, &e);
	for (size_t i = 0; i < 4; i++) {
		scoped(freep) char *file = mem_printf("%s/%s", dir, files[i]);

		unlink(file);
	}
	rmdir(dir);
	assert_int_equal(r, 0);
	assert_int_equal(all.n, 2);
	assert_string_equal(all.item[0].policy.name, "first");
	assert_string_equal(all.item[1].policy.name, "second");
	manifests_done(&all);
	assert_int_equal(manifests_load(&(struct opt_list){&path, 1}, &all, &e), -ENOENT);
	assert_non_null(strstr(e.what, dir));
}

#define CPU "    - type: Resource\n      resource: {name: cpu, target: {averageUtilization: 60}}\n"
#define LATENCY(quantile, target) CPU "    - type: Latency\n      latency: {quantile: " quantile ", target: " target "}\n"

static void a_latency_is_a_metric(void **unused)
{
	scoped(freep) char *text = mem_printf("%.*s%s", (int)(strstr(whole, CPU) - whole), whole, LATENCY("95", "{value: 30ms}"));
	struct manifests all = {0};
	const struct policy_metric *m;

	(void)unused;
	assert_int_equal(parse(text, &all, NULL), 0);
	m = &all.item[0].policy.metric[1];
	assert_int_equal(all.item[0].policy.n_metrics, 2);
	assert_int_equal(m->kind, POLICY_LATENCY);
	assert_int_equal(m->quantile_percent, 95);
	assert_int_equal(m->target_us, 30000);
	assert_int_equal(m->target_percent, 100);
	manifests_done(&all);
}

static void the_example_with_a_latency_is_read(void **unused)
{
	char *path = SOURCE_DIR "/docs/examples/latency-policy.yaml";
	struct manifests all = {0};
	struct err e = {0};

	(void)unused;
	if (manifests_load(&(struct opt_list){&path, 1}, &all, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	assert_int_equal(all.item[0].policy.metric[1].target_us, 250000);
	manifests_done(&all);
}

static void a_wrong_latency_is_refused(void **unused)
{
	(void)unused;
	refused(CPU, LATENCY("90", "{value: 30ms}"), "p.yaml:11:27", "50, 95 or 99");
	refused(CPU, LATENCY("-1", "{value: 30ms}"), "p.yaml:11:27", "-1");
	refused(CPU, LATENCY("95", "{value: 30}"), "p.yaml:11:47", "with its unit");
	refused(CPU, LATENCY("95", "{value: 10us}"), "p.yaml:11:47", "100us to 5s");
	refused(CPU, LATENCY("95", "{value: 5.1s}"), "p.yaml:11:47", "100us to 5s");
	refused(CPU, LATENCY("95", "{valeu: 30ms}"), "p.yaml:11:40", "value");
	refused(CPU, LATENCY("95", "{}"), "p.yaml:11:39", "value is missing");
	refused(CPU, CPU "    - {type: Latency, latency: {quantile: 95}}\n", "p.yaml:10:32", "target is missing");
	refused(CPU, CPU "    - {type: Latency, latency: {target: {value: 1s}}}\n", "p.yaml:10:32", "quantile is missing");
	refused(CPU, CPU "    - {type: Latency, latency: {name: p95, quantile: 95}}\n", "p.yaml:10:33", "name");
	refused(CPU, CPU "    - {type: Latency}\n", "p.yaml:10:7", "Latency with latency:");
	refused(CPU, "    - {type: Latency, latency: {quantile: 95, target: {value: 30ms}}}\n", "p.yaml:8:7",
		"latency is the only metric");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_reference),
		cmocka_unit_test(the_example_of_the_docs_is_read_whole),
		cmocka_unit_test(replicas_may_be_told_by_name),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
		cmocka_unit_test(a_name_stands_for_one_policy),
		cmocka_unit_test(a_folder_is_read_in_order_of_name),
		cmocka_unit_test(a_latency_is_a_metric),
		cmocka_unit_test(the_example_with_a_latency_is_read),
		cmocka_unit_test(a_wrong_latency_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
