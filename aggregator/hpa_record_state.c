/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_record_state.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "aggregator/record_field.h"

/* --- writing ------------------------------------------------------------------------------------ */

static json_t *log_json(const struct hpa_log *l)
{
	json_t *all = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(all, json_pack("{s:I, s:i, s:b}", "atMs", (json_int_t)l->entry[i].at_ms,
						     "replicas", (int)l->entry[i].replicas, "outdated",
						     (int)l->entry[i].outdated));
	return all;
}

static json_t *conditions_json(const struct hpa_status *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->n_conditions; i++) {
		const struct hpa_condition *c = &s->condition[i];

		json_array_append_new(
			all, json_pack("{s:s, s:b, s:I, s:o, s:o}", "type", hpa_status_word(c->type), "status",
				       (int)c->is_true, "sinceMs", (json_int_t)c->since_ms, "reason",
				       record_field_text_json(c->reason), "message", record_field_text_json(c->message)));
	}
	return all;
}

static json_t *metrics_json(const struct hpa_status *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->n_metrics; i++) {
		const struct hpa_metric_status *m = &s->metric[i];

		json_array_append_new(all, json_pack("{s:b, s:b, s:I, s:i}", "known", (int)m->known, "usageKnown",
						     (int)m->usage_known, "usageMilli", (json_int_t)m->usage_milli,
						     "utilization", (int)m->utilization));
	}
	return all;
}

static json_t *status_json(const struct hpa_status *s)
{
	return json_pack("{s:i, s:i, s:b, s:I, s:o, s:o}", "current", (int)s->current, "desired", (int)s->desired,
			 "scaled", (int)s->scaled, "lastScaleMs", (json_int_t)s->last_scale_ms, "metrics",
			 metrics_json(s), "conditions", conditions_json(s));
}

json_t *hpa_record_state_json(const struct hpa_state *s)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "recommendations", log_json(&s->memory.recommendations), "added",
			 log_json(&s->memory.added), "removed", log_json(&s->memory.removed), "status",
			 status_json(&s->status));
}

/* A ratio over nothing is none of JSON's numbers. */
static json_t *ratio_json(double x)
{
	return isfinite(x) ? json_real(x) : json_string(isnan(x) ? "NaN" : x > 0 ? "+Inf" : "-Inf");
}

static json_t *pods_json(const struct hpa_pods *p)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:i}", "ready", (int)p->count[HPA_READY], "unready",
			 (int)p->count[HPA_UNREADY], "missing", (int)p->count[HPA_MISSING], "ignored",
			 (int)p->count[HPA_IGNORED], "samples", (int)p->samples, "sumMilli", (json_int_t)p->sum_milli,
			 "readyMilli", (json_int_t)p->ready_milli, "requestMilli",
			 (json_int_t)p->request_milli[HPA_READY], "problem", (int)p->problem);
}

static json_t *proposal_json(const struct hpa_proposal *p)
{
	json_t *o = json_pack("{s:i, s:i, s:i, s:i, s:I, s:b, s:o}", "failure", (int)p->failure, "replicas",
			      (int)p->replicas, "branch", (int)p->branch, "utilization", (int)p->utilization,
			      "usageMilli", (json_int_t)p->usage_milli, "usageKnown", (int)p->usage_known, "pods",
			      pods_json(&p->pods));

	json_object_set_new(o, "ratio", ratio_json(p->ratio));
	json_object_set_new(o, "filledRatio", ratio_json(p->filled_ratio));
	return o;
}

static json_t *proposals_json(const struct hpa_control *c)
{
	json_t *all = json_array();

	for (size_t i = 0; c->outcome.evaluated && i < c->state.status.n_metrics; i++)
		json_array_append_new(all, proposal_json(&c->outcome.proposal[i]));
	return all;
}

static json_t *normalized_json(const struct hpa_outcome *o)
{
	const struct hpa_normalized *n = &o->normalized;

	return o->is_normalized ? json_pack("{s:i, s:i, s:s, s:s}", "replicas", (int)n->replicas, "stabilized",
					    (int)n->stabilized, "ableToScale", hpa_normalize_word(n->able),
					    "scalingLimited", hpa_normalize_word(n->limited))
				: json_null();
}

