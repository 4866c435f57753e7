/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of explain: what stands between the number that was asked for and the one that was ordered. The windows, the
 * rates, the bounds and the coverage are those of a ScalingPolicy, the fleet's budget is everybody's. Pure.
 */
#ifndef AGGREGATOR_EXPLAIN_LIMITS_H
#define AGGREGATOR_EXPLAIN_LIMITS_H

#include "aggregator/record.h"
#include "base/buf.h"

void explain_limits_windows(struct buf *to, const struct record *r);
void explain_limits_bounds(struct buf *to, const struct record *r); /* rates, too, and what coverage allows */
/* A line of its own, if there is a fleet's budget; `wanted`: without it. */
void explain_limits_budget(struct buf *to, const struct view *v, uint32_t from, uint32_t wanted);

#endif
