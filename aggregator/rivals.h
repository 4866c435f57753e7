/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever else scales the pods of an HPA: another one, or a ScalingPolicy. Then it decides nothing, as in Kubernetes,
 * where two would pull at one workload by turns. Logs once when that begins and once when it is over.
 */
#ifndef AGGREGATOR_RIVALS_H
#define AGGREGATOR_RIVALS_H

#include <stdbool.h>
#include <stddef.h>

#define RIVALS_NAMED 6 /* the rest is one "and more" */

struct scaler;
struct store_workload;

struct rivals {
	char text[448]; /* "[shop/web shop/web-night]", itself the first; empty: there is none */
};

/* Looks anew. `name` is the HPA's; NULL: nobody else is there, else the text. */
const char *rivals_look(struct rivals *r, const char *name, struct store_workload *w);
/* For a notice: how many HPAs have some; the first of them goes into *ret_first. */
size_t rivals_count(const struct scaler *s, const char **ret_first);

#endif