static json_t *events_json(const struct hpa_outcome *o)
{
	json_t *all = json_array();

	for (size_t i = 0; i < o->n_events; i++)
		json_array_append_new(all, json_pack("{s:s, s:o, s:o}", "type",
						     o->event[i].warning ? "Warning" : "Normal", "reason",
						     record_field_text_json(o->event[i].reason), "message",
						     record_field_text_json(o->event[i].message)));
	return all;
}

json_t *hpa_record_state_outcome(const struct hpa_control *c)
{
	const struct hpa_outcome *o = &c->outcome;

	return json_pack("{s:i, s:i, s:b, s:b, s:o, s:o, s:i, s:i, s:o, s:o, s:o, s:o}", "from", (int)o->from, "to",
			 (int)o->to, "rescale", (int)o->rescale, "blind", (int)o->blind, "reason",
			 record_field_text_json(o->reason), "error", record_field_text_json(o->error), "metric",
			 o->metric, "wanted", (int)o->wanted, "proposals", proposals_json(c), "normalized",
			 normalized_json(o), "events", events_json(o), "conditions", conditions_json(&c->state.status));
}

/* --- reading ------------------------------------------------------------------------------------ */

static int read_log(const json_t *o, const char *key, struct hpa_log *l, struct err *e)
{
	const json_t *all = record_field_array(o, key, l->room, e);

	if (!all)
		return -EINVAL;
	for (l->n = 0; l->n < json_array_size(all); l->n++) {
		json_int_t at;
		int replicas, outdated;

		if (json_unpack(json_array_get(all, l->n), "{s:I, s:i, s:b}", "atMs", &at, "replicas", &replicas,
				"outdated", &outdated) < 0)
			return record_field_wrong(e, key, "has an entry that is none");
		l->entry[l->n] = (struct hpa_log_entry){at, replicas, outdated};
	}
	return 0;
}

static int read_condition(const json_t *o, struct hpa_condition *c, struct err *e)
{
	const char *type, *message;
	json_int_t since;
	int is_true;

	if (json_unpack((json_t *)(uintptr_t)o, "{s:s, s:b, s:I, s:s, s:s}", "type", &type, "status", &is_true,
			"sinceMs", &since, "reason", &c->reason, "message", &message) < 0)
		return record_field_wrong(e, "conditions", "has an entry that is none");
	snprintf(c->message, sizeof(c->message), "%s", message);
	c->is_true = is_true;
	c->since_ms = since;
	for (int t = 0; t < HPA_CONDITION_TYPES; t++)
		if (!strcmp(type, hpa_status_word((enum hpa_condition_type)t))) {
			c->type = (enum hpa_condition_type)t;
			return 0;
		}
	return record_field_wrong(e, "conditions", "has a type that this version does not know");
}

static int read_conditions(const json_t *o, struct hpa_status *s, struct err *e)
{
	const json_t *all = record_field_array(o, "conditions", HPA_CONDITION_TYPES, e);
	unsigned seen = 0;

	if (!all)
		return -EINVAL;
	for (; s->n_conditions < json_array_size(all); s->n_conditions++) {
		struct hpa_condition *c = &s->condition[s->n_conditions];

		if (read_condition(json_array_get(all, s->n_conditions), c, e) < 0)
			return -EINVAL;
		if (seen & 1u << c->type)
			return record_field_wrong(e, "conditions", "has a type twice");
		seen |= 1u << c->type;
	}
	return 0;
}

static int read_metrics(const json_t *o, struct hpa_status *s, struct err *e)
{
	const json_t *all = record_field_array(o, "metrics", HPA_METRICS, e);

	if (!all)
		return -EINVAL;
	for (; s->n_metrics < json_array_size(all); s->n_metrics++) {
		struct hpa_metric_status *m = &s->metric[s->n_metrics];
		json_int_t usage;
		int known, usage_known;

		if (json_unpack(json_array_get(all, s->n_metrics), "{s:b, s:b, s:I, s:i}", "known", &known, "usageKnown",
				&usage_known, "usageMilli", &usage, "utilization", &m->utilization) < 0)
			return record_field_wrong(e, "metrics", "has an entry that is none");
		m->known = known;
		m->usage_known = usage_known;
		m->usage_milli = usage;
	}
	return 0;
}

