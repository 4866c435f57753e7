/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flags of the VPA recommender that change what it recommends, as plain values. The defaults are those of
 * VPA 1.7; each comment names the flag.
 */
#ifndef DECIDE_VPA_OPTIONS_H
#define DECIDE_VPA_OPTIONS_H

#include "decide/vpa_histogram.h"

#define VPA_UNSET INT64_MIN /* of an amount: nobody said anything; 0 is something that was said */

struct vpa_resource_options {
	double target, lower, upper; /* target-X-percentile, recommendation-{lower,upper}-bound-X-percentile: 0 … 1 */
	int64_t half_life_ns;        /* X-histogram-decay-half-life */
	int64_t confidence_ns;       /* confidence-interval-X: history that counts as one */
	int64_t pod_minimum;         /* pod-recommendation-min-X, shared by the pod's containers */
	int64_t round_to;            /* round-X: recommendations are multiples of it */
	int64_t max_allowed;         /* container-recommendation-max-allowed-X, or VPA_UNSET */
};

struct vpa_options {
	struct vpa_resource_options of[VPA_RESOURCES];
	double margin;              /* recommendation-margin-fraction */
	int64_t memory_interval_ns; /* memory-aggregation-interval: one peak each */
	double oom_ratio;           /* oom-bump-up-ratio */
	int64_t oom_bytes;          /* oom-min-bump-up-bytes */
};

extern const struct vpa_options vpa_options_default;

/* NULL, or which option cannot be and what it may be. The other functions rely on there being no fault. */
const char *vpa_options_fault(const struct vpa_options *o);

#endif
