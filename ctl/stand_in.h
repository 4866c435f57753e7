/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups of an agent standing in for workloads, so that top can show a node that has no aggregator: one
 * replica each, no policy, no decision. The names are the cgroups' paths.
 */
#ifndef CTL_STAND_IN_H
#define CTL_STAND_IN_H

#include "ctl/fleet.h"
#include "plimsoll/v1/scaling.pb-c.h"

struct stand_in; /* workloads and what they point to */

/* Borrows names from the fleet until its next batch. */
struct stand_in *stand_in_new(const struct fleet *f, const Plimsoll__V1__Workload ***ret_list,
			      size_t *ret_n);
struct stand_in *stand_in_free(struct stand_in *s); /* NULL is fine; returns NULL */

#endif
