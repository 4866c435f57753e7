/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: the cgroups that are known and their rows; they come by births.h, go by deaths.h, and the kernel
 * knows them by keys.h. A cgroup has a path and one kernfs id in each hierarchy that has a directory of that path. The
 * kernel gives each directory a row when it is made; where they turn out to be one cgroup, the first row stays, and the
 * others rest and come free once what they counted is added to it.
 */
#ifndef AGENT_PROBE_TREE_H
#define AGENT_PROBE_TREE_H

#include "agent/probe/pool.h"
#include "agent/probe/probe.h"
#include "agent/probe/rows.h"
#include "plimsoll/slot.h"

struct tree;

struct tree_past { /* what the quotas above a cgroup had throttled when it was read first */
	bool known;
	uint64_t periods, throttled_periods, throttled_ns;
};

struct tree_options {
	struct pool_options pool;
	uint32_t table_bits; /* there is room for 1 << table_bits entries in a half */
	struct rows_adder adder; /* once nothing counts in a slot any more */
	struct probe_watcher watcher;
};

struct tree *tree_new(const struct tree_options *o);
struct tree *tree_free(struct tree *t); /* tells nobody; NULL is fine; returns NULL */
/* Before the passes of a sample: rows that rested are free; what they counted is with who had them. That waits while
 * the table is not what the tree is. */
void tree_wake(struct tree *t);
uint32_t tree_slot(struct tree *t, uint32_t lent); /* for the stock, which has that many; 0: none to spare */
bool tree_changed(const struct tree *t); /* since the table was written */
const struct probe_cgroup *tree_largest(const struct tree *t, enum plimsoll_hierarchy memory); /* of the last pass; the root: none */
const struct probe_cgroup *tree_find(const struct tree *t, uint64_t key); /* PLIMSOLL_KEY(); NULL: none lives */
size_t tree_cgroups(const struct tree *t);
size_t tree_without_slot(const struct tree *t);
const struct signals *tree_nobodys(const struct tree *t); /* counted by slots that turned out to be no cgroup's */

/* Of a cgroup: */
/* All that it did since the sample before is counted in its slots. Not so where the kernel had no slot for it when it
 * was made, in the sample that finds it. */
bool tree_is_counted(const struct probe_cgroup *c);
const struct rows *tree_rows(const struct probe_cgroup *c); /* all that count for it */
uint32_t tree_row(const struct probe_cgroup *c, enum plimsoll_hierarchy h); /* the one that says most recently what comes from there */
const uint32_t *tree_found_running(const struct probe_cgroup *c); /* 1 where a pass found it so, in each of signals.runs */
struct tree_past *tree_past(const struct probe_cgroup *c); /* for agent/probe/above.c to keep */
bool tree_ended(const struct probe_cgroup *c); /* it is being told as gone */

#endif
