/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One VerticalPodAutoscaler at work: what it learned of each container, from views and from what was kept. CPU is the
 * mean of a period, memory the working set of its newest sample; stale ones are left out.
 *
 * A replica of no pod is taken for the one container of its pod, by the name of the target: its own differs from
 * replica to replica. No clock, no I/O; loop-thread-only.
 */
#ifndef AGGREGATOR_RECOMMENDER_ITEM_H
#define AGGREGATOR_RECOMMENDER_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/vpa_document.h"
#include "decide/view.h"
#include "decide/vpa_checkpoint.h"
#include "decide/vpa_recommend.h"

#define RECOMMENDER_ITEM_CONTAINERS 64 /* names one VPA learns of; further ones are counted */

struct checkpoint; /* aggregator/store/checkpoints.h */
struct strmap;

struct recommender_container {
	char name[VPA_POLICY_NAME];
	struct vpa_aggregate aggregate;
};

struct recommender_item {
	struct vpa_manifest manifest;
	struct store_workload *workload; /* watches, whoever scales them */
	size_t n;
	struct recommender_container *container[RECOMMENDER_ITEM_CONTAINERS];
	struct strmap *replicas; /* by name → struct recommender_replica */
};

/* Takes the manifest over; nothing is learned yet. */
void recommender_item_init(struct recommender_item *i, const struct vpa_manifest *m);
void recommender_item_done(struct recommender_item *i);
/* What `from`, of the same name and target, had learned is this one's now. False: they are not the same. */
bool recommender_item_inherit(struct recommender_item *i, struct recommender_item *from);

void recommender_item_learn(struct recommender_item *i, const struct view *v, int64_t wall_ns);
/* False: nothing was seen of it yet, so nothing is recommended. */
bool recommender_item_recommend(const struct recommender_item *i, size_t container, struct vpa_recommendation *ret);

/* Of one container, as the VPA keeps it; returns the bytes. */
size_t recommender_item_save(const struct recommender_item *i, size_t container, int64_t wall_ns,
			     uint8_t ret[VPA_CHECKPOINT_BYTES]);
/* One of its own. What cannot be read is learned anew: returns why, NULL when it is fine. */
const char *recommender_item_restore(struct recommender_item *i, const struct checkpoint *x);

#endif
