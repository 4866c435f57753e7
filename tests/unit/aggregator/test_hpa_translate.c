/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_translate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "decide/hpa_defaults.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct yaml_doc *doc;
static struct hpa_read read_;

static const struct hpa_spec *translated(const char *text)
{
	assert_int_equal(yaml_parse("h.yaml", text, strlen(text), &doc, NULL), 0);
	assert_int_equal(hpa_read_spec(doc, doc->root, true, &read_, NULL), 0);
	hpa_defaults(&read_.object);
	return hpa_translate(&read_, "ns");
}

static int forget(void **state)
{
	(void)state;
	doc = yaml_free(doc);
	hpa_read_done(&read_);
	return 0;
}

TEST(words_become_numbers)
{
	const struct hpa_spec *s = translated(
		"scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
		"maxReplicas: 5\n"
		"behavior: {scaleUp: {selectPolicy: Disabled, tolerance: 50m},\n"
		"  scaleDown: {policies: [{type: Percent, value: 10, periodSeconds: 60}]}}\n");

	assert_string_equal(s->target_name, "web");
	assert_int_equal(s->min, 1);
	assert_int_equal(s->metric[0].target, HPA_UTILIZATION);
	assert_int_equal(s->metric[0].utilization, 80);
	assert_int_equal(s->behavior->up.select, HPA_SELECT_DISABLED);
	assert_true(s->behavior->up.tolerance == 0.05);
	assert_false(s->behavior->down.window_known);
	assert_int_equal(s->behavior->down.policy[0].type, HPA_POLICY_PERCENT);
	assert_int_equal(s->behavior->down.policy[0].period_s, 60);
}

TEST(selectors_read_as_go_prints_them)
{
	const struct hpa_spec *s = translated(
		"metrics:\n"
		"- {type: External, external: {metric: {name: a, selector: {matchLabels: {z: \"1\", q: main},\n"
		"   matchExpressions: [{key: tier, operator: In, values: [x, y]}]}}, target: {averageValue: 2}}}\n"
		"- {type: External, external: {metric: {name: b}, target: {value: 3}}}\n");

	assert_string_equal(s->metric[0].selector,
			    "&LabelSelector{MatchLabels:map[string]string{q: main,z: 1,},MatchExpressions:"
			    "[]LabelSelectorRequirement{LabelSelectorRequirement{Key:tier,Operator:In,"
			    "Values:[x y],},},}");
	assert_int_equal(s->metric[0].target, HPA_AVERAGE_VALUE);
	assert_int_equal(s->metric[0].milli, 2000);
	assert_string_equal(s->metric[1].selector, "nil");
	assert_int_equal(s->metric[1].target, HPA_VALUE);
	assert_null(s->behavior);
}

/* Kubernetes takes it and says at every pass that the target is missing. */
TEST(an_object_whose_target_does_not_fit_its_type_has_none)
{
	const struct hpa_spec *s = translated(
		"metrics: [{type: Object, object: {describedObject: {kind: Service, name: web},\n"
		"  metric: {name: rps}, target: {type: Utilization, value: 10}}}]\n");

	assert_int_equal(s->metric[0].target, HPA_NO_TARGET);
	assert_string_equal(s->metric[0].object_kind, "Service");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(words_become_numbers, forget),
		cmocka_unit_test_teardown(selectors_read_as_go_prints_them, forget),
		cmocka_unit_test_teardown(an_object_whose_target_does_not_fit_its_type_has_none, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
