/* SPDX-License-Identifier: Apache-2.0 */
/* spec of a HorizontalPodAutoscaler v2 with every default filled in, and the controller's flags, as plain
 * values. Strings and lists are borrowed. */
#ifndef DECIDE_HPA_SPEC_H
#define DECIDE_HPA_SPEC_H

#include "decide/hpa_behavior.h"
#include "decide/hpa_replicas.h"

#define HPA_METRICS 32 /* of one HPA: Kubernetes has no limit, but every step evaluates all of them */

struct hpa_spec {
	const char *ns;                        /* of the HPA and its target */
	const char *target_kind, *target_name; /* scaleTargetRef */
	int32_t min, max;
	size_t n; /* 1 … HPA_METRICS */
	const struct hpa_metric *metric;
	const struct hpa_behavior *behavior; /* NULL: absent, which is not the same as its defaults */
};

struct hpa_config { /* kube-controller-manager --horizontal-pod-autoscaler-… */
	double tolerance;
	int64_t cpu_initialization_ms, initial_readiness_ms, downscale_stabilization_ms;
	bool scale_to_zero; /* feature gate HPAScaleToZero */
};

#endif
