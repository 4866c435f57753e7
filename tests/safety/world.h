/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One simulated hour as its seed has it: what is really demanded, and what goes wrong with the watching.
 * Nothing in it depends on what is decided, so that two deciders can be put into the same world.
 */
#ifndef SAFETY_WORLD_H
#define SAFETY_WORLD_H

#include "decide/policy.h"
#include "safety/chance.h"

#define WORLD_SECONDS  3600u
#define WORLD_NODES    6u
#define WORLD_CPUS     8u
#define WORLD_PODS     24u /* the most that a policy here allows */
#define WORLD_FAULTS   8u
#define WORLD_HANDS    2u /* FOREIGN, beside those */
#define WORLD_DEAF     2u /* of requests alone, beside those */
#define WORLD_TIMES    16u /* buckets of base/hist.h that requests here fall into, from WORLD_TIMES_FROM on: 1 to 250 ms */
#define WORLD_TIMES_FROM 21u
#define WORLD_REQUESTS_S 50u /* that a replica answers */
#define WORLD_KEYFRAME 30u /* reports from one that names every row to the next */
#define WORLD_POD_MILLI 1000u /* one replica is one thread */

/* X(ID, what happens to the nodes it strikes) */
#define FAULTS_X(X) \
	X(LOST, "the agent is cut off; what it kept comes afterwards") \
	X(RESTART, "the agent is gone, then a new one begins, its counters at 0") \
	X(ABSENT, "the signal is missing from every row") \
	X(ZERO, "every counter reads 0, those of the node too") \
	X(ROWS_ZERO, "the counters of the containers read 0") \
	X(FROZEN, "nothing moves, but seconds go on coming") \
	X(HUGE, "counters jump beyond what can be") \
	X(NOT_A_NUMBER, "counters read as all ones") \
	X(LATE, "seconds come late") \
	X(DUPLICATED, "seconds come twice, old ones again") \
	X(CLOCK_BACK, "the node's clock is stepped back") \
	X(SUSPENDED, "the node's clock jumps ahead by an hour") \
	X(WALL, "wall clocks are stepped by years") \
	X(PAUSED, "the leader stands still, then goes on with what it has") \
	X(FOREIGN, "somebody else sets the replicas, for good or for a while") \
	X(UNHEARD, "nobody hears requests any more") \
	X(NO_REQUESTS, "the counters of requests read 0, and so do all their durations") \
	X(STUCK, "the counters of requests and durations stand still, and go on from there") \
	X(DURATIONS, "many more requests than there were took as long as any can")

enum fault_kind {
#define X(ID, what) FAULT_##ID,
	FAULTS_X(X)
#undef X
	FAULTS
};

struct fault {
	enum fault_kind kind;
	uint32_t begins_s, ends_s;
	uint32_t nodes;  /* a bit a node that it strikes */
	uint32_t lag_s;  /* LATE */
	uint32_t replicas; /* FOREIGN: what it sets, */
	bool back;         /* and at its end as many as before, as after a rollout */
	uint64_t random; /* for what else it may want */
};

struct world {
	uint64_t seed;
	uint32_t period_s; /* of samples and of evaluation */
	uint32_t nodes;
	uint32_t startup_s, startup_milli; /* until a replica serves, and what it burns meanwhile */
	struct policy policy;
	bool hears; /* its policy has a latency, too, and its agents hear requests */
	uint32_t demand_milli[WORLD_SECONDS]; /* CPU that the load takes, wherever it runs */
	struct fault fault[WORLD_FAULTS + WORLD_HANDS + WORLD_DEAF];
	uint32_t n_faults;
};

void world_make(uint64_t seed, struct world *ret);
/* The first fault that strikes `node` at `s`; NULL: none. */
const struct fault *world_fault(const struct world *w, uint32_t node, uint32_t s);
/* ROWS_ZERO: does it strike a replica that was born then? One that had used no CPU before cannot be told from
 * one that goes on using none, so it must have worked for a while. */
bool world_hides(const struct world *w, const struct fault *f, int32_t born_s);
const struct fault *world_pause(const struct world *w, uint32_t s);
bool world_strikes_all(const struct world *w, const struct fault *f); /* as one that strikes no node by itself does */
const char *world_fault_word(enum fault_kind k);

#endif
