/* SPDX-License-Identifier: Apache-2.0 */
/* Why a metric proposes nothing, in the words of Kubernetes 1.36 (podautoscaler/replica_calculator.go,
 * metrics/client.go): they stand in conditions and events, where people and scripts look for them. */
#ifndef DECIDE_HPA_ERROR_H
#define DECIDE_HPA_ERROR_H

#include "decide/hpa_replicas.h"

#define HPA_ERROR_TEXT 1024 /* bytes that are enough unless an API's own text is long; it is cut then */

/* `ns`: of the HPA. */
void hpa_error_text(const struct hpa_metric *m, const char *ns, const struct hpa_answer *a,
		    const struct hpa_proposal *p, char *ret, size_t size);

#endif
