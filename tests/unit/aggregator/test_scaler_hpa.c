/* SPDX-License-Identifier: Apache-2.0 */
/* The scaler with HorizontalPodAutoscalers: as in Kubernetes, and what is said where that cannot be. */
#include "scaling.h"

#include "aggregator/explain.h"
#include "aggregator/hpa_control.h"
#include "aggregator/hpa_record.h"
#include "aggregator/policies.h"
#include "aggregator/rivals.h"

#define HPA_PERIOD 3 /* seconds between two passes */

static const char hpa_text[] = "apiVersion: autoscaling/v2\n"
			       "kind: HorizontalPodAutoscaler\n"
			       "metadata:\n"
			       "  name: web\n"
			       "  annotations:\n"
			       "    plimsoll.io/replicas: \"%s\"\n"
			       "%s"
			       "    plimsoll.io/mode: %s\n"
			       "    plimsoll.io/exec: \"[/bin/sh, -c, '%s']\"\n"
			       "spec:\n"
			       "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
			       "  minReplicas: 1\n"
			       "  maxReplicas: 20\n"
			       "  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, "
			       "averageUtilization: 60}}}]\n"
			       "  behavior: {scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 15}]}}\n";
#define REQUEST "    plimsoll.io/cpu-request: 250m\n"

static void set_hpa(const char *replicas, const char *request, const char *mode, const char *hook)
{
	scoped(freep) char *text = mem_printf(hpa_text, replicas, request, mode, hook);

	w.scaler->hpa_period_ns = HPA_PERIOD * S;
	set_text(text);
}

static const struct hpa_condition *condition(enum hpa_condition_type type)
{
	const struct hpa_status *s = &scaler_find(w.scaler, "web")->hpa->state.status;

	for (size_t i = 0; i < s->n_conditions; i++)
		if (s->condition[i].type == type)
			return &s->condition[i];
	fail_msg("there is no %s", hpa_status_word(type));
	return NULL;
}

static void says(enum hpa_condition_type type, bool is_true, const char *reason, const char *words)
{
	const struct hpa_condition *c = condition(type);

	if (c->is_true != is_true || strcmp(c->reason, reason) != 0 || !strstr(c->message, words))
		fail_msg("%s is %d, %s: %s", hpa_status_word(type), c->is_true, c->reason, c->message);
}

/* What `explain` says of it has all of these texts. */
static void explained(uint64_t id, const char *const *texts)
{
	scoped(buf_done) struct buf text = {0};
	scoped(freep) char *record = NULL;
	struct decision x;

	assert_int_equal(decisions_get(w.decisions, id, &x, &record), 0);
	assert_int_equal(explain_decision(&x, record, &text, NULL), 0);
	for (; *texts; texts++)
		if (!strstr(buf_text(&text), *texts))
			fail_msg("\"%s\" is not in\n%s", *texts, buf_text(&text));
}

/* The outcome of the newest hold comes again, byte for byte. */
static void held(const char *reason)
{
	const struct hold *h = &scaler_find(w.scaler, "web")->hold;
	scoped(hpa_record_freep) struct hpa_record *r = NULL;

	assert_non_null(h->record);
	assert_string_equal(h->x.reason, reason);
	assert_int_equal(hpa_record_parse(h->record, &r, NULL), 0);
	assert_true(hpa_record_replay(r));
}

