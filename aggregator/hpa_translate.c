/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_translate.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* --- selectors, as Go's %+v prints a *LabelSelector: they stand in names and errors ------------- */

static int by_key(const void *a, const void *b)
{
	const struct hpa_object_label *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static void add_expression(struct buf *to, const struct hpa_object_expression *e)
{
	buf_printf(to, "LabelSelectorRequirement{Key:%s,Operator:%s,Values:[", e->key, e->operator_word);
	for (size_t i = 0; i < e->n; i++)
		buf_printf(to, "%s%s", i ? " " : "", e->value[i]);
	buf_printf(to, "],},");
}

static const char *selector_text(struct hpa_read *r, const struct hpa_object_selector *s)
{
	struct buf text scoped(buf_done) = {0};
	struct hpa_object_label *label = hpa_read_block(r, s->n_labels, sizeof(*label));

	if (!s->set)
		return "nil";
	if (s->n_labels)
		memcpy(label, s->label, s->n_labels * sizeof(*label));
	qsort(label, s->n_labels, sizeof(*label), by_key);
	buf_printf(&text, "&LabelSelector{MatchLabels:map[string]string{");
	for (size_t i = 0; i < s->n_labels; i++)
		buf_printf(&text, "%s: %s,", label[i].key, label[i].value);
	buf_printf(&text, "},MatchExpressions:[]LabelSelectorRequirement{");
	for (size_t i = 0; i < s->n_expressions; i++)
		add_expression(&text, &s->expression[i]);
	buf_printf(&text, "},}");
	return memcpy(hpa_read_block(r, 1, text.size + 1), buf_text(&text), text.size + 1);
}

/* --- metrics ------------------------------------------------------------------------------------ */

static enum hpa_source source_of(const struct hpa_object_metric *m)
{
	static const char *const types[] = {"Resource", "ContainerResource", "Pods", "Object", "External"};
	int i = 0;

	while (i < HPA_EXTERNAL && strcmp(m->type, types[i]) != 0)
		i++;
	return (enum hpa_source)i;
}

static enum hpa_target target_of(enum hpa_source source, const struct hpa_object_target *t)
{
	bool value = t->value.set, average = t->average_value.set;

	switch (source) {
	case HPA_RESOURCE:
	case HPA_CONTAINER_RESOURCE:
		return average ? HPA_AVERAGE_VALUE : HPA_UTILIZATION;
	case HPA_PODS:
		return HPA_AVERAGE_VALUE;
	case HPA_OBJECT: /* its type counts, not only what is set */
		if (value && !strcmp(t->type, "Value"))
			return HPA_VALUE;
		return average && !strcmp(t->type, "AverageValue") ? HPA_AVERAGE_VALUE : HPA_NO_TARGET;
	default:
		return average ? HPA_AVERAGE_VALUE : value ? HPA_VALUE : HPA_NO_TARGET;
	}
}

static void translate_metric(struct hpa_read *r, const struct hpa_object_metric *from, struct hpa_metric *m)
{
	const struct hpa_object_source *s;

	m->source = source_of(from);
	s = &from->source[m->source];
	m->target = target_of(m->source, &s->target);
	m->name = *s->name ? s->name : s->metric;
	m->container = s->container;
	m->object_kind = s->described.kind;
	m->object_name = s->described.name;
	m->selector = selector_text(r, &s->selector);
	m->utilization = s->target.utilization.value;
	if (m->target == HPA_AVERAGE_VALUE)
		m->milli = quantity_milli(&s->target.average_value.quantity);
	else if (m->target == HPA_VALUE)
		m->milli = quantity_milli(&s->target.value.quantity);
}

/* --- behavior ----------------------------------------------------------------------------------- */

static enum hpa_select select_of(const char *word)
{
	if (!strcmp(word, "Disabled"))
		return HPA_SELECT_DISABLED;
	return !strcmp(word, "Min") ? HPA_SELECT_MIN : HPA_SELECT_MAX;
}

static void translate_rules(struct hpa_read *r, const struct hpa_object_rules *from, struct hpa_rules *to)
{
	struct hpa_policy *policy = hpa_read_block(r, from->n, sizeof(*policy));

	*to = (struct hpa_rules){.window_known = from->window_s.set,
				 .window_s = from->window_s.value,
				 .select = select_of(from->select ? from->select : "Max"),
				 .n = from->n,
				 .policy = policy,
				 .tolerance_known = from->tolerance.set};
	if (from->tolerance.set)
		to->tolerance = quantity_double(&from->tolerance.quantity);
	for (size_t i = 0; i < from->n; i++)
		policy[i] = (struct hpa_policy){
			strcmp(from->policy[i].type, "Percent") ? HPA_POLICY_PODS : HPA_POLICY_PERCENT,
			from->policy[i].value, from->policy[i].period_s};
}

const struct hpa_behavior *hpa_translate_behavior(struct hpa_read *r)
{
	struct hpa_behavior *b;

	if (!r->object.behavior_set)
		return NULL;
	b = hpa_read_block(r, 1, sizeof(*b));
	translate_rules(r, &r->object.up, &b->up);
	translate_rules(r, &r->object.down, &b->down);
	return b;
}

const struct hpa_spec *hpa_translate(struct hpa_read *r, const char *ns)
{
	const struct hpa_object *o = &r->object;
	struct hpa_spec *spec = hpa_read_block(r, 1, sizeof(*spec));
	struct hpa_metric *metric = hpa_read_block(r, o->n, sizeof(*metric));

	for (size_t i = 0; i < o->n; i++)
		translate_metric(r, &o->metric[i], &metric[i]);
	*spec = (struct hpa_spec){.ns = ns,
				  .target_kind = o->target.kind,
				  .target_name = o->target.name,
				  .min = o->min.value,
				  .max = o->max,
				  .n = o->n,
				  .metric = metric,
				  .behavior = hpa_translate_behavior(r)};
	return spec;
}
