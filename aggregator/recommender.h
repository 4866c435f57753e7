/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containers should request: for each VerticalPodAutoscaler the recommender of VPA 1.7 (decide/vpa_*.h) learns
 * from one sample a minute of each container (aggregator/recommender_item.h), and keeps it over restarts
 * (store/checkpoints.h). Times are the wall clock's, as what was learned outlives a boot; while it stands before the
 * newest sample nothing is learned. Loop-thread-only, never blocks but on the file.
 */
#ifndef AGGREGATOR_RECOMMENDER_H
#define AGGREGATOR_RECOMMENDER_H

#include <stddef.h>
#include <stdint.h>

#include "aggregator/manifest.h"
#include "aggregator/recommender_item.h"
#include "base/clock.h"

#define RECOMMENDER_PERIOD_NS (60 * CLOCK_NS_PER_S) /* as the recommender's own interval */

struct checkpoints;
struct store;

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
/* Takes the VPAs out of *m. What was learned by a policy of the same name stays. */
void recommender_set(struct recommender *r, struct manifests *m);
void recommender_tick(struct recommender *r, clock_boot_t now);

#endif
