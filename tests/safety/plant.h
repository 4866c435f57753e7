/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What really runs: the replicas that were last ordered, each on a node, serving after its start-up. The
 * demand spreads evenly over those that serve, up to WORLD_POD_MILLI each; what is beyond waits for the CPU. How long
 * requests take is in proportion to the CPU that a replica uses, and a tenth nearer to its target than that: a world's
 * need of replicas is that of its CPU, and a latency that is heard right never asks for more.
 * Counters only grow.
 */
#ifndef SAFETY_PLANT_H
#define SAFETY_PLANT_H

#include "safety/world.h"

struct plant_pod {
	uint32_t number;  /* never used twice */
	uint32_t node;
	int32_t born_s; /* long before the world began: negative */
	uint64_t cpu_ns, wait_ns; /* since it was born */
	uint32_t use_milli;       /* in the last period */
	uint64_t requests;        /* answered since it was born, if the world hears them, */
	uint32_t took[WORLD_TIMES]; /* and how long they took */
};

struct plant {
	const struct world *world;
	uint32_t n, born;
	struct plant_pod pod[WORLD_PODS];
};

void plant_begin(const struct world *w, uint32_t replicas, struct plant *ret);
void plant_order(struct plant *p, uint32_t replicas, int32_t s);
/* From second s - period to s. */
void plant_run(struct plant *p, uint32_t s);

#endif
