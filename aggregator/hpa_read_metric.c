/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_read_metric.h"

#include <errno.h>
#include <string.h>

#include "decide/hpa_spec.h"

int hpa_read_reference(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
			  struct hpa_object_reference *ret)
{
	const struct yaml_node *n;
	int code = hpa_value_mapping(r, in, key, YAML_NAMES("apiVersion", "kind", "name"), &n);

	if (code == 0)
		code = hpa_value_text(r, n, "kind", &ret->kind);
	if (code == 0)
		code = hpa_value_text(r, n, "name", &ret->name);
	return code < 0 ? code : hpa_value_text(r, n, "apiVersion", &ret->api_version);
}

static int read_labels(const struct hpa_reader *r, const struct yaml_node *in, struct hpa_object_selector *s)
{
	struct hpa_object_label *label;
	const struct yaml_node *n = hpa_value_get(in, "matchLabels");
	size_t room = 0;

	if (n && n->kind != YAML_MAPPING)
		return hpa_value_none(r, n, "labels and their values are expected here");
	for (const struct yaml_node *one = n ? n->child : NULL; one; one = one->next)
		room++;
	s->label = label = hpa_read_block(r->to, room, sizeof(*label));
	for (const struct yaml_node *one = n ? n->child : NULL; one; one = one->next) {
		label[s->n_labels] = (struct hpa_object_label){one->key, ""};
		if (hpa_value_text(r, n, one->key, &label[s->n_labels++].value) < 0)
			return -EINVAL;
	}
	return 0;
}

static int read_expression(const struct hpa_reader *r, const struct yaml_node *in,
			   struct hpa_object_expression *ret)
{
	const struct yaml_node *one;
	const char **value;
	int code = hpa_value_entry(r, in, YAML_NAMES("key", "operator", "values"));

	*ret = (struct hpa_object_expression){.key = "", .operator_word = ""};
	if (code == 0)
		code = hpa_value_text(r, in, "key", &ret->key);
	if (code == 0)
		code = hpa_value_text(r, in, "operator", &ret->operator_word);
	if (code == 0)
		code = hpa_value_list(r, in, "values", &one, &ret->n);
	if (code < 0)
		return code;
	value = hpa_read_block(r->to, ret->n, sizeof(*value));
	ret->value = (const char *const *)value;
	for (; one; one = one->next, value++) {
		if (!hpa_value_is_text(one))
			return hpa_value_none(r, one, "it is a text");
		*value = one->text;
	}
	return 0;
}

static int read_selector(const struct hpa_reader *r, const struct yaml_node *in, struct hpa_object_selector *s)
{
	struct hpa_object_expression *expression;
	const struct yaml_node *n, *one;
	int code = hpa_value_mapping(r, in, "selector", YAML_NAMES("matchLabels", "matchExpressions"), &n);

	s->set = n != NULL;
	if (code == 0)
		code = read_labels(r, n, s);
	if (code == 0)
		code = hpa_value_list(r, n, "matchExpressions", &one, &s->n_expressions);
	if (code < 0)
		return code;
	s->expression = expression = hpa_read_block(r->to, s->n_expressions, sizeof(*expression));
	for (; one && code == 0; one = one->next)
		code = read_expression(r, one, expression++);
	return code;
}

static int read_target(const struct hpa_reader *r, const struct yaml_node *in, struct hpa_object_target *t)
{
	const struct yaml_node *n;
	int code = hpa_value_mapping(r, in, "target", YAML_NAMES("type", "value", "averageValue", "averageUtilization"), &n);

	if (code == 0)
		code = hpa_value_text(r, n, "type", &t->type);
	if (code == 0)
		code = hpa_value_quantity(r, n, "value", &t->value);
	if (code == 0)
		code = hpa_value_quantity(r, n, "averageValue", &t->average_value);
	return code < 0 ? code : hpa_value_int(r, n, "averageUtilization", &t->utilization);
}

static int read_identifier(const struct hpa_reader *r, const struct yaml_node *in, struct hpa_object_source *s)
{
	const struct yaml_node *n;
	int code = hpa_value_mapping(r, in, "metric", YAML_NAMES("name", "selector"), &n);

	if (code == 0)
		code = hpa_value_text(r, n, "name", &s->metric);
	return code < 0 ? code : read_selector(r, n, &s->selector);
}

static int read_source(const struct hpa_reader *r, const struct yaml_node *in, enum hpa_source kind,
		       struct hpa_object_source *s)
{
	static const char *const keys[] = {"resource", "containerResource", "pods", "object", "external"};
	static const struct {
		const char *name[3];
		size_t n;
	} fields[] = {{{"name", "target"}, 2},
		      {{"name", "target", "container"}, 3},
		      {{"metric", "target"}, 2},
		      {{"metric", "target", "describedObject"}, 3},
		      {{"metric", "target"}, 2}};
	const struct yaml_node *n;
	bool of_resource = kind == HPA_RESOURCE || kind == HPA_CONTAINER_RESOURCE;
	int code = hpa_value_mapping(r, in, keys[kind], fields[kind].name, fields[kind].n, &n);

	*s = (struct hpa_object_source){.set = n != NULL, .name = "", .container = "", .metric = "",
					.described = {"", "", ""}, .target = {.type = ""}};
	if (code == 0 && of_resource)
		code = hpa_value_text(r, n, "name", &s->name);
	if (code == 0 && kind == HPA_CONTAINER_RESOURCE)
		code = hpa_value_text(r, n, "container", &s->container);
	if (code == 0 && kind == HPA_OBJECT)
		code = hpa_read_reference(r, n, "describedObject", &s->described);
	if (code == 0 && !of_resource)
		code = read_identifier(r, n, s);
	return code < 0 ? code : read_target(r, n, &s->target);
}

static int read_metric(const struct hpa_reader *r, const struct yaml_node *in, struct hpa_object_metric *m)
{
	int code = hpa_value_entry(
		r, in, YAML_NAMES("type", "resource", "containerResource", "pods", "object", "external"));

	m->type = "";
	if (code == 0)
		code = hpa_value_text(r, in, "type", &m->type);
	for (int kind = 0; kind < HPA_SOURCES && code == 0; kind++)
		code = read_source(r, in, (enum hpa_source)kind, &m->source[kind]);
	return code;
}

int hpa_read_metrics(const struct hpa_reader *r, const struct yaml_node *spec)
{
	struct hpa_object *o = &r->to->object;
	struct hpa_object_metric *metric;
	const struct yaml_node *one;
	int code = hpa_value_list(r, spec, "metrics", &one, &o->n);

	if (code < 0)
		return code;
	if (o->n > HPA_METRICS) {
		yaml_err(r->doc, one, r->e, -E2BIG, "metrics: %zu are too many", o->n);
		return err_cause(r->e, "%d are the most one HorizontalPodAutoscaler may have here", HPA_METRICS);
	}
	o->metric = metric = hpa_read_block(r->to, o->n, sizeof(*metric));
	for (; one && code == 0; one = one->next)
		code = read_metric(r, one, metric++);
	return code;
}
