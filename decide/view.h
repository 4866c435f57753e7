/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a decider sees: one workload at one instant, as values. The store fills it, a record keeps it,
 * a replay reads it back; nothing in it points to live state but texts, which live as long as the replicas do.
 * Integers throughout: CPU in milli-cores, shares in permille. `*_known` false means not measured, and the number
 * beside it means nothing.
 */
#ifndef DECIDE_VIEW_H
#define DECIDE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEW_NAME 96 /* bytes of a replica's name, cut at the front: the end tells them apart */

struct view_replica {
	char name[VIEW_NAME];
	const char *ns, *pod;   /* of the pod it is a container of (its uid, until the name is known); NULL: of none */
	const char *container;  /* its name in there, or the unit's; NULL: it has none */
	uint64_t age_ns;        /* since it was first seen */
	uint64_t sample_age_ns; /* of its newest sample; UINT64_MAX: none yet */
	bool cpu_known;
	uint64_t cpu_milli;     /* used, mean over the window */
	uint64_t window_ns;     /* what the rates really cover; shorter for a young replica */
	bool runq_known;
	uint32_t runq_permille; /* wait / (wait + on-CPU) over the window */
	bool memory_known;
	uint64_t memory_bytes;  /* working set of the newest sample */
	uint32_t strain_permille; /* highest cause of decide/saturation.h but the run queue; 0: none is known */
};

struct view {
	uint64_t boottime_ns;   /* when it was taken: the aggregator's CLOCK_BOOTTIME */
	uint64_t wall_unix_ns;  /* for display */
	uint32_t replicas;      /* how many the workload has: live rows, fresh or not */
	const struct view_replica *replica; /* `replicas` of them, borrowed, pods together, then by name */
	uint32_t nodes, nodes_silent; /* nodes that carry it; those without a batch for 3 periods */
	uint32_t fleet_nodes, fleet_silent; /* the same of all nodes there are */
};

#endif
