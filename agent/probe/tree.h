/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: the cgroups that are known, their rows, and the kernel's table made of them. A
 * cgroup has a path and one kernfs id in each hierarchy that has a directory of that path.
 */
#ifndef AGENT_PROBE_TREE_H
#define AGENT_PROBE_TREE_H

#include "agent/probe/probe.h"
#include "plimsoll/slot.h"

struct tree;

struct tree_options {
	uint32_t slots, rows, cpus, table_bits;
	struct plimsoll_slot *slot;     /* zeroed when given out; borrowed, as all of these */
	const struct plimsoll_row *row;
	struct probe_watcher watcher;
};

struct tree *tree_new(const struct tree_options *o);
struct tree *tree_free(struct tree *t); /* tells nobody; NULL is fine; returns NULL */
/* After pass `number`: what it did not write is gone. Returns how many directories ended. */
size_t tree_bury(struct tree *t, uint64_t number);
/* Takes births in; returns how many directories are new. The others had no room, or their parents. */
size_t tree_bear(struct tree *t, const struct plimsoll_birth *births, size_t n);
/* Writes all ids into one half of the table; returns how many found no place near enough. */
size_t tree_write_table(struct tree *t, struct plimsoll_entry *half);
size_t tree_cgroups(const struct tree *t);
size_t tree_without_slot(const struct tree *t);
uint32_t tree_row(const struct probe_cgroup *c); /* index into the rows */

#endif
