/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fleet measured in the last minutes, in memory: nodes (one an agent), their rows (one a
 * cgroup), and workloads (rows that a policy's glob selects). It is rebuilt from the agents' own
 * spools after a restart, so nothing of it is on disk. Missing is never zero: every number that
 * leaves here says whether it is known, how old it is and how many of the replicas it covers.
 *
 * A row's second is fresh when the batch of that second named it, or left it out because it did not
 * change. It is not fresh after a gap in the sequence until the batch names it again or a keyframe
 * comes, nor while its counters are refused and until they move after that. A node on which nothing
 * moves, not even its idle time, is not an idle one: its seconds are taken as if they had not come.
 *
 * Everything here is loop-thread-only and never blocks.
 */
#ifndef AGGREGATOR_STORE_STORE_H
#define AGGREGATOR_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/store/batch.h"
#include "base/clock.h"
#include "base/graph.h"
#include "decide/saturation.h"
#include "decide/view.h"

/* A silent node's rows stay, stale, this long. Longer than a partition may last: outside Kubernetes nobody says
 * that replicas are gone, and a workload whose replicas were forgotten would be taken for a smaller one. */
#define STORE_SILENT_KEEP_NS (900 * CLOCK_NS_PER_S)
#define STORE_GONE_KEEP_NS (60 * CLOCK_NS_PER_S)    /* a row's last seconds after its cgroup ended */
/* No agent of ours samples less often; who says so is not believed longer. */
#define STORE_PERIOD_MOST_NS (60 * CLOCK_NS_PER_S)
#define STORE_LOST_NS (600 * CLOCK_NS_PER_S)        /* a loss is news for so long */
#define STORE_WINDOW_MAX_NS (300 * CLOCK_NS_PER_S)  /* how far back rates can be asked for */

struct store;
struct store_node;     /* aggregator/store/node.h */
struct store_row;      /* aggregator/store/row.h */
struct store_workload; /* rows that one glob selects */

struct store_options {
	uint32_t agents_max; /* nodes beyond are refused, counted */
	uint32_t rows_max;   /* rows beyond are not kept, counted, and as many edges */
};

/* Whose own a row is that several select: the lowest's, of these the first's; it is listed there only. */
enum store_role {
	STORE_TAKES,    /* a ScalingPolicy: sees the rows that are its own, and scales them */
	STORE_CONTROLS, /* an HPA: sees all rows that it selects; who scales some of them, too, is its rival */
	STORE_WATCHES,  /* a VPA: sees all, scales none */
};

struct store_counters { /* since start */
	uint64_t batches;            /* stored seconds */
	uint64_t samples;            /* rows in them, changed or not */
	uint64_t duplicates;         /* seconds that were there already */
	uint64_t gaps;               /* seconds that never came */
	uint64_t epochs;             /* agent runs seen */
	uint64_t refused[STORE_REFUSALS];
	uint64_t rows_over_limit, agents_over_limit, edges_over_limit;
	uint64_t nodes_expired, rows_expired; /* dropped after STORE_SILENT_KEEP_NS of silence */
	uint64_t rows_renamed;       /* told by other names than before */
	uint64_t rows_ambiguous;     /* placed though a second policy scales them, too */
};

struct store *store_new(const struct store_options *o);
struct store *store_free(struct store *s); /* NULL is fine; returns NULL */
const struct store_counters *store_counters(const struct store *s);
size_t store_nodes(const struct store *s);
size_t store_rows(const struct store *s); /* live ones */
/* Nodes without a batch for VIEW_FRESH_PERIODS of their intervals. */
size_t store_nodes_silent(const struct store *s, clock_boot_t now);
/* Age of the newest sample of the whole fleet; UINT64_MAX: none. */
uint64_t store_newest_age(const struct store *s, clock_boot_t now);
struct store_node *store_node(const struct store *s, const char *name); /* NULL: unknown */
/* Start with *cursor = 0; NULL at the end. Do not store anything in between. */
struct store_node *store_next_node(const struct store *s, size_t *cursor);

/* A stream's first message. Makes the node, or opens a new epoch of it; also of the same run, when its clock is well
 * behind what is held, for then the machine was taken back to a snapshot. `source` and the identities are copied. Rows of an older epoch that are missing from the dictionary are gone. *ret_sequence:
 * the last second held of this epoch, 0: none. -ENOSPC: too many agents. */
int store_hello(struct store *s, const struct store_source *source, const struct store_batch *b,
		clock_boot_t arrival, struct store_node **ret_node, uint64_t *ret_sequence);
/* One second. 0 stored; 1 a duplicate; -EBADMSG refused, *ret_why says the reason (counted here).
 * Single rows may be refused while the rest is stored. */
int store_put(struct store *s, struct store_node *n, const struct store_batch *b,
	      clock_boot_t arrival, enum store_refusal *ret_why);
/* Of a second that is refused whole: who is there and who is gone, which is not told again before the next keyframe. */
void store_put_names(struct store_node *n, const struct store_batch *b, clock_boot_t arrival);
/* Drops what has been silent or gone for long enough; call it about once a second. */
void store_expire(struct store *s, clock_boot_t now);
void store_refuse(struct store *s, enum store_refusal why); /* counts one that ingest found itself */

/* Registers or gets the workload `name`, selected by a glob (base/glob.h) on cgroup paths, or, without a slash
 * at its beginning, on names as glob_match_parts(namespace, pod, container); "owner:KIND/NAMESPACE/NAME" takes
 * the pods that this one made (store/owner.h). When one of these four changes something the next reader places every
 * row anew, once: one glob match a row and workload. Lives until store_forget(). */
struct store_workload *store_workload(struct store *s, const char *name, const char *glob);
struct store_workload *store_find_workload(const struct store *s, const char *name); /* or NULL */
void store_set_role(struct store_workload *w, enum store_role role); /* STORE_TAKES at first */
/* Whether its views are to say how long requests took (view_replica.took): for a policy with a latency. */
void store_set_hears(struct store_workload *w, bool hears);
void store_arrange(struct store *s, struct store_workload *const *order, size_t n); /* these first */
void store_forget(struct store *s, struct store_workload *w);
/* Names of the others that scale some of its rows, too, sorted; valid until they are forgotten. How many, at most
 * `most`. */
size_t store_rivals(struct store_workload *w, const char **ret, size_t most);
/* Of a STORE_TAKES: those that have rows which it selects, too, and so does not see; as above. */
size_t store_holders(struct store_workload *w, const char **ret, size_t most);

/* Who calls whom, by the names of store_each(), other cgroups by their paths: all that is known is added to `g`, the
 * load of callers as fresh as of a view. About 1 us an edge. */
void store_edges(struct store *s, clock_boot_t now, uint64_t fresh_ns, struct graph *g);
size_t store_nodes_hearing(const struct store *s); /* whose agents know who calls whom */

/* What a decider sees at `now`. Rates are means over `window_ns` (at most STORE_WINDOW_MAX_NS),
 * shorter for a young replica, inside one agent epoch. A rate is unknown with fewer than two samples
 * in the window or when the newest sample is older than fresh_ns and VIEW_FRESH_PERIODS of its agent's intervals;
 * with a slow agent's samples the window is at least from one to the next. A pod's replicas stand together, sorted by
 * name, and are borrowed until the next store_view() of any workload. 0, or -ENOMEM with *ret untouched. */
int store_view(struct store_workload *w, clock_boot_t now, uint64_t window_ns, uint64_t fresh_ns,
	       struct view *ret);

struct store_value {
	bool known;      /* at least one fresh replica knows it; else the rest means nothing */
	double value;
	uint64_t age_ns; /* of the oldest sample in it */
	double coverage; /* replicas in it / live replicas, 0 … 1 */
};

struct store_summary {
	const char *name;                /* valid during the call that hands it out */
	struct store_workload *selected; /* NULL: no policy, grouped by its rows' own name */
	uint32_t replicas;               /* live rows, fresh or not */
	uint32_t nodes;                  /* that carry them */
	struct store_value cpu_cores;             /* sum */
	struct store_value memory_working_set_bytes, memory_limit_bytes; /* sums; limit: limited rows */
	struct store_value runq;                  /* of the time a CPU was wanted, the share spent waiting, 0 … 1:
						   * mean of the replicas, without the wait that a quota causes */
	struct store_value psi_cpu, psi_memory, psi_io; /* highest replica's share of time, 0 … 1 */
	struct store_value runq_wait_p95_ns;      /* last 5 to 10 s of all together */
	/* Of the last 5 to 10 s: sum; share of them with an error, 0 … 1; how long they took, all together. */
	struct store_value requests_per_second, request_error_share;
	struct store_value request_p50_ns, request_p95_ns, request_p99_ns;
	struct store_value saturation[SATURATION_CAUSES]; /* mean over the replicas, 0 … 1, at most 8 s */
	enum saturation_cause by_what;            /* the highest of them; SATURATION_CAUSES: nobody's trouble */
	enum saturation_advice advice;            /* against it, to the replica that has most of it */
};

/* Means over window_ns as above; PSI over at most 15 s. */
void store_summarize(struct store_workload *w, clock_boot_t now, uint64_t window_ns,
		     uint64_t fresh_ns, struct store_summary *ret);
/* Every workload: first the selected ones in order of name, then the others (pods, containers and
 * systemd units; plain cgroups only through a policy). Costs about 2 us a row (bench-store): a large
 * fleet's reader of everything holds the loop up for a second, so ask for the selected ones there. */
void store_each(struct store *s, clock_boot_t now, uint64_t window_ns, uint64_t fresh_ns,
		void (*each)(const struct store_summary *w, void *data), void *data);
void store_each_selected(struct store *s, clock_boot_t now, uint64_t window_ns, uint64_t fresh_ns,
			 void (*each)(const struct store_summary *w, void *data), void *data);

#endif
