/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the tree: a cgroup as it is kept, and what its parts (births, deaths, keys) share. Who is outside has tree.h.
 */
#ifndef AGENT_PROBE_TREE_NODE_H
#define AGENT_PROBE_TREE_NODE_H

#include "agent/probe/strays.h"
#include "agent/probe/tree.h"
#include "base/map.h"

struct tree_node {
	struct probe_cgroup out; /* first: cgroups are handed out as this */
	struct tree *tree;
	char *path;
	uint64_t key[PLIMSOLL_HIERARCHIES]; /* 0: no such directory */
	bool unseen[PLIMSOLL_HIERARCHIES];  /* not in the kernel's table, so no pass can write its row */
	uint64_t late; /* the sample before which some of what it did was counted for nobody; 0: before the first */
	uint32_t depth;
	struct rows rows;
	struct tree_past past;
	uint32_t found_running[PLIMSOLL_RUN_HIERARCHIES]; /* 1: with tasks, whose coming nobody saw */
	bool dying; /* goes at this burial */
	bool ended;
	size_t index; /* in tree.nodes */
};

struct tree {
	unsigned magic;
	struct tree_options o;
	struct map *by_key;
	struct strmap *by_path;
	struct tree_node **nodes; /* any order */
	size_t n, room;
	struct pool *pool;
	uint64_t sample;         /* its number */
	size_t extras;           /* rows of all nodes beyond the one that stays */
	size_t without_slot;
	bool changed;            /* since the table was written */
	struct strays strays;
	/* The first directory of a hierarchy is its root, or as much as we see of it. */
	bool rooted[PLIMSOLL_HIERARCHIES];
};

struct tree_node *tree_node_of(const struct probe_cgroup *c);
struct tree_node *tree_node_new(struct tree *t, const char *path, struct tree_node *parent, uint32_t row);
void tree_node_free(struct tree *t, struct tree_node *n);
void tree_node_add(struct tree *t, struct tree_node *n, uint32_t row); /* one more that counts for it */
void tree_node_settle(struct tree *t, struct tree_node *n, uint32_t slot); /* another row becomes the one that stays */

#endif
