/* SPDX-License-Identifier: Apache-2.0 */
/* HorizontalPodAutoscaler manifests as users have them, among other documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "aggregator/hpa_manifest.h"
#include "aggregator/manifest.h"
#include "base/clock.h"
#include "base/mem.h"

#define TEST(name) static void name(void **unused __attribute__((unused)))

/* The one of docs/guide/first-policy.md and of everybody's guide. */
static const char whole[] = "apiVersion: autoscaling/v2\n"
			    "kind: HorizontalPodAutoscaler\n"
			    "metadata:\n"
			    "  name: example-service\n"
			    "spec:\n"
			    "  scaleTargetRef:\n"
			    "    apiVersion: apps/v1\n"
			    "    kind: Deployment\n"
			    "    name: example-service\n"
			    "  minReplicas: 2\n"
			    "  maxReplicas: 10\n"
			    "  metrics:\n"
			    "  - type: Resource\n"
			    "    resource:\n"
			    "      name: cpu\n"
			    "      target:\n"
			    "        type: Utilization\n"
			    "        averageUtilization: 70\n";

static const char deployment[] = "---\n"
				 "apiVersion: apps/v1\n"
				 "kind: Deployment\n"
				 "metadata: {name: example-service, labels: {app: example}}\n"
				 "spec:\n"
				 "  replicas: 3\n"
				 "  template:\n"
				 "    spec:\n"
				 "      initContainers:\n"
				 "      - {name: wait, resources: {requests: {cpu: 9}}}\n"
				 "      - {name: proxy, restartPolicy: Always, resources: {limits: {cpu: 100m}}}\n"
				 "      containers:\n"
				 "      - name: api\n"
				 "        resources: {requests: {cpu: 500m, memory: 64Mi}, limits: {cpu: 1}}\n";

static const char service[] = "---\n"
			      "apiVersion: v1\n"
			      "kind: Service\n"
			      "metadata: {name: example-service}\n"
			      "spec: {type: LoadBalancer, ports: [{port: 80}]}\n";

static struct manifests all;

static void parse(const char *text)
{
	struct err e = {0};

	manifests_done(&all);
	if (manifests_parse("h.yaml", text, strlen(text), &all, &e) < 0)
		fail_msg("%s; %s; %s", e.what, e.cause, e.fix);
}

static int done(void **unused)
{
	(void)unused;
	manifests_done(&all);
	return 0;
}

TEST(the_guides_manifest_is_read_unchanged)
{
	const struct manifest *m;

	parse(whole);
	assert_int_equal(all.n, 1);
	m = &all.item[0];
	assert_string_equal(manifest_kind(m), "HorizontalPodAutoscaler");
	assert_string_equal(m->policy.name, "example-service");
	assert_string_equal(m->cgroup, "owner:Deployment/default/example-service");
	assert_string_equal(m->where, "h.yaml:4:9");
	assert_false(m->policy.enforce);
	assert_null(m->command);
	assert_int_equal(m->policy.min_replicas, 2);
	assert_int_equal(m->policy.max_replicas, 10);
	assert_int_equal(m->hpa->spec->n, 1);
	assert_int_equal(m->hpa->spec->metric[0].utilization, 70);
	assert_null(m->hpa->spec->behavior);
	assert_int_equal(m->hpa->requests.n, 0);
}

