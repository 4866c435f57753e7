/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_validate.h"

#include <stdio.h>
#include <string.h>

#include "decide/hpa_validate_metric.h"

#define MOST_PERIOD_S 1800
#define MOST_WINDOW_S 3600

static void fault(const struct hpa_validate *v, enum hpa_fault f, const char *field, const char *child,
		  const char *detail)
{
	hpa_validate_metric_fault(v, f, field, child, detail);
}

static void replicas(const struct hpa_validate *v, const struct hpa_object *o)
{
	int32_t least = v->scale_to_zero ? 0 : 1;

	if (o->min.set && o->min.value < least)
		fault(v, HPA_FAULT_INVALID, "spec", "minReplicas",
		      least ? "must be greater than or equal to 1" : "must be greater than or equal to 0");
	if (!o->max)
		fault(v, HPA_FAULT_REQUIRED, "spec", "maxReplicas", "must be set and greater than 0");
	else if (o->max < 0)
		fault(v, HPA_FAULT_INVALID, "spec", "maxReplicas", "must be greater than or equal to 1");
	if (o->min.set && o->max < o->min.value)
		fault(v, HPA_FAULT_INVALID, "spec", "maxReplicas",
		      "must be greater than or equal to `minReplicas`");
}

static void metrics(const struct hpa_validate *v, const struct hpa_object *o)
{
	char field[HPA_VALIDATE_FIELD];
	bool from_zero = false;

	for (size_t i = 0; i < o->n; i++) {
		snprintf(field, sizeof(field), "spec.metrics[%zu]", i);
		hpa_validate_metric(v, field, &o->metric[i]);
		from_zero |= !strcmp(o->metric[i].type, "Object") || !strcmp(o->metric[i].type, "External");
	}
	if (o->min.set && !o->min.value && !from_zero)
		fault(v, HPA_FAULT_FORBIDDEN, "spec", "metrics",
		      "must specify at least one Object or External metric to support scaling to zero replicas");
}

static void policy(const struct hpa_validate *v, const char *field, const struct hpa_object_policy *p)
{
	if (strcmp(p->type, "Pods") != 0 && strcmp(p->type, "Percent") != 0)
		fault(v, HPA_FAULT_NOT_SUPPORTED, field, "type", "supported values: \"Percent\", \"Pods\"");
	if (p->value <= 0)
		fault(v, HPA_FAULT_INVALID, field, "value", "must be greater than zero");
	if (p->period_s <= 0)
		fault(v, HPA_FAULT_INVALID, field, "periodSeconds", "must be greater than zero");
	if (p->period_s > MOST_PERIOD_S)
		fault(v, HPA_FAULT_INVALID, field, "periodSeconds", "must be less than or equal to 1800");
}

static void window(const struct hpa_validate *v, const char *field, const struct hpa_object_int *s)
{
	if (s->set && s->value < 0)
		fault(v, HPA_FAULT_INVALID, field, "stabilizationWindowSeconds",
		      "must be greater than or equal to zero");
	if (s->set && s->value > MOST_WINDOW_S)
		fault(v, HPA_FAULT_INVALID, field, "stabilizationWindowSeconds",
		      "must be less than or equal to 3600");
}

static void rules(const struct hpa_validate *v, const char *field, const struct hpa_object_rules *r)
{
	char path[HPA_VALIDATE_FIELD];

	if (!r->set)
		return;
	window(v, field, &r->window_s);
	if (r->select && strcmp(r->select, "Max") != 0 && strcmp(r->select, "Min") != 0 &&
	    strcmp(r->select, "Disabled") != 0)
		fault(v, HPA_FAULT_NOT_SUPPORTED, field, "selectPolicy",
		      "supported values: \"Disabled\", \"Max\", \"Min\"");
	if (!r->n)
		fault(v, HPA_FAULT_REQUIRED, field, "policies", "must specify at least one Policy");
	for (size_t i = 0; i < r->n; i++) {
		snprintf(path, sizeof(path), "%.100s.policies[%zu]", field, i);
		policy(v, path, &r->policy[i]);
	}
	if (r->tolerance.set && quantity_sign(&r->tolerance.quantity) < 0)
		fault(v, HPA_FAULT_INVALID, field, "tolerance", "must be greater than or equal to 0");
}

void hpa_validate(const struct hpa_validate *v, const struct hpa_object *o)
{
	replicas(v, o);
	hpa_validate_metric_reference(v, "spec.scaleTargetRef", &o->target, true);
	metrics(v, o);
	if (!o->behavior_set)
		return;
	rules(v, "spec.behavior.scaleUp", &o->up);
	rules(v, "spec.behavior.scaleDown", &o->down);
}

const char *hpa_validate_word(enum hpa_fault f)
{
	static const char *const words[] = {
#define X(id, word) [HPA_FAULT_##id] = word,
		HPA_FAULTS(X)
#undef X
	};

	return words[f];
}
