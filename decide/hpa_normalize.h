/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the metrics want to what is done: stabilization, then the rate of change, then min and max,
 * as Kubernetes 1.36 (podautoscaler/horizontal.go: normalizeDesiredReplicasWithBehaviors,
 * normalizeDesiredReplicas for an HPA without spec.behavior, storeScaleEvent). Replicas are int32 and wrap
 * as Go's do.
 */
#ifndef DECIDE_HPA_NORMALIZE_H
#define DECIDE_HPA_NORMALIZE_H

#include "decide/hpa_behavior.h"
#include "decide/hpa_log.h"

/* X(ID, word, message): what stands in the conditions AbleToScale and ScalingLimited. */
#define HPA_NORMALIZE_REASONS(X) \
	X(READY_FOR_NEW_SCALE, "ReadyForNewScale", "recommended size matches current size") \
	X(SCALE_UP_STABILIZED, "ScaleUpStabilized", \
	  "recent recommendations were lower than current one, applying the lowest recent recommendation") \
	X(SCALE_DOWN_STABILIZED, "ScaleDownStabilized", \
	  "recent recommendations were higher than current one, applying the highest recent recommendation") \
	X(SCALE_UP_LIMIT, "ScaleUpLimit", \
	  "the desired replica count is increasing faster than the maximum scale rate") \
	X(SCALE_DOWN_LIMIT, "ScaleDownLimit", \
	  "the desired replica count is decreasing faster than the maximum scale rate") \
	X(TOO_MANY_REPLICAS, "TooManyReplicas", \
	  "the desired replica count is more than the maximum replica count") \
	X(TOO_FEW_REPLICAS, "TooFewReplicas", \
	  "the desired replica count is less than the minimum replica count") \
	X(DESIRED_WITHIN_RANGE, "DesiredWithinRange", "the desired count is within the acceptable range")

enum hpa_normalize_reason {
#define X(id, word, message) HPA_##id,
	HPA_NORMALIZE_REASONS(X)
#undef X
};

struct hpa_limits {
	int32_t min, max;
	int64_t downscale_stabilization_ms; /* controller flag */
	const struct hpa_behavior *behavior; /* NULL: none in the spec */
};

struct hpa_memory {
	struct hpa_log recommendations; /* what the metrics wanted, before any of this */
	struct hpa_log added, removed;  /* changes made; only with a behavior */
};

struct hpa_normalized {
	int32_t replicas;
	int32_t stabilized;                /* before rate, min and max */
	enum hpa_normalize_reason able;    /* AbleToScale, which is True */
	enum hpa_normalize_reason limited; /* ScalingLimited, which is `stabilized != replicas` */
};

/* Remembers `desired`. */
void hpa_normalize(const struct hpa_limits *l, int64_t now_ms, int32_t current, int32_t desired,
		   struct hpa_memory *m, struct hpa_normalized *ret);
/* After the change was made: it counts against the rates from now on. */
void hpa_normalize_changed(const struct hpa_limits *l, int64_t now_ms, int32_t from, int32_t to,
			   struct hpa_memory *m);

const char *hpa_normalize_word(enum hpa_normalize_reason r);
const char *hpa_normalize_message(enum hpa_normalize_reason r);

#endif
