/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/record.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/record_field.h"
#include "aggregator/record_metric.h"
#include "aggregator/record_view.h"
#include "base/mem.h"

#define API_VERSION "plimsoll.io/v1alpha1"
#define KIND	    "DecisionRecord"

static const struct record_field policy_fields[] = {
	RECORD_FIELD(struct policy, enforce, "enforce"),
	RECORD_FIELD(struct policy, min_replicas, "minReplicas"),
	RECORD_FIELD(struct policy, max_replicas, "maxReplicas"),
	RECORD_FIELD(struct policy, cpu_request_milli, "cpuRequestMilli"),
	RECORD_FIELD(struct policy, tolerance_permille, "tolerancePermille"),
	RECORD_FIELD(struct policy, window_ns, "windowNs"),
	RECORD_FIELD(struct policy, up_stabilization_ns, "scaleUpStabilizationNs"),
	RECORD_FIELD(struct policy, down_stabilization_ns, "scaleDownStabilizationNs"),
	RECORD_FIELD(struct policy, fresh_ns, "freshNs"),
	RECORD_FIELD(struct policy, min_coverage_permille, "minCoveragePermille"),
	RECORD_LATER(struct policy, up_period_ns, "scaleUpPeriodNs"),
	RECORD_LATER(struct policy, down_period_ns, "scaleDownPeriodNs"),
	RECORD_LATER(struct policy, down_permille, "scaleDownPermille"),
	RECORD_LATER(struct policy, young_ns, "youngNs"),
};

static const struct record_field state_fields[] = {
	RECORD_FIELD(struct decide_state, next, "next"),
	RECORD_FIELD(struct decide_state, wanted, "wanted"),
	RECORD_FIELD(struct decide_state, wanted_since_ns, "wantedSinceNs"),
	RECORD_LATER(struct decide_state, wanted_step, "wantedStep"),
	RECORD_LATER(struct decide_state, silent, "silent"),
	RECORD_LATER(struct decide_state, silent_ns, "silentNs"),
	RECORD_LATER(struct decide_state, gain.live, "gainLive"),
	RECORD_LATER(struct decide_state, gain.base, "gainBase"),
	RECORD_LATER(struct decide_state, gain.metric, "gainMetric"),
	RECORD_LATER(struct decide_state, gain.value_percent, "gainValuePercent"),
	RECORD_LATER(struct decide_state, gain.answered_milli, "gainAnsweredMilli"),
	RECORD_LATER(struct decide_state, gain.filled_ns, "gainFilledNs"),
	RECORD_LATER(struct decide_state, gain.useless, "gainUseless"),
	RECORD_LATER(struct decide_state, gain.useless_percent, "gainUselessPercent"),
	RECORD_LATER(struct decide_state, gain.useless_ns, "gainUselessNs"),
	RECORD_LATER(struct decide_state, begin_ns, "beginNs"),
	RECORD_LATER(struct decide_state, live, "live"),
	RECORD_LATER(struct decide_state, fewer_ns, "fewerNs"),
};

static const struct record_field memory_fields[] = {
	RECORD_FIELD(struct decide_recommendation, boottime_ns, "boottimeNs"),
	RECORD_FIELD(struct decide_recommendation, up, "up"),
	RECORD_FIELD(struct decide_recommendation, down, "down"),
	RECORD_LATER(struct decide_recommendation, least, "least"),
	RECORD_LATER(struct decide_recommendation, most, "most"),
};

static const struct record_field verdict_fields[] = {
	RECORD_FIELD(struct verdict, from, "from"),
	RECORD_FIELD(struct verdict, to, "to"),
	RECORD_FIELD(struct verdict, asked, "asked"),
	RECORD_FIELD(struct verdict, stabilized, "stabilized"),
	RECORD_FIELD(struct verdict, coverage_permille, "coveragePermille"),
	RECORD_LATER(struct verdict, lacks, "lacks"),
};

/* Writing */

static json_t *policy_json(const struct policy *p)
{
	json_t *o = json_object(), *metrics = json_array();

	json_object_set_new(o, "name", record_field_text_json(p->name));
	json_object_update_new(o, record_field_all_json(policy_fields, RECORD_COUNT(policy_fields), p));
	for (size_t i = 0; i < p->n_metrics; i++)
		json_array_append_new(metrics, record_metric_target_json(&p->metric[i]));
	json_object_set_new(o, "metrics", metrics);
	return o;
}

static json_t *state_json(const struct decide_state *s)
{
	json_t *o = record_field_all_json(state_fields, RECORD_COUNT(state_fields), s), *memory = json_array();

	for (uint32_t i = 0; i < s->n; i++)
		json_array_append_new(memory, record_field_all_json(memory_fields, RECORD_COUNT(memory_fields),
							  &s->memory[i]));
	json_object_set_new(o, "memory", memory);
	return o;
}

static json_t *verdict_json(const struct policy *p, const struct verdict *d)
{
	json_t *o = record_field_all_json(verdict_fields, RECORD_COUNT(verdict_fields), d), *metrics = json_array();

	json_object_set_new(o, "reason", json_string(verdict_word(d->reason)));
	json_object_set_new(o, "trigger", d->trigger < 0 ? json_null() : json_integer(d->trigger));
	for (size_t i = 0; i < p->n_metrics; i++)
		json_array_append_new(metrics, record_metric_json(&p->metric[i], &d->metric[i]));
	json_object_set_new(o, "metrics", metrics);
	return o;
}

