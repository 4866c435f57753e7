/* SPDX-License-Identifier: Apache-2.0 */
/* What a HorizontalPodAutoscaler means where it says nothing (Kubernetes 1.36,
 * pkg/apis/autoscaling/v2/defaults.go). */
#ifndef DECIDE_HPA_DEFAULTS_H
#define DECIDE_HPA_DEFAULTS_H

#include "decide/hpa_object.h"

/* A behavior that is absent stays so; one that is there gets both directions. */
void hpa_defaults(struct hpa_object *o);

#endif
