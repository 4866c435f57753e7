/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_read.h"

#include <errno.h>
#include <stdlib.h>

#include "aggregator/hpa_read_metric.h"
#include "base/mem.h"

void *hpa_read_block(struct hpa_read *r, size_t n, size_t size)
{
	r->block = mem_array(r->block, r->n_blocks + 1, sizeof(*r->block));
	return r->block[r->n_blocks++] = mem_zero(n * size + 1);
}

void hpa_read_done(struct hpa_read *r)
{
	for (size_t i = 0; i < r->n_blocks; i++)
		free(r->block[i]);
	free(r->block);
	*r = (struct hpa_read){0};
}

static int read_policy(const struct hpa_reader *r, const struct yaml_node *in, struct hpa_object_policy *p)
{
	struct hpa_object_int value = {0}, period = {0};
	int code = hpa_value_entry(r, in, YAML_NAMES("type", "value", "periodSeconds"));

	p->type = "";
	if (code == 0)
		code = hpa_value_text(r, in, "type", &p->type);
	if (code == 0)
		code = hpa_value_int(r, in, "value", &value);
	if (code == 0)
		code = hpa_value_int(r, in, "periodSeconds", &period);
	p->value = value.value;
	p->period_s = period.value;
	return code;
}

static int read_policies(const struct hpa_reader *r, const struct yaml_node *in, struct hpa_object_rules *rules)
{
	struct hpa_object_policy *policy;
	const struct yaml_node *one;
	int code = hpa_value_list(r, in, "policies", &one, &rules->n);

	if (code < 0)
		return code;
	rules->policies_set = hpa_value_get(in, "policies") != NULL;
	rules->policy = policy = hpa_read_block(r->to, rules->n, sizeof(*policy));
	for (; one && code == 0; one = one->next)
		code = read_policy(r, one, policy++);
	return code;
}

static int read_rules(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
		      struct hpa_object_rules *rules)
{
	const struct yaml_node *n;
	const char *select = NULL;
	int code = hpa_value_mapping(r, in, key,
			       YAML_NAMES("stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"), &n);

	rules->set = n != NULL;
	if (code == 0)
		code = hpa_value_int(r, n, "stabilizationWindowSeconds", &rules->window_s);
	if (code == 0)
		code = hpa_value_text(r, n, "selectPolicy", &select);
	rules->select = select;
	if (code == 0)
		code = hpa_value_quantity(r, n, "tolerance", &rules->tolerance);
	return code < 0 ? code : read_policies(r, n, rules);
}

static int read_behavior(const struct hpa_reader *r, const struct yaml_node *spec)
{
	struct hpa_object *o = &r->to->object;
	const struct yaml_node *n;
	int code = hpa_value_mapping(r, spec, "behavior", YAML_NAMES("scaleUp", "scaleDown"), &n);

	o->behavior_set = n != NULL;
	if (code == 0)
		code = read_rules(r, n, "scaleUp", &o->up);
	return code < 0 ? code : read_rules(r, n, "scaleDown", &o->down);
}

int hpa_read_spec(const struct yaml_doc *doc, const struct yaml_node *spec, bool strict,
		  struct hpa_read *ret, struct err *e)
{
	const struct hpa_reader r = {doc, strict, ret, e};
	struct hpa_object *o = &ret->object;
	struct hpa_object_int max = {0};
	int code;

	*ret = (struct hpa_read){.object.target = {"", "", ""}};
	if (!spec || spec->kind != YAML_MAPPING)
		return yaml_err(doc, spec, e, -EINVAL, "spec is missing or has no fields");
	code = hpa_value_entry(&r, spec,
			   YAML_NAMES("scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior"));
	if (code == 0)
		code = hpa_read_reference(&r, spec, "scaleTargetRef", &o->target);
	if (code == 0)
		code = hpa_value_int(&r, spec, "minReplicas", &o->min);
	if (code == 0)
		code = hpa_value_int(&r, spec, "maxReplicas", &max);
	o->max = max.value;
	if (code == 0)
		code = hpa_read_metrics(&r, spec);
	return code < 0 ? code : read_behavior(&r, spec);
}
