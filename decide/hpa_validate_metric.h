/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of a HorizontalPodAutoscaler, and what its other fields share with them. For
 * decide/hpa_validate.c. */
#ifndef DECIDE_HPA_VALIDATE_METRIC_H
#define DECIDE_HPA_VALIDATE_METRIC_H

#include "decide/hpa_validate.h"

#define HPA_VALIDATE_FIELD 192 /* bytes of the longest path: all of its parts are ours */

void hpa_validate_metric(const struct hpa_validate *v, const char *field, const struct hpa_object_metric *m);
void hpa_validate_metric_reference(const struct hpa_validate *v, const char *field,
				   const struct hpa_object_reference *r, bool needs_group);
/* Reports `field` with ".child" behind it, when that is not empty. */
void hpa_validate_metric_fault(const struct hpa_validate *v, enum hpa_fault f, const char *field,
			       const char *child, const char *detail);

#endif
