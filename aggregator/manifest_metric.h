/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of a ScalingPolicy: what is measured, against which target. For aggregator/manifest_read.c. */
#ifndef AGGREGATOR_MANIFEST_METRIC_H
#define AGGREGATOR_MANIFEST_METRIC_H

#include "aggregator/fields.h"
#include "decide/policy.h"

/* spec.metrics into p, whose target is read already. */
int manifest_metric_read(const struct fields *f, const struct yaml_node *spec, struct policy *p);

#endif
