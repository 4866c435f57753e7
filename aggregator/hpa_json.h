/* SPDX-License-Identifier: Apache-2.0 */
/* The spec of a HorizontalPodAutoscaler document as JSON, and where a field of it stands. Pure. */
#ifndef AGGREGATOR_HPA_JSON_H
#define AGGREGATOR_HPA_JSON_H

#include "conf/yaml.h"

/* Whole numbers without quotes stay numbers, everything else is a text, so that aggregator/hpa_read.h reads the
 * same from it. The caller's; NULL: a text is no UTF-8, or no memory. */
char *hpa_json_of(const struct yaml_node *spec);
/* The same for autoscaling/v1, in terms of v2: targetCPUUtilizationPercentage becomes a metric. */
char *hpa_json_of_v1(const struct yaml_node *spec);
/* "spec.metrics[0].type" below `root`, or as near as there is something. */
const struct yaml_node *hpa_json_field(const struct yaml_node *root, const char *field);

#endif
