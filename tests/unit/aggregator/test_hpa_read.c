/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_read.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide/hpa_defaults.h"
#include "decide/hpa_spec.h"
#include "decide/hpa_validate.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* As users have it: scaling-operations guides show this one. */
static const char simple[] = "scaleTargetRef:\n"
			     "  apiVersion: apps/v1\n"
			     "  kind: Deployment\n"
			     "  name: example-service\n"
			     "minReplicas: 2\n"
			     "maxReplicas: 10\n"
			     "metrics:\n"
			     "- type: Resource\n"
			     "  resource:\n"
			     "    name: cpu\n"
			     "    target:\n"
			     "      type: Utilization\n"
			     "      averageUtilization: 70\n";

static struct yaml_doc *doc;
static struct hpa_read read_;

static int read_text(const char *text, bool strict, struct err *e)
{
	doc = yaml_free(doc);
	hpa_read_done(&read_);
	assert_int_equal(yaml_parse("h.yaml", text, strlen(text), &doc, NULL), 0);
	return hpa_read_spec(doc, doc->root, strict, &read_, e);
}

static int forget(void **state)
{
	(void)state;
	doc = yaml_free(doc);
	hpa_read_done(&read_);
	return 0;
}

static void count(void *context, enum hpa_fault fault, const char *field, const char *detail)
{
	(void)fault;
	assert_true(*field && detail);
	++*(int *)context;
}

static int faults(void)
{
	int n = 0;

	hpa_validate(&(struct hpa_validate){count, &n, false}, &read_.object);
	return n;
}

TEST(a_manifest_as_users_have_it)
{
	const struct hpa_object *o = &read_.object;

	assert_int_equal(read_text(simple, true, NULL), 0);
	assert_string_equal(o->target.name, "example-service");
	assert_int_equal(o->min.value, 2);
	assert_int_equal(o->max, 10);
	assert_int_equal(o->n, 1);
	assert_string_equal(o->metric[0].source[HPA_RESOURCE].name, "cpu");
	assert_int_equal(o->metric[0].source[HPA_RESOURCE].target.utilization.value, 70);
	hpa_defaults(&read_.object);
	assert_int_equal(faults(), 0);
}

TEST(defaults_fill_in_what_is_absent)
{
	const struct hpa_object *o = &read_.object;

	assert_int_equal(read_text("scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
				   "maxReplicas: 3\n"
				   "behavior: {scaleUp: {policies: []}, scaleDown: null}\n",
				   true, NULL), 0);
	hpa_defaults(&read_.object);
	assert_int_equal(o->min.value, 1);
	assert_int_equal(o->metric[0].source[HPA_RESOURCE].target.utilization.value, 80);
	assert_int_equal(o->up.window_s.value, 0);
	assert_int_equal(o->up.n, 0); /* an empty list is not an absent one … */
	assert_false(o->down.window_s.set);
	assert_int_equal(o->down.n, 1);
	assert_int_equal(faults(), 1); /* … and is refused */
}

static void refused(const char *text, int code, const char *where, const char *words)
{
	struct err e = {0};
	char said[1024];

	assert_int_equal(read_text(text, true, &e), code);
	snprintf(said, sizeof(said), "%s; %s; %s", e.what, e.cause, e.fix);
	if (!strstr(said, where) || !strstr(said, words))
		fail_msg("said \"%s\", not \"%s\" with \"%s\"", said, where, words);
}

TEST(what_cannot_be_read_is_named_with_its_place)
{
	refused("maxReplicas: 3000000000\n", -EINVAL, "h.yaml:1:14", "whole number");
	refused("maxReplicas: \"10\"\n", -EINVAL, "h.yaml:1:14", "without quotes");
	refused("maxReplicas: 1.0\n", -EINVAL, "h.yaml:1:14", "whole number");
	refused("maxReplica: 1\n", -ENOENT, "h.yaml:1:1", "maxReplicas");
	refused("metrics: {a: 1}\n", -EINVAL, "h.yaml:1:10", "a list");
	refused("metrics: [1]\n", -EINVAL, "h.yaml:1:11", "fields");
	refused("scaleTargetRef: {name: 7}\n", -EINVAL, "h.yaml:1:24", "quotes");
	refused("metrics: [{pods: {target: {averageValue: 1KB}}}]\n", -EINVAL, "h.yaml:1:42", "a number and a suffix");
	refused("behavior: {scaleUp: {tolerance: [1]}}\n", -EINVAL, "h.yaml:1:33", "quantity");
	refused("[]\n", -EINVAL, "h.yaml", "spec is missing");
}

TEST(an_unknown_key_is_ignored_when_asked_to)
{
	assert_int_equal(read_text("MaxReplicas: 3\nmaxReplicas: 4\n", false, NULL), 0);
	assert_int_equal(read_.object.max, 4);
}

TEST(more_metrics_than_a_step_holds_are_refused)
{
	char text[2048] = "metrics: [{}";
	struct err e = {0};

	for (int i = 0; i < HPA_METRICS; i++)
		strcat(text, ", {}");
	strcat(text, "]\n");
	assert_int_equal(read_text(text, true, &e), -E2BIG);
	assert_non_null(strstr(e.what, "too many"));
}

TEST(white_space_around_a_quantity_does_not_count)
{
	const struct hpa_object_quantity *q;

	assert_int_equal(read_text("metrics: [{pods: {target: {averageValue: \" 1E3 \"}}}]\n", true, NULL), 0);
	q = &read_.object.metric[0].source[HPA_PODS].target.average_value;
	assert_int_equal(quantity_milli(&q->quantity), 1000000);
	assert_string_equal(q->text, "1E3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_manifest_as_users_have_it, forget),
		cmocka_unit_test_teardown(defaults_fill_in_what_is_absent, forget),
		cmocka_unit_test_teardown(what_cannot_be_read_is_named_with_its_place, forget),
		cmocka_unit_test_teardown(an_unknown_key_is_ignored_when_asked_to, forget),
		cmocka_unit_test_teardown(more_metrics_than_a_step_holds_are_refused, forget),
		cmocka_unit_test_teardown(white_space_around_a_quantity_does_not_count, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
