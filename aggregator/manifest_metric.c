/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest_metric.h"

#include <errno.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct form { /* how one kind of metric is written */
	const char *type, *key, *name;
	enum policy_metric_kind kind;
	uint64_t most; /* percent */
};

static const struct form forms[] = {
	{"Resource", "resource", "cpu", POLICY_CPU, 1000},
	{"Saturation", "saturation", "cpu-runqueue", POLICY_RUNQ, 99},
};

static int find_form(const struct fields *f, const struct yaml_node *item, const struct form **ret)
{
	const char *types[COUNT(forms)];
	const struct yaml_node *type;
	const char *nearest;
	int code = fields_need_text(f, item, "type", &type);

	if (code < 0)
		return code;
	for (size_t i = 0; i < COUNT(forms); i++) {
		types[i] = forms[i].type;
		*ret = &forms[i];
		if (!strcmp(type->text, forms[i].type))
			return 0;
	}
	nearest = err_nearest(type->text, types, COUNT(forms));
	yaml_err(f->doc, type, f->e, -EINVAL, "there is no metric of type %.40s", type->text);
	err_cause(f->e, "this version knows Resource and Saturation");
	return nearest ? err_fix(f->e, "did you mean %s?", nearest) : -EINVAL;
}

static int read_target_percent(const struct fields *f, const struct yaml_node *source, const struct form *form,
			       struct policy_metric *m)
{
	const struct yaml_node *target, *type = NULL;
	uint64_t percent = 0;
	int code = fields_mapping(f, source, "target", YAML_NAMES("type", "averageUtilization"), &target);

	if (code == 0)
		code = fields_text(f, target, "type", &type);
	if (code < 0)
		return code;
	if (target && type && strcmp(type->text, "Utilization") != 0)
		return fields_complain(f, type, "this target type is not understood", "it is Utilization");
	code = fields_integer(f, target, "averageUtilization", 1, form->most, &percent);
	if (code < 0)
		return code;
	if (!percent)
		return fields_complain(f, source, "target.averageUtilization is missing",
				       "a metric needs a target, in percent");
	*m = (struct policy_metric){.kind = form->kind, .target_percent = (uint32_t)percent};
	return 0;
}

static int read_metric(const struct fields *f, const struct yaml_node *item, struct policy_metric *m)
{
	const struct form *form = NULL;
	const struct yaml_node *source = NULL, *name;
	int code = find_form(f, item, &form);

	if (code < 0)
		return code;
	code = yaml_known(f->doc, item, YAML_NAMES("type", form->key), f->e);
	if (code == 0)
		code = fields_mapping(f, item, form->key, YAML_NAMES("name", "target"), &source);
	if (code < 0)
		return code;
	if (!source)
		return fields_complain(f, item, "the metric itself is missing",
				       "type: Resource goes with resource:, type: Saturation with saturation:");
	code = fields_need_text(f, source, "name", &name);
	if (code < 0)
		return code;
	if (strcmp(name->text, form->name) != 0) {
		yaml_err(f->doc, name, f->e, -EINVAL, "%s %.40s is not known", form->key, name->text);
		return err_cause(f->e, "this version knows %s", form->name);
	}
	return read_target_percent(f, source, form, m);
}

int manifest_metric_read(const struct fields *f, const struct yaml_node *spec, struct policy *p)
{
	const struct yaml_node *list = yaml_get(spec, "metrics");
	int code;

	if (!list || list->kind != YAML_SEQUENCE || !list->child)
		return fields_complain(f, list ? list : spec, "metrics is missing or no list",
				       "without a metric there is nothing to decide on");
	for (const struct yaml_node *item = list->child; item; item = item->next) {
		if (p->n_metrics == POLICY_METRICS)
			return fields_complain(f, item, "too many metrics", "8 are the most");
		code = read_metric(f, item, &p->metric[p->n_metrics]);
		if (code < 0)
			return code;
		if (p->metric[p->n_metrics++].kind == POLICY_CPU && !p->cpu_request_milli)
			return fields_complain(f, item, "target.cpuRequest is missing", "CPU utilization is a share of it");
	}
	return 0;
}
