/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the VPA recommender learns of containers. All containers of one name, whose pods carry the same labels,
 * fill one aggregate: a histogram of every CPU sample, one of memory peaks. Each of them adds one peak an interval
 * (24 h), which is replaced when a sample exceeds it and counts as seen at the end of the interval. Someone killed
 * for lack of memory is a peak above what he had asked for.
 *
 * Samples of one container must come in order; what is older than the last one, or negative, is discarded.
 */
#ifndef DECIDE_VPA_USAGE_H
#define DECIDE_VPA_USAGE_H

#include "decide/vpa_histogram.h"
#include "decide/vpa_options.h"

struct vpa_aggregate {
	struct vpa_histogram usage[VPA_RESOURCES];
	int64_t first_ns, last_ns; /* CPU samples only, also the count; GOTIME_ZERO: none */
	int64_t samples;
};

struct vpa_container { /* one container of one pod; zero is not a beginning, vpa_usage_container_init() is */
	int64_t last_cpu_ns, last_memory_ns;
	int64_t interval_end_ns;   /* exclusive */
	int64_t peak, oom_peak;    /* bytes, of this interval */
};

void vpa_usage_init(struct vpa_aggregate *a, const struct vpa_options *o);
/* Moves references in `from` as vpa_histogram_merge() does, which changes no recommendation. */
void vpa_usage_merge(struct vpa_aggregate *into, struct vpa_aggregate *from);

void vpa_usage_container_init(struct vpa_container *c);
/* Each returns false when it discards. */
bool vpa_usage_cpu(struct vpa_container *c, struct vpa_aggregate *a, int64_t time_ns, int64_t milli);
bool vpa_usage_memory(struct vpa_container *c, struct vpa_aggregate *a, const struct vpa_options *o,
		      int64_t time_ns, int64_t bytes);
/* Killed at `time_ns`, when its memory request was `requested` bytes. */
bool vpa_usage_oom(struct vpa_container *c, struct vpa_aggregate *a, const struct vpa_options *o,
		   int64_t time_ns, int64_t requested);
/* Takes the peak of an interval that is not over out of `a`: before a checkpoint that does not know containers,
 * so that the interval does not get a second one after the restart. */
void vpa_usage_withdraw_peak(const struct vpa_container *c, struct vpa_aggregate *a, int64_t now_ns);

#endif
