/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many replicas a workload is set to. There is no object to ask outside Kubernetes: it is what was
 * ordered last, until the live ones have differed from that for STANDING_PATIENCE_NS; then somebody
 * else has set it, or the order came to nothing, and the live ones count. More of them than orders can explain are
 * somebody else's and count at once, unless a node is silent: what it told last may be over. The order stands again
 * when they go within that time, as the surplus of a rollout does. Fewer may have been lost under load and always wait;
 * while a node is silent they say nothing: the others may run there. Plain data, zeroed at first.
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
	uint32_t most;             /* live ones that orders can explain: those that are yet to go, too */
	uint64_t differs_since_ns; /* boottime; 0: it does not */
	bool foreign;              /* at the newest look there were more than `most` */
};

/* So many may come before the end of their order is known: its hook still runs. */
void standing_expect(struct standing *s, uint32_t replicas);
void standing_order(struct standing *s, uint32_t from, uint32_t to);
/* `silent`: some node of the fleet is. */
uint32_t standing_now(struct standing *s, uint32_t live, bool silent, uint64_t now_ns);

#endif
