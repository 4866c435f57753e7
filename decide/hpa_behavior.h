/* SPDX-License-Identifier: Apache-2.0 */
/* spec.behavior of a HorizontalPodAutoscaler v2 with every default filled in, as plain values. */
#ifndef DECIDE_HPA_BEHAVIOR_H
#define DECIDE_HPA_BEHAVIOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hpa_policy_type { HPA_POLICY_PODS, HPA_POLICY_PERCENT };
enum hpa_select { HPA_SELECT_MAX, HPA_SELECT_MIN, HPA_SELECT_DISABLED }; /* the largest change, … */

struct hpa_policy {
	enum hpa_policy_type type;
	int32_t value, period_s;
};

struct hpa_rules { /* for one direction */
	bool window_known; /* false: the controller's own (scaleDown) */
	int32_t window_s;  /* of stabilization */
	enum hpa_select select;
	size_t n;
	const struct hpa_policy *policy; /* borrowed */
	bool tolerance_known; /* false: the controller's own */
	double tolerance;
};

struct hpa_behavior {
	struct hpa_rules up, down;
};

#endif
