/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many replicas a workload is set to. There is no object to ask outside Kubernetes: it is what was
 * ordered last, until the live ones have differed from that for STANDING_PATIENCE_NS; then somebody
 * else has set it, or the order came to nothing, and the live ones count. While a node is silent fewer live ones
 * say nothing: the others may run there. Plain data, zeroed at first.
 */
#ifndef AGGREGATOR_STANDING_H
#define AGGREGATOR_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/decide.h"

/* As long as the decider waits for replicas that it asked for. */
#define STANDING_PATIENCE_NS DECIDE_WARMING_NS

struct standing {
	uint32_t ordered;          /* 0: nothing */
	uint64_t differs_since_ns; /* boottime; 0: it does not */
};

void standing_order(struct standing *s, uint32_t replicas);
/* `silent`: some node of the fleet is. */
uint32_t standing_now(struct standing *s, uint32_t live, bool silent, uint64_t now_ns);

#endif
