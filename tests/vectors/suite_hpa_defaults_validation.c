/* SPDX-License-Identifier: Apache-2.0 */
/* hpa_defaults_validation: a manifest read, its defaults, and what is wrong with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/hpa_defaults.h"
#include "decide/hpa_validate.h"
#include "decide/quantity_print.h"
#include "vectors/hpa_manifest.h"
#include "vectors/vectors.h"

/* --- the object as Kubernetes writes it --------------------------------------------------------- */

static void put_text(json_t *to, const char *key, const char *text)
{
	if (*text)
		json_object_set_new(to, key, json_string(text));
}

static void put_int(json_t *to, const char *key, const struct hpa_object_int *i)
{
	if (i->set)
		json_object_set_new(to, key, json_integer(i->value));
}

static void put_quantity(json_t *to, const char *key, const struct hpa_object_quantity *q)
{
	char text[QUANTITY_TEXT];

	if (!q->set)
		return;
	quantity_print(&q->quantity, text, sizeof(text));
	json_object_set_new(to, key, json_string(q->quantity.verbatim ? q->text : text));
}

static json_t *reference(const struct hpa_object_reference *r)
{
	json_t *to = json_pack("{ssss}", "kind", r->kind, "name", r->name);

	put_text(to, "apiVersion", r->api_version);
	return to;
}

static json_t *target(const struct hpa_object_target *t)
{
	json_t *to = json_pack("{ss}", "type", t->type);

	put_quantity(to, "value", &t->value);
	put_quantity(to, "averageValue", &t->average_value);
	put_int(to, "averageUtilization", &t->utilization);
	return to;
}

static json_t *expression(const struct hpa_object_expression *e)
{
	json_t *to = json_pack("{ssss}", "key", e->key, "operator", e->operator_word), *values = json_array();

	for (size_t i = 0; i < e->n; i++)
		json_array_append_new(values, json_string(e->value[i]));
	if (e->n)
		json_object_set(to, "values", values);
	json_decref(values);
	return to;
}

static json_t *selector(const struct hpa_object_selector *s)
{
	json_t *to = json_object(), *labels = json_object(), *expressions = json_array();

	for (size_t i = 0; i < s->n_labels; i++)
		json_object_set_new(labels, s->label[i].key, json_string(s->label[i].value));
	for (size_t i = 0; i < s->n_expressions; i++)
		json_array_append_new(expressions, expression(&s->expression[i]));
	if (s->n_labels)
		json_object_set(to, "matchLabels", labels);
	if (s->n_expressions)
		json_object_set(to, "matchExpressions", expressions);
	json_decref(labels);
	json_decref(expressions);
	return to;
}

static json_t *source(const struct hpa_object_source *s, enum hpa_source kind)
{
	json_t *to = json_pack("{so}", "target", target(&s->target)), *metric;

	if (kind == HPA_CONTAINER_RESOURCE)
		json_object_set_new(to, "container", json_string(s->container));
	if (kind == HPA_OBJECT)
		json_object_set_new(to, "describedObject", reference(&s->described));
	if (kind == HPA_RESOURCE || kind == HPA_CONTAINER_RESOURCE) {
		json_object_set_new(to, "name", json_string(s->name));
		return to;
	}
	metric = json_pack("{ss}", "name", s->metric);
	if (s->selector.set)
		json_object_set_new(metric, "selector", selector(&s->selector));
	json_object_set_new(to, "metric", metric);
	return to;
}

static json_t *metrics(const struct hpa_object *o)
{
	static const char *const keys[] = {"resource", "containerResource", "pods", "object", "external"};
	json_t *list = json_array();

	for (size_t i = 0; i < o->n; i++) {
		json_t *one = json_pack("{ss}", "type", o->metric[i].type);

		for (int kind = 0; kind < HPA_SOURCES; kind++)
			if (o->metric[i].source[kind].set)
				json_object_set_new(one, keys[kind],
						    source(&o->metric[i].source[kind], (enum hpa_source)kind));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *rules(const struct hpa_object_rules *r)
{
	json_t *to = json_object(), *policies = json_array();

	put_int(to, "stabilizationWindowSeconds", &r->window_s);
	if (r->select)
		json_object_set_new(to, "selectPolicy", json_string(r->select));
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(policies, json_pack("{sssisi}", "type", r->policy[i].type, "value",
							  r->policy[i].value, "periodSeconds",
							  r->policy[i].period_s));
	if (r->n)
		json_object_set(to, "policies", policies);
	put_quantity(to, "tolerance", &r->tolerance);
	json_decref(policies);
	return to;
}

static json_t *object(const struct hpa_object *o)
{
	json_t *to = json_pack("{sosiso}", "scaleTargetRef", reference(&o->target), "maxReplicas", o->max,
			       "metrics", metrics(o)), *behavior = json_object();

	put_int(to, "minReplicas", &o->min);
	if (o->up.set)
		json_object_set_new(behavior, "scaleUp", rules(&o->up));
	if (o->down.set)
		json_object_set_new(behavior, "scaleDown", rules(&o->down));
	if (o->behavior_set)
		json_object_set(to, "behavior", behavior);
	json_decref(behavior);
	return to;
}

/* --- faults ------------------------------------------------------------------------------------- */

struct faults {
	char text[64][256]; /* "field type" */
	size_t n;
};

static void note(struct faults *f, const char *field, const char *type)
{
	if (f->n < sizeof(f->text) / sizeof(f->text[0]))
		snprintf(f->text[f->n++], sizeof(f->text[0]), "%s %s", field, type);
}

static void report(void *context, enum hpa_fault fault, const char *field, const char *detail)
{
	(void)detail;
	note(context, field, hpa_validate_word(fault));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void compare_faults(struct vectors_case *c, struct faults *ours, json_t *list)
{
	static struct faults theirs;
	json_t *one;
	size_t i;

	theirs.n = 0;
	json_array_foreach(list, i, one)
		note(&theirs, vectors_need_text(one, "field"), vectors_need_text(one, "type"));
	qsort(ours->text, ours->n, sizeof(ours->text[0]), by_text);
	qsort(theirs.text, theirs.n, sizeof(theirs.text[0]), by_text);
	for (i = 0; i < ours->n || i < theirs.n; i++)
		vectors_text(c, "errors", i < theirs.n ? theirs.text[i] : NULL, i < ours->n ? ours->text[i] : NULL);
}

/* --- a case ------------------------------------------------------------------------------------- */

static void judge(struct vectors_case *c, struct hpa_object *o)
{
	static struct faults ours;
	struct hpa_validate v = {report, &ours, json_is_true(json_object_get(c->in, "hpaScaleToZeroGate"))};
	json_t *defaulted;

	ours.n = 0;
	hpa_defaults(o);
	defaulted = object(o);
	vectors_json(c, "defaulted", vectors_need(c->out, "defaulted"), defaulted);
	json_decref(defaulted);
	hpa_validate(&v, o);
	compare_faults(c, &ours, vectors_need(c->out, "errors"));
}

void suite_hpa_defaults_validation(struct vectors_case *c)
{
	bool refused = json_object_get(c->out, "decodeError") != NULL;
	struct hpa_manifest m;
	struct err e = {0};
	int code = hpa_manifest_read(c->name, vectors_need(c->in, "spec"), &m, &e);

	if ((code < 0) != refused)
		vectors_fail(c, "decoding", refused ? "an error" : "none", code < 0 ? e.what : "none");
	else if (code == 0)
		judge(c, &m.read.object);
	hpa_manifest_done(&m);
}
