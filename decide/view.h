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
#define VIEW_FRESH_PERIODS 3u /* what an agent says holds for so many of its intervals */
#define VIEW_PERIOD_NS 1000000000ull /* what deciders are made for; an agent that samples less often is slow */

struct view_replica {
	char name[VIEW_NAME];
	const char *ns, *pod;   /* of the pod it is a container of (its uid, until the name is known); NULL: of none */
	const char *container;  /* its name in there, or the unit's; NULL: it has none */
	const char *node;       /* that it is on; NULL: not told, as in records of earlier versions */
	uint64_t age_ns;        /* since it was first seen */
	uint64_t sample_age_ns; /* of its newest sample; UINT64_MAX: none yet */
	uint64_t period_ns;     /* between samples of its agent; 0: not told */
	bool cpu_known;
	uint64_t cpu_milli;     /* used, mean over the window */
	uint64_t window_ns;     /* what the rates really cover; shorter for a young replica, longer with a slow agent */
	bool runq_known;
	uint32_t runq_permille; /* saturation_wait_permille() over the window, without what a quota caused */
	bool memory_known;
	uint64_t memory_bytes;  /* working set of the newest sample */
	const uint32_t *took;     /* requests it answered in took_ns, counted by how long each took: one count a bucket of
				   * base/hist.h, borrowed; NULL: not known, or nobody asked */
	uint64_t took_ns;
	uint32_t strain_permille; /* highest cause of decide/saturation.h but the run queue; 0: none is known */
};

struct view {
	uint64_t boottime_ns;   /* when it was taken: the aggregator's CLOCK_BOOTTIME */
	uint64_t wall_unix_ns;  /* for display */
	uint32_t replicas;      /* how many the workload has: live rows, fresh or not */
	const struct view_replica *replica; /* `replicas` of them, borrowed, pods together, then by name */
	uint32_t nodes, nodes_silent; /* nodes that carry it; those without a batch for VIEW_FRESH_PERIODS */
	uint32_t fleet_nodes, fleet_silent; /* the same of all nodes there are */
	uint32_t fleet_budget;  /* replicas that all policies together may add in a minute; 0: no bound */
	uint32_t fleet_room;    /* what is left of it for this workload; without meaning where there is no bound */
};

/* How old a sample may become whose agent takes one in each period; `least_ns` in any case. */
static inline uint64_t view_fresh_ns(uint64_t period_ns, uint64_t least_ns)
{
	uint64_t ns = VIEW_FRESH_PERIODS * period_ns;

	return ns > least_ns ? ns : least_ns;
}

static inline bool view_is_fresh(const struct view_replica *r, uint64_t least_ns)
{
	return r->sample_age_ns <= view_fresh_ns(r->period_ns, least_ns);
}

/* What the fleet's budget leaves of a step. */
static inline uint32_t view_affordable(const struct view *v, uint32_t from, uint32_t to)
{
	bool is_over = v->fleet_budget && to > from && to - from > v->fleet_room;

	return is_over ? from + v->fleet_room : to;
}

#endif
