/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever else scales the pods of an HPA: another one, or a ScalingPolicy. Then it decides nothing, as in Kubernetes,
 * where two would pull at one workload by turns. And whoever has replicas that a ScalingPolicy selects, too: a replica
 * belongs to the first of them, and the other goes on with what is left to it. Logs once when that begins and once when
 * it is over.
 */
#ifndef AGGREGATOR_RIVALS_H
#define AGGREGATOR_RIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIVALS_NAMED 6 /* the rest is one "and more" */

struct scaler;
struct scaler_workload;
struct store_workload;

struct rivals {
	char text[448]; /* "[shop/web shop/web-night]", of an HPA itself the first; empty: there is none */
	uint64_t since_ns; /* of a ScalingPolicy, while there is one */
};

/* Looks anew. `name` is the HPA's. NULL: nobody else is there, else the text. */
const char *rivals_look(struct rivals *r, const char *name, struct store_workload *w);
/* The same for a ScalingPolicy: "[shop/web]", those that have some of what it selects; itself is not in it. */
void rivals_holders(struct rivals *r, const char *name, struct store_workload *w, uint64_t now_ns);
/* For a notice: how many HPAs, or else ScalingPolicies, have some; the first of them goes into *ret_first. */
size_t rivals_count(const struct scaler *s, bool is_hpa, const struct scaler_workload **ret_first);

#endif
