/* SPDX-License-Identifier: Apache-2.0 */
/* hpa_replica_calculator: what one metric proposes. */
#include <string.h>

#include "decide/hpa_error.h"
#include "decide/hpa_replicas.h"
#include "decide/quantity_print.h"
#include "vectors/hpa_scene.h"
#include "vectors/vectors.h"

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static struct hpa_metric metric_of(json_t *in)
{
	static const char *const sources[] = {"Resource", "ContainerResource", "Pods", "Object", "External"};
	static const char *const targets[] = {"Utilization", "AverageValue", "Value"};
	json_t *target = vectors_need(in, "target");
	const char *milli = vectors_get_text(target, "averageValue");
	struct hpa_metric m = {.source = vectors_word(in, "type", sources, LENGTH(sources)),
			       .target = vectors_word(target, "type", targets, LENGTH(targets)),
			       .name = vectors_get_text(in, "resource"),
			       .container = vectors_get_text(in, "container"),
			       .object_kind = "Service",
			       .object_name = "svc",
			       .selector = "nil"};

	m.name = m.name ? m.name : "m";
	m.utilization = (int32_t)vectors_get_int(target, "averageUtilization", 0);
	milli = milli ? milli : vectors_get_text(target, "value");
	m.milli = milli ? hpa_scene_milli(milli) : 0;
	return m;
}

static struct hpa_answer answer_of(struct hpa_scene *s, json_t *in, const struct hpa_metric *m)
{
	const char *error = vectors_get_text(in, "metricsError");

	switch (m->source) {
	case HPA_OBJECT:
		return hpa_scene_values(s, json_object_get(in, "objectMetric"), error);
	case HPA_EXTERNAL:
		return hpa_scene_values(s, json_object_get(in, "externalMetrics"), error);
	case HPA_PODS:
		return hpa_scene_samples(s, json_object_get(in, "podsMetrics"), error);
	default:
		return hpa_scene_samples(s, json_object_get(in, "podMetrics"), error);
	}
}

static const char *class_of(const struct hpa_proposal *p)
{
	static const char *const classes[] = {[HPA_FETCH_FAILED] = "metrics_fetch_failed",
					      [HPA_NO_ITEMS] = "metrics_empty",
					      [HPA_NO_PODS] = "no_pods",
					      [HPA_NO_SAMPLES] = "no_usable_metrics",
					      [HPA_NO_REQUEST] = "missing_request",
					      [HPA_NOTHING_MATCHES] = "no_matching_metrics"};

	if (p->failure == HPA_NO_REQUEST && p->pods.problem == HPA_REQUEST_MISSING_OF_POD)
		return "missing_pod_level_request";
	if (p->failure == HPA_NO_REQUEST && p->pods.problem == HPA_REQUEST_MISSING_CONTAINER)
		return "container_not_found";
	return classes[p->failure];
}

/* What the controller writes into status.currentMetrics: memory is binary. */
static void compare_status(struct vectors_case *c, const struct hpa_metric *m, const struct hpa_proposal *p)
{
	json_t *status = vectors_need(c->out, "status"), *ours = json_object();
	bool memory = m->source <= HPA_CONTAINER_RESOURCE && !strcmp(m->name, "memory");
	struct quantity q = quantity_of_milli(p->usage_milli,
					      memory ? QUANTITY_BINARY_SI : QUANTITY_DECIMAL_SI);
	char text[QUANTITY_TEXT];

	quantity_print(&q, text, sizeof(text));
	json_object_set_new(ours, m->target == HPA_VALUE ? "value" : "averageValue", json_string(text));
	if (m->target == HPA_UTILIZATION)
		json_object_set_new(ours, "averageUtilization", json_integer(p->utilization));
	vectors_json(c, "status", status, ours);
	json_decref(ours);
}

/* What is implementationDefined divided by no replicas: upstream's number is not given, ours is unknown. */
static void compare_numbers(struct vectors_case *c, const struct hpa_metric *m, const struct hpa_proposal *p)
{
	if (json_object_get(c->out, "replicas"))
		vectors_int(c, "replicas", vectors_need_int(c->out, "replicas"), p->replicas);
	if (json_object_get(c->out, "utilizationPct"))
		vectors_int(c, "utilizationPct", vectors_need_int(c->out, "utilizationPct"), p->utilization);
	vectors_int(c, "timestamp", !!json_object_get(c->out, "timestampMs"), p->timestamp_known);
	vectors_int(c, "timestampMs", vectors_get_int(c->out, "timestampMs", 0), p->timestamp_ms);
	vectors_int(c, "usage is given", !!json_object_get(c->out, "usageMilli"), p->usage_known);
	if (!p->usage_known || !json_object_get(c->out, "usageMilli"))
		return;
	vectors_int(c, "usageMilli", vectors_need_int(c->out, "usageMilli"), p->usage_milli);
	compare_status(c, m, p);
}

void suite_hpa_replica_calculator(struct vectors_case *c)
{
	json_t *in = c->in, *error = vectors_need(c->out, "error"), *bounds = vectors_need(in, "tolerance");
	struct hpa_scene s = {0};
	struct hpa_metric m = metric_of(in);
	struct hpa_answer a = answer_of(&s, in, &m);
	struct hpa_scale scale = {(int32_t)vectors_need_int(in, "specReplicas"),
				  (int32_t)vectors_need_int(in, "statusReplicas")};
	struct hpa_tolerance tolerance = {vectors_get_double(bounds, "up", 0),
					  vectors_get_double(bounds, "down", 0)};
	struct hpa_timing at = {0, vectors_need_int(in, "cpuInitializationPeriodMs"),
				vectors_need_int(in, "initialReadinessDelayMs")};
	json_t *pods = json_object_get(in, "pods");
	struct hpa_proposal p;
	char text[HPA_ERROR_TEXT];

	hpa_replicas(&m, &scale, &tolerance, &at, hpa_scene_pods(&s, pods, NULL), json_array_size(pods), &a,
		     &p);
	vectors_text(c, "error", vectors_get_text(error, "class"), class_of(&p));
	hpa_error_text(&m, "ns", &a, &p, text, sizeof(text));
	if (p.failure)
		vectors_text(c, "error text", vectors_get_text(error, "text"), text);
	else if (!c->failed)
		compare_numbers(c, &m, &p);
	hpa_scene_done(&s);
}
