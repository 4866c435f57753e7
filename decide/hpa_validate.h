/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether Kubernetes 1.36 would take a HorizontalPodAutoscaler, defaults filled in
 * (pkg/apis/autoscaling/validation/validation.go): every fault with its field, in Kubernetes' words.
 */
#ifndef DECIDE_HPA_VALIDATE_H
#define DECIDE_HPA_VALIDATE_H

#include "decide/hpa_object.h"

/* X(ID, word): kinds of faults, as Kubernetes names them. */
#define HPA_FAULTS(X) \
	X(REQUIRED, "FieldValueRequired") \
	X(INVALID, "FieldValueInvalid") \
	X(NOT_SUPPORTED, "FieldValueNotSupported") \
	X(FORBIDDEN, "FieldValueForbidden")

enum hpa_fault {
#define X(id, word) HPA_FAULT_##id,
	HPA_FAULTS(X)
#undef X
};

/* `field` ("spec.metrics[0].type") and `detail` live only during the call. */
typedef void hpa_validate_report(void *context, enum hpa_fault fault, const char *field, const char *detail);

struct hpa_validate { /* what is told, and the feature gate HPAScaleToZero: 0 replicas may be the least */
	hpa_validate_report *report;
	void *context;
	bool scale_to_zero;
};

void hpa_validate(const struct hpa_validate *v, const struct hpa_object *o);
const char *hpa_validate_word(enum hpa_fault f);

#endif