TEST(the_example_of_the_docs_is_read)
{
	char *path = SOURCE_DIR "/docs/examples/hpa.yaml";
	struct err e = {0};

	manifests_done(&all);
	if (manifests_load(&(struct opt_list){&path, 1}, &all, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	assert_int_equal(all.n, 1);
	assert_string_equal(all.item[0].cgroup, "/plimsoll-demo-*/replica-*");
	assert_int_equal(all.item[0].hpa->requests.n, 2);
}

TEST(requests_come_from_the_deployment_beside_it)
{
	scoped(freep) char *text = mem_printf("%s%s%s", whole, service, deployment);
	const struct hpa_requests *r;

	parse(text);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.left_alone, 1);
	r = &all.item[0].hpa->requests;
	assert_int_equal(r->n, 2);
	assert_string_equal(r->item[0].container, "api");
	assert_int_equal(r->item[0].cpu_milli, 500);
	assert_true(r->item[0].memory_milli == 64ll * 1024 * 1024 * 1000);
	assert_string_equal(r->item[1].container, "proxy");
	assert_int_equal(r->item[1].cpu_milli, 100); /* its limit */
	assert_false(r->item[1].memory_known);
}

TEST(a_request_beyond_int64_is_refused)
{
	scoped(freep) char *text = mem_printf("%s%s", whole, deployment);
	char *at = strstr(text, "cpu: 500m");
	struct manifests none = {0};
	struct err e = {0};

	assert_non_null(at);
	memcpy(at, "cpu: 1e17", 9); /* 10^20 thousandths */
	assert_int_equal(manifests_parse("h.yaml", text, strlen(text), &none, &e), -EINVAL);
	assert_non_null(strstr(e.what, ": cpu: 1e17 is no value for it"));
	assert_non_null(strstr(e.cause, "9223372036854775807m is the most"));
	manifests_done(&none);
}

TEST(what_a_container_requests_itself_counts_before_the_annotation)
{
	const char *at = strstr(whole, "\nspec:");
	scoped(freep) char *text = mem_printf("%.*s\n  annotations: {plimsoll.io/cpu-request: 9, plimsoll.io/memory-request: 7}%s%s",
					      (int)(at - whole), whole, at, deployment);
	const struct hpa_requests *r;

	parse(text);
	r = &all.item[0].hpa->requests;
	assert_int_equal(r->n, 3);
	assert_string_equal(r->item[0].container, "");
	assert_int_equal(r->item[0].cpu_milli, 9000);
	assert_string_equal(r->item[1].container, "api");
	assert_int_equal(r->item[1].cpu_milli, 500);
	assert_string_equal(r->item[2].container, "proxy");
	assert_false(r->item[2].memory_known); /* so the annotation's */
}

TEST(annotations_say_what_kubernetes_does_not_know)
{
	parse("apiVersion: autoscaling/v2\n"
	      "kind: HorizontalPodAutoscaler\n"
	      "metadata:\n"
	      "  name: web\n"
	      "  namespace: shop\n"
	      "  annotations:\n"
	      "    other.example/thing: \"1\"\n"
	      "    plimsoll.io/mode: Enforce\n"
	      "    plimsoll.io/replicas: /web/*\n"
	      "    plimsoll.io/cpu-request: 250m\n"
	      "    plimsoll.io/exec: \"[/usr/bin/scale, web]\"\n"
	      "    plimsoll.io/exec-timeout-seconds: \"5\"\n"
	      "spec: {scaleTargetRef: {apiVersion: plimsoll.io/v1alpha1, kind: Unit, name: web}, maxReplicas: 3}\n");
	assert_string_equal(all.item[0].policy.name, "shop/web");
	assert_true(all.item[0].policy.enforce);
	assert_string_equal(all.item[0].cgroup, "/web/*");
	assert_string_equal(all.item[0].command[1], "web");
	assert_int_equal(all.item[0].timeout_ns, 5 * CLOCK_NS_PER_S);
	assert_int_equal(all.item[0].hpa->request[0].cpu_milli, 250);
	assert_int_equal(all.item[0].hpa->spec->metric[0].utilization, 80); /* the default */
}

TEST(lists_and_the_first_version_are_read)
{
	parse("apiVersion: v1\n"
	      "kind: List\n"
	      "items:\n"
	      "- apiVersion: autoscaling/v1\n"
	      "  kind: HorizontalPodAutoscaler\n"
	      "  metadata: {name: web, namespace: shop}\n"
	      "  spec:\n"
	      "    scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: web}\n"
	      "    maxReplicas: 3\n"
	      "    targetCPUUtilizationPercentage: 55\n"
	      "  status: {currentReplicas: 1}\n");
	assert_string_equal(all.item[0].cgroup, "owner:StatefulSet/shop/web");
	assert_int_equal(all.item[0].hpa->spec->metric[0].utilization, 55);
}

/* `whole` with `from` replaced is refused at line:column with these words. */
static void refused(const char *from, const char *to, const char *where, const char *words)
{
	const char *at = strstr(whole, from);
	struct manifests none = {0};
	struct err e = {0};
	char said[1024];

	assert_non_null(at);
	scoped(freep) char *text = mem_printf("%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from));
	if (manifests_parse("h.yaml", text, strlen(text), &none, &e) >= 0)
		fail_msg("not refused: %s", to);
	assert_int_equal(none.n, 0);
	manifests_done(&none);
	snprintf(said, sizeof(said), "%s; %s; %s", e.what, e.cause, e.fix);
	if (!strstr(said, where) || !strstr(said, words))
		fail_msg("said \"%s\", not \"%s\" with \"%s\"", said, where, words);
}

TEST(what_is_wrong_is_named_with_file_line_and_field)
{
	static const char *const amounts[] = {"1n", "0.5m", "250.5m", "9223372036854775808m", "9223372036854775808", "1e30"};

	refused("minReplicas: 2", "minReplicas: 11", "h.yaml:11:16", "spec.maxReplicas: must be greater than or equal to");
	refused("minReplicas: 2", "minReplica: 2", "h.yaml:10:3", "did you mean \"minReplicas\"?");
	refused("averageUtilization: 70", "averageUtilization: 0", "h.yaml:18:29", "averageUtilization");
	refused("averageUtilization: 70", "averageUtilization: \"70\"", "h.yaml:18:29", "whole number");
	refused("type: Utilization", "type: Utilizatio", "h.yaml:17:15", "spec.metrics[0].resource.target.type");
	refused("type: Resource\n", "type: Resourc\n", "h.yaml:13:11", "spec.metrics[0].type");
	refused("maxReplicas: 10\n", "{}\n", "h.yaml:", "");
	refused("kind: Deployment", "kind: Widget", "h.yaml:8:11", "plimsoll.io/replicas");
	refused("autoscaling/v2", "autoscaling/v2beta2", "h.yaml:1:13", "autoscaling/v2");
	refused("  name: example-service\n", "  labels: {}\n", "h.yaml:4", "metadata.name is missing");
	refused("spec:", "speck:", "h.yaml:5:1", "spec");
	refused("name: example-service\nspec", "name: a\n  annotations: {plimsoll.io/mod: Enforce}\nspec", "h.yaml:5:17",
		"did you mean \"plimsoll.io/mode\"?");
	refused("name: example-service\nspec", "name: a\n  annotations: {plimsoll.io/mode: Enforce}\nspec", "h.yaml:5:16",
		"plimsoll.io/exec is missing");
	refused("name: example-service\nspec", "name: a\n  annotations: {plimsoll.io/exec: ls}\nspec", "h.yaml:5:35",
		"list of words");
	refused("name: example-service\nspec", "name: a\n  annotations: {plimsoll.io/cpu-request: fast}\nspec",
		"h.yaml:5:42", "quantity");
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		scoped(freep) char *to = mem_printf("name: a\n  annotations: {plimsoll.io/cpu-request: %s}\nspec", amounts[i]);
		scoped(freep) char *memory = mem_printf("name: a\n  annotations: {plimsoll.io/memory-request: %s}\nspec", amounts[i]);

		refused("name: example-service\nspec", to, "h.yaml:5:42", "no finer than 1m");
		refused("name: example-service\nspec", memory, "h.yaml:5:45", "no finer than 1m");
	}
}

TEST(two_policies_for_the_same_replicas_are_refused)
{
	scoped(freep) char *text =
		mem_printf("%s---\n%.*sother%s", whole, (int)(strstr(whole, "example-service") - whole), whole,
			   strstr(whole, "example-service") + strlen("example-service"));
	struct manifests none = {0};
	struct err e = {0};

	assert_int_equal(manifests_parse("h.yaml", text, strlen(text), &none, &e), -EEXIST);
	assert_non_null(strstr(e.what, "h.yaml:23:9: the policy other is for the replicas of example-service"));
	assert_non_null(strstr(e.cause, "h.yaml:4:9"));
	manifests_done(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_guides_manifest_is_read_unchanged),
		cmocka_unit_test(the_example_of_the_docs_is_read),
		cmocka_unit_test(requests_come_from_the_deployment_beside_it),
		cmocka_unit_test(a_request_beyond_int64_is_refused),
		cmocka_unit_test(what_a_container_requests_itself_counts_before_the_annotation),
		cmocka_unit_test(annotations_say_what_kubernetes_does_not_know),
		cmocka_unit_test(lists_and_the_first_version_are_read),
		cmocka_unit_test(what_is_wrong_is_named_with_file_line_and_field),
		cmocka_unit_test(two_policies_for_the_same_replicas_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
