/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest_metric.h"

#include <errno.h>
#include <string.h>

#include "base/opt.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define LATENCY_LEAST_NS 100000ull     /* 0.1 ms: shorter ones are made of how requests are heard, too */
#define LATENCY_MOST_NS	 5000000000ull /* what takes over 8.4 s counts as that, so a longer target would not be seen missed */
#define NS_PER_US	 1000ull

struct form { /* how one kind of metric is written */
	const char *type, *key;
	const char *name; /* NULL: a latency */
	enum policy_metric_kind kind;
	uint64_t most; /* percent */
};

static const struct form forms[] = {
	{"Resource", "resource", "cpu", POLICY_CPU, 1000},
	{"Saturation", "saturation", "cpu-runqueue", POLICY_RUNQ, 99},
	{"Latency", "latency", NULL, POLICY_LATENCY, 0},
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
	err_cause(f->e, "this version knows Resource, Saturation and Latency");
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

static int read_share(const struct fields *f, const struct yaml_node *source, const struct form *form,
		      struct policy_metric *m)
{
	const struct yaml_node *name;
	int code = fields_need_text(f, source, "name", &name);

	if (code < 0)
		return code;
	if (strcmp(name->text, form->name) != 0) {
		yaml_err(f->doc, name, f->e, -EINVAL, "%s %.40s is not known", form->key, name->text);
		return err_cause(f->e, "this version knows %s", form->name);
	}
	return read_target_percent(f, source, form, m);
}

static int read_quantile(const struct fields *f, const struct yaml_node *source, uint32_t *ret)
{
	const struct yaml_node *n;
	uint64_t percent;
	int code = fields_need_text(f, source, "quantile", &n);

	if (code == 0)
		code = fields_integer(f, source, "quantile", 0, UINT32_MAX, &percent);
	if (code < 0)
		return code;
	if (percent != 50 && percent != 95 && percent != 99)
		return fields_no_value(f, n, "quantile", "it is 50, 95 or 99, in percent of all requests");
	*ret = (uint32_t)percent;
	return 0;
}

static int read_target_time(const struct fields *f, const struct yaml_node *source, uint32_t *ret_us)
{
	const struct yaml_node *target, *n;
	uint64_t ns;
	int code = fields_mapping(f, source, "target", YAML_NAMES("value"), &target);

	if (code < 0)
		return code;
	if (!target)
		return fields_complain(f, source, "target is missing", "a latency needs one, such as {value: 30ms}");
	code = fields_need_text(f, target, "value", &n);
	if (code < 0)
		return code;
	if (opt_duration(n->text, &ns) < 0 || ns < LATENCY_LEAST_NS || ns > LATENCY_MOST_NS)
		return fields_no_value(f, n, "value", "it is a time from 100us to 5s with its unit, such as 30ms");
	*ret_us = (uint32_t)(ns / NS_PER_US);
	return 0;
}

static int read_latency(const struct fields *f, const struct yaml_node *source, struct policy_metric *m)
{
	int code = read_quantile(f, source, &m->quantile_percent);

	m->kind = POLICY_LATENCY;
	m->target_percent = 100;
	return code < 0 ? code : read_target_time(f, source, &m->target_us);
}

static int read_metric(const struct fields *f, const struct yaml_node *item, struct policy_metric *m)
{
	const struct form *form = NULL;
	const struct yaml_node *source = NULL;
	int code = find_form(f, item, &form);

	if (code < 0)
		return code;
	code = yaml_known(f->doc, item, YAML_NAMES("type", form->key), f->e);
	if (code == 0)
		code = fields_mapping(f, item, form->key, YAML_NAMES(form->name ? "name" : "quantile", "target"), &source);
	if (code < 0)
		return code;
	if (!source)
		return fields_complain(f, item, "the metric itself is missing",
				       "type: Resource goes with resource:, Saturation with saturation:, Latency with latency:");
	return form->name ? read_share(f, source, form, m) : read_latency(f, source, m);
}

/* Something must say how few are enough: a latency does not. */
static int check_shrinks(const struct fields *f, const struct yaml_node *list, const struct policy *p)
{
	for (size_t i = 0; i < p->n_metrics; i++)
		if (p->metric[i].kind != POLICY_LATENCY)
			return 0;
	fields_complain(f, list->child, "latency is the only metric",
			"it only asks for more replicas, so nothing would ever take one away");
	return err_fix(f->e, "add a metric of type Resource (cpu) or Saturation to the list");
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
	return check_shrinks(f, list, p);
}
