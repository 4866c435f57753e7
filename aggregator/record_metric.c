/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/record_metric.h"

#include <errno.h>
#include <string.h>

#include "aggregator/record_field.h"

static const struct record_field metric_fields[] = {
	RECORD_FIELD(struct verdict_metric, known, "known"),
	RECORD_FIELD(struct verdict_metric, measured, "measured"),
	RECORD_FIELD(struct verdict_metric, missing, "missing"),
	RECORD_LATER(struct verdict_metric, young, "young"),
	RECORD_FIELD(struct verdict_metric, sum_milli, "sumMilli"),
	RECORD_FIELD(struct verdict_metric, request_milli, "requestMilli"),
	RECORD_FIELD(struct verdict_metric, value_percent, "valuePercent"),
	RECORD_FIELD(struct verdict_metric, target_percent, "targetPercent"),
	RECORD_FIELD(struct verdict_metric, imputed_percent, "imputedPercent"),
	RECORD_LATER(struct verdict_metric, young_percent, "youngPercent"),
	RECORD_FIELD(struct verdict_metric, asks, "asks"),
	RECORD_FIELD(struct verdict_metric, oldest_ns, "oldestNs"),
};

static const struct record_field latency_fields[] = { /* beside those, of a latency */
	RECORD_LATER(struct verdict_metric, requests, "requests"),
	RECORD_LATER(struct verdict_metric, answered_milli, "answeredMilli"),
	RECORD_LATER(struct verdict_metric, value_us, "valueUs"),
};

static const char *const kinds[] = {[POLICY_CPU] = "cpu", [POLICY_RUNQ] = "cpu-runqueue", [POLICY_LATENCY] = "latency"};

static const struct record_field share_target[] = {RECORD_FIELD(struct policy_metric, target_percent, "targetPercent")};
static const struct record_field latency_target[] = {
	RECORD_FIELD(struct policy_metric, quantile_percent, "quantilePercent"),
	RECORD_FIELD(struct policy_metric, target_us, "targetUs"),
};

json_t *record_metric_target_json(const struct policy_metric *m)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", json_string(kinds[m->kind]));
	json_object_update_new(o, m->kind == POLICY_LATENCY
					  ? record_field_all_json(latency_target, RECORD_COUNT(latency_target), m)
					  : record_field_all_json(share_target, RECORD_COUNT(share_target), m));
	return o;
}

json_t *record_metric_json(const struct policy_metric *of, const struct verdict_metric *m)
{
	json_t *o = record_field_all_json(metric_fields, RECORD_COUNT(metric_fields), m);

	if (of->kind == POLICY_LATENCY)
		json_object_update_new(o, record_field_all_json(latency_fields, RECORD_COUNT(latency_fields), m));
	return o;
}

static int read_target(const json_t *o, struct policy_metric *m, struct err *e)
{
	if (m->kind != POLICY_LATENCY) {
		if (record_field_read(share_target, RECORD_COUNT(share_target), o, m, e) < 0)
			return -EINVAL;
		return m->target_percent ? 0 : record_field_wrong(e, share_target[0].key, "is 0");
	}
	if (record_field_read(latency_target, RECORD_COUNT(latency_target), o, m, e) < 0)
		return -EINVAL;
	if (m->quantile_percent >= 100)
		return record_field_wrong(e, latency_target[0].key, "is none");
	m->target_percent = 100;
	return m->target_us ? 0 : record_field_wrong(e, latency_target[1].key, "is 0");
}

int record_metric_read_target(const json_t *o, struct policy_metric *m, struct err *e)
{
	const char *name = json_string_value(json_object_get(o, "name"));

	for (size_t i = 0; name && i < RECORD_COUNT(kinds); i++)
		if (!strcmp(name, kinds[i])) {
			m->kind = (enum policy_metric_kind)i;
			return read_target(o, m, e);
		}
	return record_field_wrong(e, "metrics", "has one that this version does not know");
}

int record_metric_read(const json_t *o, struct verdict_metric *m, struct err *e)
{
	if (record_field_read(metric_fields, RECORD_COUNT(metric_fields), o, m, e) < 0)
		return -EINVAL;
	return record_field_read(latency_fields, RECORD_COUNT(latency_fields), o, m, e);
}

bool record_metric_same(const struct verdict_metric *a, const struct verdict_metric *b)
{
	return record_field_same(metric_fields, RECORD_COUNT(metric_fields), a, b) &&
	       record_field_same(latency_fields, RECORD_COUNT(latency_fields), a, b);
}