static int read_status(const json_t *o, struct hpa_status *s, struct err *e)
{
	json_int_t last;
	int scaled;

	if (json_unpack((json_t *)(uintptr_t)o, "{s:i, s:i, s:b, s:I}", "current", &s->current, "desired", &s->desired,
			"scaled", &scaled, "lastScaleMs", &last) < 0)
		return record_field_wrong(e, "status", "is missing or none");
	s->scaled = scaled;
	s->last_scale_ms = last;
	if (read_metrics(o, s, e) < 0)
		return -EINVAL;
	return read_conditions(o, s, e);
}

int hpa_record_state_read(const json_t *o, struct hpa_state *ret, struct err *e)
{
	int code = read_log(o, "recommendations", &ret->memory.recommendations, e);

	if (code == 0)
		code = read_log(o, "added", &ret->memory.added, e);
	if (code == 0)
		code = read_log(o, "removed", &ret->memory.removed, e);
	return code < 0 ? code : read_status(json_object_get(o, "status"), &ret->status, e);
}

static double read_ratio(const json_t *o)
{
	const char *word = json_string_value(o);

	return !word ? json_number_value(o) : *word == '+' ? INFINITY : *word == '-' ? -INFINITY : NAN;
}

/* Of the metric that won; without one there is none. */
static int read_proposal(const json_t *o, struct hpa_outcome *ret, struct err *e)
{
	const json_t *all = record_field_array(o, "proposals", HPA_METRICS, e);
	struct hpa_proposal *p;
	const json_t *ratio;
	int branch, unready;

	if (!all || ret->metric < 0)
		return all ? 0 : -EINVAL;
	if (json_unpack(json_array_get(all, (size_t)ret->metric), "{s:i, s:o, s:{s:i}}", "branch", &branch, "ratio",
			&ratio, "pods", "unready", &unready) < 0)
		return record_field_wrong(e, "proposals", "lacks the one that won");
	p = &ret->proposal[ret->metric];
	p->branch = (enum hpa_branch)branch;
	p->ratio = read_ratio(ratio);
	p->pods.count[HPA_UNREADY] = unready > 0 ? (size_t)unready : 0;
	return 0;
}

static int read_normalized(const json_t *o, struct hpa_outcome *ret, struct err *e)
{
	const json_t *from = json_object_get(o, "normalized");
	struct hpa_normalized *n = &ret->normalized;
	const char *limited;

	ret->is_normalized = !json_is_null(from);
	if (!ret->is_normalized)
		return 0;
	if (json_unpack((json_t *)(uintptr_t)from, "{s:i, s:i, s:s}", "replicas", &n->replicas, "stabilized",
			&n->stabilized, "scalingLimited", &limited) < 0)
		return record_field_wrong(e, "normalized", "is missing or none");
	for (int r = 0; r <= HPA_DESIRED_WITHIN_RANGE; r++)
		if (!strcmp(limited, hpa_normalize_word((enum hpa_normalize_reason)r))) {
			n->limited = (enum hpa_normalize_reason)r;
			return 0;
		}
	return record_field_wrong(e, "normalized", "has a reason that this version does not know");
}

int hpa_record_state_read_outcome(const json_t *o, struct hpa_outcome *ret, struct err *e)
{
	const char *error;
	int rescale, blind;

	if (json_unpack((json_t *)(uintptr_t)o, "{s:i, s:i, s:b, s:b, s:s, s:i, s:i}", "from", &ret->from, "to", &ret->to,
			"rescale", &rescale, "blind", &blind, "error", &error, "metric", &ret->metric, "wanted",
			&ret->wanted) < 0 ||
	    ret->metric >= HPA_METRICS)
		return record_field_wrong(e, "outcome", "is missing or none");
	ret->rescale = rescale;
	ret->blind = blind;
	snprintf(ret->error, sizeof(ret->error), "%s", error);
	if (read_proposal(o, ret, e) < 0)
		return -EINVAL;
	return read_normalized(o, ret, e);
}
