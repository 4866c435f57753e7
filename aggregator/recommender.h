/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containers should request: for each VerticalPodAutoscaler the recommender of VPA 1.7 (decide/vpa_*.h) learns
 * from one sample a minute of each container, and keeps it over restarts (store/checkpoints.h). CPU is the mean of
 * that minute, memory the working set of its newest sample; stale ones are left out. Times are the wall clock's, as
 * what was learned outlives a boot; while it stands before the newest sample nothing is learned.
 *
 * A replica of no pod is taken for the one container of its pod, by the name of the target: its own differs from
 * replica to replica. Loop-thread-only, never blocks but on the file.
 */
#ifndef AGGREGATOR_RECOMMENDER_H
#define AGGREGATOR_RECOMMENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/manifest.h"
#include "aggregator/vpa_document.h"
#include "base/clock.h"
#include "decide/vpa_recommend.h"

#define RECOMMENDER_PERIOD_NS (60 * CLOCK_NS_PER_S) /* as the recommender's own interval */
#define RECOMMENDER_CONTAINERS 64                   /* names one VPA learns of; further ones are counted */

struct checkpoints;
struct scaler;
struct store;
struct strmap;

struct recommender_container {
	char name[VPA_POLICY_NAME];
	struct vpa_aggregate aggregate;
};

struct recommender_item { /* one VerticalPodAutoscaler */
	struct vpa_manifest manifest;
	struct store_workload *workload; /* its own, or that of the policy with the same replicas */
	bool owns_workload;
	size_t n;
	struct recommender_container *container[RECOMMENDER_CONTAINERS];
	struct strmap *replicas; /* by name → struct recommender_replica */
};

struct recommender {
	struct store *store;
	struct checkpoints *checkpoints; /* NULL: nothing is kept */
	struct recommender_item *item;
	size_t n;
	uint64_t next_ns;
};

/* Reads what is kept in state_dir; when that cannot be, it is logged and learned anew. */
struct recommender *recommender_new(struct store *s, const char *state_dir);
struct recommender *recommender_free(struct recommender *r); /* NULL is fine; saves; returns NULL */
/* Takes the VPAs out of *m. To be called right after scaler_set(), which may end workloads that were borrowed.
 * What was learned by a policy of the same name stays. */
void recommender_set(struct recommender *r, const struct scaler *s, struct manifests *m);
void recommender_tick(struct recommender *r, clock_boot_t now);
/* False: nothing was seen of it yet, so nothing is recommended. */
bool recommender_recommend(const struct recommender_item *i, size_t container, struct vpa_recommendation *ret);

#endif