/* 210m of 250m: 84 % of 60 %. 4 x 84 / 60 = 5.6, so 6; one pod per 15 s is allowed. */
static void an_hpa_is_decided_on_as_in_kubernetes(void **state)
{
	static const char *const texts[] = {"4 -> 5", "HorizontalPodAutoscaler web",
					    "cpu 84 % of request over 4 of 4 pods (840m of 1000m); target 60 %",
					    "4 x 84 / 60 = 5.60, rounded up: asks for 6",
					    "scaleUp policy Pods 1 per 15 s: 4 + 1 = 5\n",
					    "4 -> 5, limited to 5 by scaleUp policy Pods 1 per 15 s (ScaleUpLimit: ",
					    "give the same outcome again, byte for byte", NULL};

	(void)state;
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	pass_seconds(3 * HPA_PERIOD + 1, 150); /* the first pass is in the first second */
	assert_int_equal(decisions_made(), 0);
	says(HPA_SCALING_ACTIVE, true, "ValidMetricFound", "cpu resource utilization");
	says(HPA_ABLE_TO_SCALE, true, "ReadyForNewScale", "matches current size");
	while (!decisions_made())
		pass(210);
	await_outcome();
	assert_string_equal(w.last.outcome, DECISION_APPLIED);
	assert_string_equal(w.last.reason, "step-limit");
	assert_int_equal(w.last.to, 5);
	says(HPA_ABLE_TO_SCALE, true, "SucceededRescale", "update the target scale to 5");
	says(HPA_SCALING_LIMITED, true, "ScaleUpLimit", "increasing faster");
	explained(1, texts);
	pass_seconds(2 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 1); /* one pod was added in the last 15 s */
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 2);
	await_outcome();
	assert_int_equal(w.last.to, 6);
}

static void an_hpa_without_a_request_says_so_and_does_nothing(void **state)
{
	(void)state;
	set_hpa("/web/*", "", "Enforce", "true");
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 0);
	says(HPA_SCALING_ACTIVE, false, "FailedGetResourceMetric", "missing request for cpu in container");
	assert_string_equal(w.hold.reason, "blind");
	assert_int_equal(w.hold.to, 4);
	held("blind");
}

static void an_hpa_that_observes_writes_nothing(void **state)
{
	(void)state;
	set_hpa("/web/*", REQUEST, "Observe", "touch /nonexistent/never");
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 1);
	assert_string_equal(w.last.outcome, DECISION_OBSERVED);
	assert_int_equal(w.last.to, 5);
	says(HPA_ABLE_TO_SCALE, false, "FailedUpdateScale", "observes only");
}

static void an_hpa_does_not_shrink_when_nobody_reports(void **state)
{
	(void)state;
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	pass_seconds(4 * HPA_PERIOD, 150);
	for (int i = 0; i < 200; i++)
		scaler_tick(w.scaler, (clock_boot_t){T0 + ++w.second * S});
	assert_int_equal(decisions_made(), 0);
	says(HPA_SCALING_ACTIVE, false, "FailedGetResourceMetric", "no metrics returned from resource metrics API");
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.to, 4);
}

static void an_hpa_whose_replicas_nobody_knows_has_no_scale(void **state)
{
	(void)state;
	set_hpa("/elsewhere/*", REQUEST, "Enforce", "true");
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 0);
	says(HPA_ABLE_TO_SCALE, false, "FailedGetScale", "Plimsoll knows no replica of Deployment default/web");
}

/* `other` is a document of the name web; it is called alt. */
static void set_hpa_beside(const char *replicas, char *other)
{
	scoped(freep) char *hpa = mem_printf(hpa_text, replicas, REQUEST, "Enforce", "true"), *both = NULL;

	memcpy(strstr(other, "name: web") + strlen("name: "), "alt", 3);
	both = mem_printf("%s---\n%s", hpa, other);
	w.scaler->hpa_period_ns = HPA_PERIOD * S;
	set_text(both);
}

static void two_hpas_on_one_pod_decide_nothing(void **state)
{
	scoped(freep) char *other = mem_printf(hpa_text, "/web/3", REQUEST, "Enforce", "true");
	const struct scaler_workload *first;

	(void)state;
	set_hpa_beside("/web/*", other);
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 0);
	says(HPA_SCALING_ACTIVE, false, "AmbiguousSelector",
	     "pods by selector /web/* are controlled by multiple HPAs: [web alt]");
	says(HPA_ABLE_TO_SCALE, true, "SucceededGetScale", "");
	assert_string_equal(w.hold.reason, "ambiguous");
	held("ambiguous");
	assert_string_equal(scaler_find(w.scaler, "alt")->rivals.text, "[alt web]"); /* whose pod is the other's first */
	assert_int_equal(scaler_find(w.scaler, "alt")->verdict.reason, VERDICT_AMBIGUOUS);
	assert_int_equal(rivals_count(w.scaler, true, &first), 2);
	assert_string_equal(first->manifest.policy.name, "web");
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	pass_seconds(HPA_PERIOD + 1, 210);
	says(HPA_SCALING_ACTIVE, true, "ValidMetricFound", "");
	assert_int_equal(decisions_made(), 1);
	await_outcome();
	assert_int_equal(rivals_count(w.scaler, true, &first), 0);
}

