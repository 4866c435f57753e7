/* SPDX-License-Identifier: Apache-2.0 */
/* What the metrics of an HPA want together (Kubernetes 1.36, podautoscaler/horizontal.go:
 * computeReplicasForMetrics), with the condition ScalingActive that comes of it. */
#ifndef DECIDE_HPA_COMBINE_H
#define DECIDE_HPA_COMBINE_H

#include "decide/hpa_pass.h"

/* The most any metric asks for, into p->out->wanted. When some failed it may grow or stay, never shrink.
 * False: nothing can be relied on; p->out->error says why. */
bool hpa_combine(const struct hpa_pass *p);

#endif
