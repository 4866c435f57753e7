/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agent's machine: where its run stands (epoch, sequence), how its clock maps to ours, and its
 * rows. Read-only for everything outside store/, but `stream`, which is ingest's.
 */
#ifndef AGGREGATOR_STORE_NODE_H
#define AGGREGATOR_STORE_NODE_H

#include "aggregator/store/row.h"
#include "aggregator/store/skew.h"
#include "aggregator/store/store.h"
#include "base/map.h"

struct store_node {
	struct store *store;
	char *name, *boot_id, *agent_version;
	uint64_t interval_ns, memory_bytes;
	uint32_t cpus; /* online at the last sample */
	uint32_t cpus_most; /* of this boot: what one of its cgroups can have used */
	uint64_t epoch, sequence;       /* 0: nothing held of this epoch */
	uint64_t boottime_ns, wall_unix_ns; /* of its newest second, agent's clocks */
	uint64_t arrival_ns;            /* of its newest message, our clock */
	struct skew skew;
	struct ring_clock clock;
	struct map *rows;               /* id → live row */
	struct map *edges;              /* number → inside store/edges.c */
	bool hears_edges;               /* its agent knows who calls whom */
	struct store_row *gone;         /* ended less than STORE_GONE_KEEP_NS ago */
	uint64_t over_limit;            /* rows of this epoch that are not kept */
	uint32_t mark;
	struct store_node_sample sample;
	bool busy_known;                /* its CPU time in the newest second: */
	uint64_t busy_ns;               /* all CPUs, all tasks */
	struct losses losses;           /* of this epoch */
	uint64_t lost_ns[LOSSES];       /* when each of them was last seen to grow, our clock; 0: never */
	uint64_t gaps;
	void *stream;                   /* the open Report or Watch that feeds it, NULL: none */
};

/* Inside store/. */
struct store_node *node_new(struct store *s, const char *name);
struct store_node *node_free(struct store_node *n);
int node_hello(struct store_node *n, const struct store_source *source,
	       const struct store_batch *b, clock_boot_t arrival);
int node_put(struct store_node *n, const struct store_batch *b, clock_boot_t arrival,
	     enum store_refusal *ret_why);
void node_put_names(struct store_node *n, const struct store_batch *b, clock_boot_t arrival);

/* For readers. */
uint64_t node_time(const struct store_node *n, uint64_t agent_boottime_ns); /* → our clock */
uint64_t node_sample_ns(const struct store_node *n); /* newest second on our clock, 0: none */
uint64_t node_period_ns(const struct store_node *n); /* its interval, at least 1 s, at most STORE_PERIOD_MOST_NS */
uint64_t node_fresh_ns(const struct store_node *n, uint64_t least_ns); /* how old a sample of it may become */
bool node_silent(const struct store_node *n, clock_boot_t now);
bool node_loses(const struct store_node *n, enum loss_id kind, clock_boot_t now); /* now, or within STORE_LOST_NS */

#endif