/* One of them may: the one that is no HPA, though it comes second. */
static void an_hpa_gives_way_to_a_scaling_policy(void **state)
{
	scoped(freep) char *other = mem_printf(policy_text, "Enforce", 300, "true");

	(void)state;
	set_hpa_beside("/web/**", other);
	pass_seconds(3, 150);
	pass_seconds(1, 200);
	assert_int_equal(decisions_made(), 1);
	await_outcome();
	assert_string_equal(w.last.workload, "alt");
	assert_int_equal(w.last.to, 6);
	pass_seconds(2 * HPA_PERIOD, 200);
	says(HPA_SCALING_ACTIVE, false, "AmbiguousSelector", "[web alt]");
	assert_int_equal(decisions_made(), 1);
}

/* Of two metrics one has no source: by the other it grows, never shrinks, and says why and what to do. */
static void an_external_metric_is_said_to_have_no_source(void **state)
{
	static const char beside[] = "  metrics: [{type: External, external: {metric: {name: lag}, "
				     "target: {type: AverageValue, averageValue: 5}}}, ";
	static const char *const texts[] = {
		"4 -> 5", "not known        external metric lag: could not be had, target 5\n",
		"FailedGetExternalMetric: unable to get external metric default/lag/nil: unable to fetch metrics from external "
		"metrics API: Plimsoll has no source of external metrics; scale on Resource metrics or on the Pods metrics",
		"the same outcome again, byte for byte", NULL};
	scoped(freep) char *text = mem_printf(hpa_text, "/web/*", REQUEST, "Enforce", "true"), *both = NULL;
	char *at = strstr(text, "  metrics: ["), metric[64];
	const char *first = "";

	(void)state;
	both = mem_printf("%.*s%s%s", (int)(at - text), text, beside, at + strlen("  metrics: ["));
	w.scaler->hpa_period_ns = HPA_PERIOD * S;
	set_text(both);
	pass_seconds(2 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 1);
	await_outcome();
	explained(1, texts);
	for (int i = 0; i < 400; i++) /* longer than scaleDown's window */
		pass(10);
	assert_int_equal(decisions_made(), 1);
	says(HPA_SCALING_ACTIVE, false, "FailedGetExternalMetric", "or leave this HPA to Kubernetes");
	assert_int_equal(policies_unmeasured(w.scaler, &first, metric, sizeof(metric)), 1);
	assert_string_equal(first, "web");
	assert_string_equal(metric, "external metric lag");
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	assert_int_equal(policies_unmeasured(w.scaler, &first, metric, sizeof(metric)), 0);
}

static void an_hpa_is_held_by_the_brake(void **state)
{
	struct pause p = {.workload = "web", .why = "a person looks"};

	(void)state;
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	decisions_pause(w.decisions, &p);
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 0);
	assert_string_equal(w.hold.reason, "paused");
	assert_true(decisions_resume(w.decisions, "web"));
	pass_seconds(HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 1);
	await_outcome();
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		test(an_hpa_is_decided_on_as_in_kubernetes),
		test(an_hpa_without_a_request_says_so_and_does_nothing),
		test(an_hpa_that_observes_writes_nothing),
		test(an_hpa_does_not_shrink_when_nobody_reports),
		test(an_external_metric_is_said_to_have_no_source),
		test(two_hpas_on_one_pod_decide_nothing),
		test(an_hpa_gives_way_to_a_scaling_policy),
		test(an_hpa_whose_replicas_nobody_knows_has_no_scale),
		test(an_hpa_is_held_by_the_brake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
