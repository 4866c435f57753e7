/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_record.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/hpa_record_state.h"
#include "aggregator/record_field.h"
#include "aggregator/record_view.h"
#include "base/mem.h"

#define API_VERSION "plimsoll.io/v1alpha1"

static const struct record_field policy_fields[] = {
	RECORD_FIELD(struct policy, enforce, "enforce"),
	RECORD_FIELD(struct policy, window_ns, "windowNs"),
	RECORD_FIELD(struct policy, fresh_ns, "freshNs"),
};

static const struct record_field current_field = RECORD_FIELD(struct hpa_record, current, "current");

/* --- writing ------------------------------------------------------------------------------------ */

static json_t *requests_json(const struct hpa_requests *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct hpa_request *x = &r->item[i];
		json_t *o = json_pack("{s:o}", "container", record_field_text_json(x->container));

		if (x->cpu_known)
			json_object_set_new(o, "cpuMilli", json_integer(x->cpu_milli));
		if (x->memory_known)
			json_object_set_new(o, "memoryMilli", json_integer(x->memory_milli));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *policy_json(const struct hpa_manifest *m, const struct policy *p)
{
	json_t *o = record_field_all_json(policy_fields, RECORD_COUNT(policy_fields), p);

	json_object_set_new(o, "name", record_field_text_json(p->name));
	json_object_set_new(o, "namespace", record_field_text_json(m->ns));
	json_object_set_new(o, "requests", requests_json(&m->requests));
	json_object_set_new(o, "spec", json_loads(m->json, 0, NULL));
	return o;
}

static json_t *config_json(const struct hpa_config *c)
{
	return json_pack("{s:f, s:I, s:I, s:I, s:b}", "tolerance", c->tolerance, "cpuInitializationMs",
			 (json_int_t)c->cpu_initialization_ms, "initialReadinessMs",
			 (json_int_t)c->initial_readiness_ms, "downscaleStabilizationMs",
			 (json_int_t)c->downscale_stabilization_ms, "scaleToZero", (int)c->scale_to_zero);
}

static void add_text(json_t *to, const char *key, const char *text)
{
	if (text)
		json_object_set_new(to, key, record_field_text_json(text));
}

char *hpa_record_json(const struct hpa_control *c, const struct hpa_manifest *m, const struct policy *p,
		      const struct view *v, uint32_t current, const char *scale_error)
{
	json_t *o = json_pack("{ss ss so so so sI so so so}", "apiVersion", API_VERSION, "kind", HPA_RECORD_KIND,
			      "policy", policy_json(m, p), "config", config_json(&c->config), "view",
			      record_view_json(v), "current", (json_int_t)current, "scaleError",
			      scale_error ? record_field_text_json(scale_error) : json_null(), "state",
			      hpa_record_state_json(&c->before), "outcome", hpa_record_state_outcome(c));
	char *text;

	add_text(o, "selects", c->selects);
	add_text(o, "rivals", c->rivals);
	text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return text;
}

/* --- reading ------------------------------------------------------------------------------------ */

static int read_amount(const json_t *o, const char *key, int64_t *ret, struct err *e)
{
	const json_t *n = json_object_get(o, key);

	*ret = n ? json_integer_value(n) : -1;
	return !n || (json_is_integer(n) && *ret >= 0) ? 0 : record_field_wrong(e, key, "is no request");
}

static int read_request(const json_t *o, struct hpa_manifest *m, struct err *e)
{
	const char *container = json_string_value(json_object_get(o, "container"));
	int64_t cpu, memory;

	if (!container)
		return record_field_wrong(e, "container", "is missing or no text");
	if (read_amount(o, "cpuMilli", &cpu, e) < 0 || read_amount(o, "memoryMilli", &memory, e) < 0)
		return -EINVAL;
	return hpa_manifest_request(m, container, cpu, memory) < 0
		       ? record_field_wrong(e, "requests", "names more containers than a pod may have here")
		       : 0;
}

static int read_requests(const json_t *o, struct hpa_manifest *m, struct err *e)
{
	const json_t *all = record_field_array(o, "requests", HPA_MANIFEST_REQUESTS, e);

	if (!all)
		return -EINVAL;
	for (size_t i = 0; i < json_array_size(all); i++)
		if (read_request(json_array_get(all, i), m, e) < 0)
			return -EINVAL;
	return 0;
}

static int read_policy(const json_t *o, struct hpa_record *r, struct err *e)
{
	const json_t *spec = json_object_get(o, "spec");
	scoped(freep) char *json = json_is_object(spec) ? json_dumps(spec, JSON_COMPACT) : NULL;
	const char *ns = json_string_value(json_object_get(o, "namespace"));
	struct policy *p = &r->policy;

	if (!json || !ns)
		return record_field_wrong(e, json ? "namespace" : "spec", "is missing or none");
	if (record_field_text(o, "name", p->name, sizeof(p->name), e) < 0 ||
	    record_field_read(policy_fields, RECORD_COUNT(policy_fields), o, p, e) < 0 ||
	    hpa_manifest_new(ns, json, &r->manifest, e) < 0 || read_requests(o, r->manifest, e) < 0)
		return -EINVAL;
	p->min_replicas = (uint32_t)r->manifest->spec->min;
	p->max_replicas = (uint32_t)r->manifest->spec->max;
	return 0;
}

/* A thousand years at most, so that no sum with a time leaves int64. */
static bool is_duration(json_int_t ms)
{
	return ms >= 0 && ms < 1000ll * 365 * 86400 * 1000;
}

static int read_config(const json_t *o, struct hpa_config *c, struct err *e)
{
	json_int_t initialization, readiness, stabilization;
	int to_zero;

	if (json_unpack((json_t *)(uintptr_t)o, "{s:F, s:I, s:I, s:I, s:b}", "tolerance", &c->tolerance,
			"cpuInitializationMs", &initialization, "initialReadinessMs", &readiness,
			"downscaleStabilizationMs", &stabilization, "scaleToZero", &to_zero) < 0)
		return record_field_wrong(e, "config", "is missing or none");
	if (!(c->tolerance >= 0) || !is_duration(initialization) || !is_duration(readiness) || !is_duration(stabilization))
		return record_field_wrong(e, "config", "has a value that none can have");
	c->cpu_initialization_ms = initialization;
	c->initial_readiness_ms = readiness;
	c->downscale_stabilization_ms = stabilization;
	c->scale_to_zero = to_zero;
	return 0;
}

static int read_outcome(const json_t *o, struct hpa_record *r, struct err *e)
{
	const json_t *outcome = json_object_get(o, "outcome");

	r->control->selects = json_string_value(json_object_get(o, "selects"));
	r->control->rivals = json_string_value(json_object_get(o, "rivals"));
	r->scale_error = json_string_value(json_object_get(o, "scaleError"));
	if (hpa_record_state_read_outcome(outcome, &r->control->outcome, e) < 0)
		return -EINVAL;
	r->control->sight.in.rivals = r->control->rivals;
	hpa_control_verdict(r->control, &r->view, &r->verdict);
	memset(&r->control->outcome, 0, sizeof(r->control->outcome)); /* a replay begins with none */
	r->outcome = json_dumps(outcome, JSON_COMPACT);
	return r->outcome ? 0 : record_field_wrong(e, "outcome", "has a text that is none");
}

static int read_record(const json_t *o, struct hpa_record *r, struct err *e)
{
	int code = read_policy(json_object_get(o, "policy"), r, e);

	if (code == 0)
		code = read_config(json_object_get(o, "config"), &r->control->config, e);
	if (code == 0)
		code = record_view_read(json_object_get(o, "view"), &r->view, e);
	if (code == 0)
		code = record_field_read(&current_field, 1, o, r, e);
	if (code == 0)
		code = hpa_record_state_read(json_object_get(o, "state"), &r->control->state, e);
	return code < 0 ? code : read_outcome(o, r, e);
}

int hpa_record_parse(const char *json, struct hpa_record **ret, struct err *e)
{
	scoped(hpa_record_freep) struct hpa_record *r = mem_new(struct hpa_record);
	json_t *o;
	int code = record_field_load(json, HPA_RECORD_KIND, &o, e);

	r->control = hpa_control_new();
	r->json = o;
	if (code == 0)
		code = read_record(o, r, e);
	if (code == 0)
		*ret = take(r);
	return code;
}

bool hpa_record_is(const char *json)
{
	json_t *o;
	int code = record_field_load(json, HPA_RECORD_KIND, &o, NULL);

	json_decref(o);
	return code == 0;
}

struct hpa_record *hpa_record_free(struct hpa_record *r)
{
	if (!r)
		return NULL;
	hpa_manifest_free(r->manifest);
	hpa_control_free(r->control);
	record_view_done(&r->view);
	free(r->outcome);
	json_decref(r->json);
	free(r);
	return NULL;
}

bool hpa_record_replay(struct hpa_record *r)
{
	scoped(freep) char *again = NULL;
	json_t *o;

	hpa_control_pass(r->control, r->manifest, &r->policy, &r->view, r->current, r->scale_error);
	o = hpa_record_state_outcome(r->control);
	again = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return again && !strcmp(again, r->outcome);
}
