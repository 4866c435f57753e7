/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_defaults.h"

#define NO_SOURCE {.name = "", .container = "", .described = {"", "", ""}, .metric = "", .target = {.type = ""}}

static const struct hpa_object_metric cpu_80_percent = {
	.type = "Resource",
	.source = {[HPA_RESOURCE] = {.set = true, .name = "cpu", .container = "", .described = {"", "", ""},
				     .metric = "", .target = {.type = "Utilization", .utilization = {true, 80}}},
		   [HPA_CONTAINER_RESOURCE] = NO_SOURCE,
		   [HPA_PODS] = NO_SOURCE,
		   [HPA_OBJECT] = NO_SOURCE,
		   [HPA_EXTERNAL] = NO_SOURCE}};

static const struct hpa_object_policy up_policies[] = {{"Pods", 4, 15}, {"Percent", 100, 15}};
static const struct hpa_object_policy down_policies[] = {{"Percent", 100, 15}};

static void fill(struct hpa_object_rules *r, const struct hpa_object_policy *policy, size_t n)
{
	r->set = true;
	if (!r->select)
		r->select = "Max";
	if (r->policies_set)
		return;
	r->policies_set = true;
	r->policy = policy;
	r->n = n;
}

void hpa_defaults(struct hpa_object *o)
{
	if (!o->min.set)
		o->min = (struct hpa_object_int){true, 1};
	if (!o->n) {
		o->n = 1;
		o->metric = &cpu_80_percent;
	}
	if (!o->behavior_set)
		return;
	fill(&o->up, up_policies, 2);
	fill(&o->down, down_policies, 1); /* its window is the controller's flag */
	if (!o->up.window_s.set)
		o->up.window_s = (struct hpa_object_int){true, 0};
}
