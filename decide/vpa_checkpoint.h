/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recommender knows, as bytes that outlive a restart. An aggregate is kept as the VPA keeps it
 * (VerticalPodAutoscalerCheckpoint, v3): weights of a histogram as shares of its fullest bucket, in ten-thousandths,
 * with the total. So the first restart may move a percentile by a bucket when it lies just between two; further ones
 * change nothing. Unlike the VPA, the containers can be kept, too: then the interval in work goes on with its peak.
 * Whoever does not keep them withdraws the peaks before he saves (vpa_usage_withdraw_peak()), as the VPA does.
 *
 * Little-endian; one aggregate has one form only, so equal states have equal bytes:
 *
 *	"PVA1", first, last, samples (int64), then for CPU and memory:
 *	reference (int64), total (double), n (uint8), n x { bucket (uint8), weight (uint16) } by rising bucket
 *
 *	"PVC1", last CPU sample, last memory sample, end of the interval, peak, peak by a kill (int64)
 */
#ifndef DECIDE_VPA_CHECKPOINT_H
#define DECIDE_VPA_CHECKPOINT_H

#include <stddef.h>

#include "decide/vpa_usage.h"

#define VPA_CHECKPOINT_BYTES (4 + 3 * 8 + VPA_RESOURCES * (8 + 8 + 1 + 3 * VPA_BUCKETS)) /* at most */
#define VPA_CHECKPOINT_CONTAINER_BYTES (4 + 5 * 8)

/* How many bytes it took. */
size_t vpa_checkpoint_save(const struct vpa_aggregate *a, uint8_t ret[VPA_CHECKPOINT_BYTES]);
/* NULL, or what is wrong with the bytes and `ret` is as vpa_usage_init() makes it: nothing is known. */
const char *vpa_checkpoint_load(const uint8_t *bytes, size_t size, const struct vpa_options *o,
				struct vpa_aggregate *ret);

void vpa_checkpoint_save_container(const struct vpa_container *c, uint8_t ret[VPA_CHECKPOINT_CONTAINER_BYTES]);
/* The same for a container, that has seen nothing when the bytes are wrong. */
const char *vpa_checkpoint_load_container(const uint8_t *bytes, size_t size, struct vpa_container *ret);

#endif