char *record_json(const struct policy *p, const struct view *v, uint32_t current,
		  const struct decide_state *before, const struct verdict *d)
{
	json_t *o = json_pack("{ss ss so so sI so so}", "apiVersion", API_VERSION, "kind", KIND,
			      "policy", policy_json(p), "view", record_view_json(v), "current",
			      (json_int_t)current, "state", state_json(before), "verdict",
			      verdict_json(p, d));
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}

/* Reading */

static int read_policy(const json_t *o, struct policy *p, struct err *e)
{
	const json_t *metrics = record_field_array(o, "metrics", POLICY_METRICS, e);

	if (!metrics || record_field_text(o, "name", p->name, sizeof(p->name), e) < 0 ||
	    record_field_read(policy_fields, RECORD_COUNT(policy_fields), o, p, e) < 0)
		return -EINVAL;
	for (; p->n_metrics < json_array_size(metrics); p->n_metrics++)
		if (record_metric_read_target(json_array_get(metrics, p->n_metrics), &p->metric[p->n_metrics], e) < 0)
			return -EINVAL;
	return 0;
}

static int read_state(const json_t *o, struct decide_state *s, struct err *e)
{
	const json_t *memory = record_field_array(o, "memory", DECIDE_MEMORY, e);

	if (!memory || record_field_read(state_fields, RECORD_COUNT(state_fields), o, s, e) < 0)
		return -EINVAL;
	if (s->next >= DECIDE_MEMORY)
		return record_field_wrong(e, "next", "is too large");
	if (s->gain.metric >= POLICY_METRICS)
		return record_field_wrong(e, "gainMetric", "is too large");
	for (; s->n < json_array_size(memory); s->n++)
		if (record_field_read(memory_fields, RECORD_COUNT(memory_fields), json_array_get(memory, s->n),
				&s->memory[s->n], e) < 0)
			return -EINVAL;
	return 0;
}

static int read_reason(const json_t *o, enum verdict_reason *ret, struct err *e)
{
	const char *word = json_string_value(json_object_get(o, "reason"));
#define X(id, known, meaning) \
	if (word && !strcmp(word, known)) { \
		*ret = VERDICT_##id; \
		return 0; \
	}
	VERDICT_REASONS(X)
#undef X
	return record_field_wrong(e, "reason", "is missing or unknown to this version");
}

static int read_verdict(const json_t *o, size_t n_metrics, struct verdict *d, struct err *e)
{
	const json_t *metrics = record_field_array(o, "metrics", n_metrics, e);
	const json_t *trigger = json_object_get(o, "trigger");

	if (!metrics || read_reason(o, &d->reason, e) < 0 ||
	    record_field_read(verdict_fields, RECORD_COUNT(verdict_fields), o, d, e) < 0)
		return -EINVAL;
	if (json_is_integer(trigger) && (json_integer_value(trigger) < 0 ||
					 json_integer_value(trigger) >= (json_int_t)n_metrics))
		return record_field_wrong(e, "trigger", "is none of its metrics");
	d->trigger = json_is_integer(trigger) ? (int)json_integer_value(trigger) : -1;
	for (size_t i = 0; i < json_array_size(metrics); i++)
		if (record_metric_read(json_array_get(metrics, i), &d->metric[i], e) < 0)
			return -EINVAL;
	return 0;
}

static int read_record(const json_t *o, struct record *r, struct err *e)
{
	static const struct record_field current = RECORD_FIELD(struct record, current, "current");
	int code = read_policy(json_object_get(o, "policy"), &r->policy, e);

	if (code == 0)
		code = record_view_read(json_object_get(o, "view"), &r->view, e);
	if (code == 0)
		code = record_field_read(&current, 1, o, r, e);
	if (code == 0)
		code = read_state(json_object_get(o, "state"), &r->state, e);
	if (code == 0)
		code = read_verdict(json_object_get(o, "verdict"), r->policy.n_metrics, &r->verdict, e);
	return code;
}

int record_parse(const char *json, struct record **ret, struct err *e)
{
	scoped(record_freep) struct record *r = mem_new(struct record);
	json_t *o;
	int code = record_field_load(json, KIND, &o, e);

	r->json = o;
	if (code == 0)
		code = read_record(o, r, e);
	if (code == 0)
		*ret = take(r);
	return code;
}

struct record *record_free(struct record *r)
{
	if (!r)
		return NULL;
	record_view_done(&r->view);
	json_decref(r->json);
	free(r);
	return NULL;
}

bool record_replay(const struct record *r, struct verdict *ret)
{
	struct decide_state state = r->state;
	bool same;

	decide_step(&r->policy, &r->view, r->current, &state, ret);
	same = ret->reason == r->verdict.reason && ret->trigger == r->verdict.trigger &&
	       record_field_same(verdict_fields, RECORD_COUNT(verdict_fields), ret, &r->verdict);
	for (size_t i = 0; i < r->policy.n_metrics; i++)
		same = same && record_metric_same(&ret->metric[i], &r->verdict.metric[i]);
	return same;
}
