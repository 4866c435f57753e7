/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies that hold: read at start, and again on SIGHUP. A document with an error in it changes nothing for the
 * others, and its version of before goes on (aggregator/manifest.h). Blocks on the files. Loop-thread-only.
 */
#ifndef AGGREGATOR_POLICIES_H
#define AGGREGATOR_POLICIES_H

#include "aggregator/manifest.h"

struct aggregator;
struct scaler;

struct policies {
	struct manifests rest; /* but for what the scaler and the recommender have: faults, and what containers request */
};

void policies_load(struct aggregator *a); /* logs each fault, once */
void policies_reload(struct aggregator *a);
void policies_free(struct aggregator *a);
/* HPAs with a metric that has no source here: they never shrink. How many; the first, and its metric, into *ret_first
 * and ret_metric. */
size_t policies_unmeasured(const struct scaler *s, const char **ret_first, char *ret_metric, size_t size);
/* ScalingPolicies with a latency, of whose replicas nobody hears a request: they never shrink, either. */
size_t policies_unheard(const struct scaler *s, const char **ret_first);
/* "2 documents … are not in force as they stand: …"; empty: all are. */
void policies_trouble(const struct aggregator *a, char *ret, size_t size);

#endif
