/* SPDX-License-Identifier: Apache-2.0 */
/* hpa_sequence: whole runs, one pass after the other, with the status and the logs of the one before. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/hpa_translate.h"
#include "base/mem.h"
#include "decide/hpa_defaults.h"
#include "decide/hpa_step.h"
#include "decide/label_selector.h"
#include "decide/quantity_print.h"
#include "vectors/hpa_manifest.h"
#include "vectors/hpa_scene.h"
#include "vectors/vectors.h"

#define LOG_ROOM 1024 /* more than a run has steps */
#define MODIFIED "Operation cannot be fulfilled on deployments.apps \"web\": object was modified"

struct run {
	struct vectors_case *c;
	struct hpa_scene scene; /* of the whole run */
	struct hpa_manifest manifest;
	struct hpa_spec spec;
	json_t *metrics; /* of the spec, in JSON: they come back in the status */
	struct hpa_config config;
	struct hpa_state state;
	struct hpa_outcome outcome;
	size_t step;
};

static const char *const source_keys[] = {"resource", "containerResource", "pods", "object", "external"};

/* --- the spec ----------------------------------------------------------------------------------- */

static void read_spec(struct run *r, json_t *spec)
{
	struct err e = {0};

	r->metrics = vectors_need(spec, "metrics");
	if (hpa_manifest_read(r->c->name, spec, &r->manifest, &e) < 0)
		vectors_fail(r->c, "spec", "one that can be read", e.what);
	hpa_defaults(&r->manifest.read.object);
	r->spec = *hpa_translate(&r->manifest.read, "ns");
}

static void read_config(struct run *r, json_t *config)
{
	json_t *gates = vectors_need(config, "featureGates");

	r->config = (struct hpa_config){
		.tolerance = vectors_get_double(config, "tolerance", 0),
		.cpu_initialization_ms = vectors_need_int(config, "cpuInitializationPeriodMs"),
		.initial_readiness_ms = vectors_need_int(config, "initialReadinessDelayMs"),
		.downscale_stabilization_ms = vectors_need_int(config, "downscaleStabilizationMs"),
		.scale_to_zero = json_is_true(json_object_get(gates, "HPAScaleToZero"))};
}

static struct hpa_log empty_log(struct run *r)
{
	return (struct hpa_log){.entry = hpa_scene_block(&r->scene, LOG_ROOM, sizeof(struct hpa_log_entry)),
				.room = LOG_ROOM};
}

/* --- one step ----------------------------------------------------------------------------------- */

static bool has_fault(json_t *step, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(step, "faults"), i, one)
		if (!strcmp(json_string_value(one), name))
			return true;
	return false;
}

/* The object API's own words for a metric that it does not have: kind in lower case, and an s. */
static const char *no_such_metric(struct hpa_scene *s, const struct hpa_metric *m)
{
	char *text = hpa_scene_block(s, 1, 512), *at = text;

	at += snprintf(text, 256, "the server could not find the metric %s for ", m->name);
	for (const char *c = m->object_kind; *c; c++)
		*at++ = (char)tolower((unsigned char)*c);
	snprintf(at, 128, "s %s", m->object_name);
	return text;
}

static struct hpa_answer answer_of(struct hpa_scene *s, json_t *step, const struct hpa_metric *m)
{
	json_t *found;

	switch (m->source) {
	case HPA_PODS:
		found = json_object_get(json_object_get(step, "podsMetrics"), m->name);
		return hpa_scene_samples(s, found, NULL);
	case HPA_EXTERNAL:
		found = json_object_get(json_object_get(step, "externalMetrics"), m->name);
		return hpa_scene_values(s, found, NULL);
	case HPA_OBJECT:
		found = json_object_get(json_object_get(step, "objectMetrics"), m->name);
		return hpa_scene_values(s, found, found ? NULL : no_such_metric(s, m));
	default:
		return hpa_scene_samples(s, json_object_get(step, "podMetrics"),
					 vectors_get_text(step, "podMetricsError"));
	}
}

static struct hpa_input input_of(struct run *r, struct hpa_scene *s, json_t *step)
{
	json_t *scale = vectors_need(step, "scale"), *pods = json_object_get(step, "pods");
	struct hpa_answer *answers = hpa_scene_block(s, r->spec.n, sizeof(*answers));
	char *selector_error = hpa_scene_block(s, 1, HPA_TEXT);
	struct hpa_input in = {.now_ms = vectors_need_int(step, "tMs"),
			       .scale_error = has_fault(step, "getScaleFails") ? "scale get failed" : NULL,
			       .scale = {(int32_t)vectors_need_int(scale, "spec"),
					 (int32_t)vectors_need_int(scale, "status")},
			       .selector = vectors_need_text(scale, "selector"),
			       .n_pods = json_array_size(pods),
			       .pod = hpa_scene_pods(s, pods, r->c->in),
			       .answer = answers};

	if (!label_selector_check(in.selector, selector_error, HPA_TEXT))
		in.selector_error = selector_error;
	for (size_t i = 0; i < r->spec.n; i++)
		answers[i] = answer_of(s, step, &r->spec.metric[i]);
	return in;
}

/* --- comparing ---------------------------------------------------------------------------------- */

