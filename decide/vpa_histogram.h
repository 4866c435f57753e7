/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The histogram of Kubernetes' Vertical Pod Autoscaler: buckets that grow by 5 % each, and weights that count
 * half as much every half-life. Old weights are not touched; new ones count 2^((time - reference) / half-life)
 * instead, and once that is more than 2^100, the reference moves to the sample, rounded to a half-life, and all
 * weights shrink with it. A bucket with less than VPA_EPSILON counts as empty.
 *
 * Every double is what the VPA recommender (1.7) computes on amd64: same operations, same order, Go's log, exp2 and
 * pow (decide/gomath.h). Memory is fixed, nothing allocates, plain data: copy it as you like.
 */
#ifndef DECIDE_VPA_HISTOGRAM_H
#define DECIDE_VPA_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/gotime.h"

#define VPA_BUCKETS 176         /* ceil(log_1.05(1e5 * 0.05 + 1)) + 1: both resources span a factor of 1e5 */
#define VPA_EPSILON 1e-4        /* a thousandth of the least weight of a sample */
#define VPA_CHECKPOINT_MOST 10000 /* weight of the fullest bucket in a checkpoint */

enum vpa_resource {
	VPA_CPU,    /* histograms span 0.01 … 1000 cores; amounts are millicores */
	VPA_MEMORY, /* histograms span 1e7 … 1e12 bytes; amounts are bytes */
	VPA_RESOURCES,
};

struct vpa_histogram {
	enum vpa_resource resource;
	int64_t half_life_ns;   /* 0: nothing decays, times are ignored; at most INT64_MAX / 100 */
	int64_t reference_ns;   /* GOTIME_ZERO until the first sample */
	double total;
	int least, most;        /* bounds of the filled buckets; least > most while empty */
	double weight[VPA_BUCKETS];
};

/* What outlives a restart: weights as shares of the fullest bucket, so their last bits are lost. */
struct vpa_histogram_checkpoint {
	int64_t reference_ns;
	double total;
	uint32_t weight[VPA_BUCKETS];
};

int vpa_histogram_bucket(enum vpa_resource resource, double value);
double vpa_histogram_start(enum vpa_resource resource, int bucket); /* inclusive lower bound */

void vpa_histogram_init(struct vpa_histogram *h, enum vpa_resource resource, int64_t half_life_ns);
/* `weight` >= 0. Subtracting what was never added leaves at least nothing. */
void vpa_histogram_add(struct vpa_histogram *h, double value, double weight, int64_t time_ns);
void vpa_histogram_subtract(struct vpa_histogram *h, double value, double weight, int64_t time_ns);
/* Both of the same resource and half-life. Moves the earlier reference to the later one, be it that of `from`. */
void vpa_histogram_merge(struct vpa_histogram *into, struct vpa_histogram *from);
bool vpa_histogram_is_empty(const struct vpa_histogram *h);
/* Upper bound of the bucket that holds this share (0 … 1) of the weight, 0 when empty. */
double vpa_histogram_percentile(const struct vpa_histogram *h, double share);

void vpa_histogram_save(const struct vpa_histogram *h, struct vpa_histogram_checkpoint *ret);
/* Adds to what is there. -EINVAL when the total is negative or not a number; nothing is changed then. */
int vpa_histogram_load(struct vpa_histogram *h, const struct vpa_histogram_checkpoint *c);

#endif
