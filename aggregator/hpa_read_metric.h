/* SPDX-License-Identifier: Apache-2.0 */
/* spec.metrics of a HorizontalPodAutoscaler, for aggregator/hpa_read.c. */
#ifndef AGGREGATOR_HPA_READ_METRIC_H
#define AGGREGATOR_HPA_READ_METRIC_H

#include "aggregator/hpa_value.h"

int hpa_read_metrics(const struct hpa_reader *r, const struct yaml_node *spec);
/* An object by kind, name and apiVersion. */
int hpa_read_reference(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
		       struct hpa_object_reference *ret);

#endif
