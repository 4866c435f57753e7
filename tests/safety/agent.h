/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent of one node of a world: makes a report of the plant's counters every period, keeps the last ones,
 * and puts them into a store as they would come over the wire, with everything that goes wrong on the way. It
 * speaks to the store as ingest does: a hello with the dictionary, then seconds; after a break it goes on
 * behind what the store holds.
 */
#ifndef SAFETY_AGENT_H
#define SAFETY_AGENT_H

#include "aggregator/store/store.h"
#include "safety/plant.h"

#define AGENT_REPORTS 320u /* kept: 300 s at 1 Hz, as a real one's spool */
#define AGENT_ROWS    (WORLD_PODS + 1)

struct agent_row {
	uint32_t pod; /* its number; AGENT_SELF: the agent's own */
	uint64_t cpu_ns, wait_ns, requests;
	uint32_t took[WORLD_TIMES], took_top; /* durations; and those in the last bucket of all */
};

#define AGENT_SELF UINT32_MAX

struct agent_report {
	uint64_t sequence, boottime_ns, wall_unix_ns, idle_ns;
	uint32_t made_s, n, flags;
	struct agent_row row[AGENT_ROWS];
};

struct agent {
	const struct world *world;
	uint32_t node;
	uint64_t epoch, sequence; /* of the newest report; 0: none in this epoch */
	uint64_t boot_ns;         /* its clock when the world began */
	int64_t ppm, jump_ns;     /* how fast it goes, by how much it jumped */
	bool down;                /* between two runs */
	const struct fault *struck, *suspended;
	uint64_t self_ns, idle_ns;
	struct agent_row lost[WORLD_PODS * 64]; /* by pod: what the counters of this run do not have */
	struct store_node *stored; /* the open stream; NULL: cut off */
	uint64_t sent;             /* sequence sent last */
	struct agent_report report[AGENT_REPORTS];
};

void agent_begin(const struct world *w, uint32_t node, struct agent *ret);
/* Looks at second `s`. */
void agent_look(struct agent *a, const struct plant *p, uint32_t s);
/* Sends what gets through at second `s`. */
void agent_send(struct agent *a, struct store *to, uint32_t s, uint64_t now_ns);
/* The glob of the replicas' cgroups. */
#define AGENT_GLOB "/pods/*"

#endif
