/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "decide/vpa_amount.h"
#include "decide/vpa_options.h"

#define DAY (24 * 3600 * 1000000000ll)
#define MIB (1024 * 1024ll)
#define LONGEST (366 * DAY) /* a hundred half-lives of it fit into int64 */
#define RATIO_MOST 1000.0   /* of a margin and a bump: more is a slip of the pen */

const struct vpa_options vpa_options_default = {
	.of = {
		[VPA_CPU] = {.target = 0.9, .lower = 0.5, .upper = 0.95, .half_life_ns = DAY, .confidence_ns = DAY,
			     .pod_minimum = 25, .round_to = 1, .max_allowed = VPA_UNSET},
		[VPA_MEMORY] = {.target = 0.9, .lower = 0.5, .upper = 0.95, .half_life_ns = DAY, .confidence_ns = DAY,
				.pod_minimum = 250 * MIB, .round_to = 1, .max_allowed = VPA_UNSET},
	},
	.margin = 0.15,
	.memory_interval_ns = DAY,
	.oom_ratio = 1.2,
	.oom_bytes = 100 * MIB,
};

struct bounds {
	double value, least, most;
	const char *fault;
};

#define RESOURCE(r, name) \
	{(r).target, 0, 1, name " target percentile: 0 to 1"}, \
	{(r).lower, 0, 1, name " lower percentile: 0 to 1"}, \
	{(r).upper, 0, 1, name " upper percentile: 0 to 1"}, \
	{(double)(r).half_life_ns, 1, LONGEST, name " half-life: above 0, at most 366 days"}, \
	{(double)(r).confidence_ns, 1, LONGEST, name " confidence interval: above 0, at most 366 days"}, \
	{(double)(r).pod_minimum, 0, VPA_AMOUNT_MOST, name " minimum of a pod: 0 to 1e14"}, \
	{(double)(r).round_to, 1, VPA_AMOUNT_MOST, name " rounding: 1 to 1e14"}

/* The comparison also refuses what is not a number. */
const char *vpa_options_fault(const struct vpa_options *o)
{
	const struct bounds b[] = {
		RESOURCE(o->of[VPA_CPU], "CPU"),
		RESOURCE(o->of[VPA_MEMORY], "memory"),
		{o->margin, 0, RATIO_MOST, "margin: 0 to 1000"},
		{(double)o->memory_interval_ns, 1, LONGEST, "memory interval: above 0, at most 366 days"},
		{o->oom_ratio, 1, RATIO_MOST, "OOM ratio: 1 to 1000"},
		{(double)o->oom_bytes, 0, VPA_AMOUNT_MOST, "OOM bump: 0 to 1e14 bytes"},
	};

	for (size_t i = 0; i < sizeof(b) / sizeof(b[0]); i++)
		if (!(b[i].value >= b[i].least && b[i].value <= b[i].most))
			return b[i].fault;
	return NULL;
}
