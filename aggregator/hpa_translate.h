/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a HorizontalPodAutoscaler manifest to what decide/hpa_step.h evaluates: words become numbers, and
 * for each metric the target that Kubernetes 1.36 would use is chosen (podautoscaler/horizontal.go,
 * computeStatusFor…Metric). Defaults must be filled in and no fault be left.
 */
#ifndef AGGREGATOR_HPA_TRANSLATE_H
#define AGGREGATOR_HPA_TRANSLATE_H

#include "aggregator/hpa_read.h"
#include "decide/hpa_spec.h"

/* All of it lives as long as `r`; `ns` is borrowed. */
const struct hpa_spec *hpa_translate(struct hpa_read *r, const char *ns);
/* Only the behavior; NULL: the object has none. */
const struct hpa_behavior *hpa_translate_behavior(struct hpa_read *r);

#endif
