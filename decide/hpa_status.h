/* SPDX-License-Identifier: Apache-2.0 */
/* status of a HorizontalPodAutoscaler v2 as values: what Kubernetes 1.36 writes into the object. */
#ifndef DECIDE_HPA_STATUS_H
#define DECIDE_HPA_STATUS_H

#include "decide/hpa_spec.h"
#include "decide/hpa_words.h"

/* X(ID, word) */
#define HPA_CONDITIONS(X) \
	X(ABLE_TO_SCALE, "AbleToScale") \
	X(SCALING_ACTIVE, "ScalingActive") \
	X(SCALING_LIMITED, "ScalingLimited") \
	X(SCALED_TO_ZERO, "ScaledToZero")

enum hpa_condition_type {
#define X(id, word) HPA_##id,
	HPA_CONDITIONS(X)
#undef X
	HPA_CONDITION_TYPES
};

struct hpa_condition {
	enum hpa_condition_type type;
	bool is_true;
	int64_t since_ms;   /* when that changed */
	const char *reason; /* static */
	char message[HPA_TEXT];
};

struct hpa_metric_status { /* of the metric of the same index; unknown: it could not be had */
	bool known;
	bool usage_known; /* false: divided by no replicas */
	int64_t usage_milli;
	int32_t utilization; /* percent */
};

struct hpa_status { /* zero it to begin */
	int32_t current, desired;
	bool scaled; /* there is a last time */
	int64_t last_scale_ms;
	size_t n_metrics;
	struct hpa_metric_status metric[HPA_METRICS];
	size_t n_conditions; /* in the order in which they first came up */
	struct hpa_condition condition[HPA_CONDITION_TYPES];
};

void hpa_status_set(struct hpa_status *s, int64_t now_ms, enum hpa_condition_type type, bool is_true,
		    const char *reason, const char *message, ...) __attribute__((format(printf, 6, 7)));
void hpa_status_remove(struct hpa_status *s, enum hpa_condition_type type);
bool hpa_status_is_true(const struct hpa_status *s, enum hpa_condition_type type);
bool hpa_status_equal(const struct hpa_status *a, const struct hpa_status *b);
/* As much of `from` as is in use. */
void hpa_status_copy(const struct hpa_status *from, struct hpa_status *to);
const char *hpa_status_word(enum hpa_condition_type type);

#endif