static json_t *status_of_metric(struct run *r, size_t i)
{
	const struct hpa_metric *m = &r->spec.metric[i];
	const struct hpa_metric_status *status = &r->state.status.metric[i];
	const char *key = source_keys[m->source];
	json_t *spec = json_array_get(r->metrics, i), *of, *current = json_object();
	bool memory = m->source <= HPA_CONTAINER_RESOURCE && !strcmp(m->name, "memory");
	struct quantity q = quantity_of_milli(status->usage_milli,
					      memory ? QUANTITY_BINARY_SI : QUANTITY_DECIMAL_SI);
	char text[QUANTITY_TEXT];

	if (!status->known) {
		json_decref(current);
		return json_pack("{ss}", "type", "");
	}
	quantity_print(&q, text, sizeof(text));
	json_object_set_new(current, m->target == HPA_VALUE ? "value" : "averageValue", json_string(text));
	if (m->target == HPA_UTILIZATION)
		json_object_set_new(current, "averageUtilization", json_integer(status->utilization));
	of = json_copy(json_object_get(spec, key)); /* what it is about comes back, the target does not */
	json_object_del(of, "target");
	json_object_set_new(of, "current", current);
	return json_pack("{sOso}", "type", json_object_get(spec, "type"), key, of);
}

static json_t *status_of_metrics(struct run *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->state.status.n_metrics; i++)
		json_array_append_new(list, status_of_metric(r, i));
	return list;
}

static json_t *conditions(const struct hpa_status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_conditions; i++) {
		const struct hpa_condition *c = &s->condition[i];

		json_array_append_new(list, json_pack("{sssssssssI}", "type", hpa_status_word(c->type), "status",
						      c->is_true ? "True" : "False", "reason", c->reason, "message",
						      c->message, "lastTransitionMs", (json_int_t)c->since_ms));
	}
	return list;
}

static json_t *events(const struct hpa_outcome *o)
{
	json_t *list = json_array();

	for (size_t i = 0; i < o->n_events; i++) {
		char *text = mem_printf("%s %s: %s", o->event[i].warning ? "Warning" : "Normal",
					o->event[i].reason, o->event[i].message);

		json_array_append_new(list, json_string(text));
		free(text);
	}
	return list;
}

static void compare_json(struct run *r, json_t *out, const char *key, json_t *ours)
{
	char *what = mem_printf("step %zu: %s", r->step, key);

	vectors_json(r->c, what, vectors_need(out, key), ours);
	json_decref(ours);
	free(what);
}

/* An average over no replicas is an accident of Go's: our text is taken over before the comparison. */
static json_t *comparable_metrics(struct run *r, json_t *out)
{
	json_t *ours = status_of_metrics(r), *theirs = vectors_need(out, "currentMetrics");

	for (size_t i = 0; i < json_array_size(ours) && i < json_array_size(theirs); i++) {
		const char *key = source_keys[r->spec.metric[i].source];
		json_t *from = json_object_get(json_object_get(json_array_get(theirs, i), key), "current");
		json_t *to = json_object_get(json_object_get(json_array_get(ours, i), key), "current");

		if (from && to && !r->state.status.metric[i].usage_known)
			json_object_update(to, from);
	}
	return ours;
}

static void compare(struct run *r, json_t *out, bool changed)
{
	const struct hpa_status *s = &r->state.status;
	const struct hpa_outcome *o = &r->outcome;

	compare_json(r, out, "scaledTo", changed ? json_integer(o->to) : json_null());
	compare_json(r, out, "currentReplicas", json_integer(s->current));
	compare_json(r, out, "desiredReplicas", json_integer(s->desired));
	compare_json(r, out, "lastScaleTimeMs", s->scaled ? json_integer(s->last_scale_ms) : json_null());
	compare_json(r, out, "conditions", conditions(s));
	compare_json(r, out, "currentMetrics", comparable_metrics(r, out));
	compare_json(r, out, "statusWritten", json_boolean(o->status_changed));
	compare_json(r, out, "events", events(o));
	compare_json(r, out, "error", *o->error ? json_string(o->error) : json_null());
}

/* --- the run ------------------------------------------------------------------------------------ */

static const char *update_error(json_t *step)
{
	if (has_fault(step, "updateScaleFails"))
		return "scale update failed";
	return has_fault(step, "updateScaleConflictAlways") ? MODIFIED : NULL;
}

static void run_step(struct run *r, json_t *step, json_t *out)
{
	struct hpa_scene s = {0};
	struct hpa_input in;

	r->spec.min = (int32_t)vectors_get_int(step, "setMinReplicas", r->spec.min);
	r->spec.max = (int32_t)vectors_get_int(step, "setMaxReplicas", r->spec.max);
	in = input_of(r, &s, step);
	hpa_step(&r->spec, &r->config, &in, &r->state, &r->outcome);
	if (r->outcome.rescale)
		hpa_step_done(&r->spec, &r->config, in.now_ms, update_error(step), &r->state, &r->outcome);
	compare(r, out, r->outcome.rescale && !update_error(step));
	hpa_scene_done(&s);
}

void suite_hpa_sequence(struct vectors_case *c)
{
	static struct run r; /* it is large */
	json_t *steps = vectors_need(c->in, "steps"), *outs = vectors_need(c->out, "steps");

	r = (struct run){.c = c};
	read_spec(&r, vectors_need(c->in, "spec"));
	read_config(&r, vectors_need(c->in, "config"));
	r.state.memory = (struct hpa_memory){empty_log(&r), empty_log(&r), empty_log(&r)};
	vectors_int(c, "steps", (int64_t)json_array_size(outs), (int64_t)json_array_size(steps));
	for (; r.step < json_array_size(steps) && !c->failed; r.step++)
		run_step(&r, json_array_get(steps, r.step), json_array_get(outs, r.step));
	hpa_manifest_done(&r.manifest);
	hpa_scene_done(&r.scene);
}
