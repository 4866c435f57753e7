/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/deaths.h"

#include <stdlib.h>

#include "agent/probe/tree_node.h"
#include "base/mem.h"

static bool lives(const struct tree *t, const struct tree_node *n, enum plimsoll_hierarchy hierarchy, uint64_t pass)
{
	return n->unseen[hierarchy] || t->o.pool.row[tree_row(&n->out, hierarchy)].pass[hierarchy] == pass;
}

static void drop_key(struct tree *t, struct tree_node *n, int hierarchy)
{
	map_del(t->by_key, n->key[hierarchy]);
	n->key[hierarchy] = 0;
	t->changed = true;
}

static size_t drop_keys(struct tree *t, struct tree_node *n, uint64_t pass)
{
	size_t dropped = 0;

	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++) {
		if (!n->key[h] || lives(t, n, (enum plimsoll_hierarchy)h, pass))
			continue;
		drop_key(t, n, h);
		dropped++;
	}
	return dropped;
}

static bool has_key(const struct tree_node *n)
{
	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++)
		if (n->key[h])
			return true;
	return false;
}

/* A directory may come again while another of the cgroup lives on. */
static void forget_ends(struct tree *t, const struct tree_node *n)
{
	for (uint32_t i = 0; i < n->rows.n; i++)
		for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++)
			if (!n->key[h])
				t->o.pool.row[n->rows.of[i]].pass[h] = 0;
}

static int deepest_first(const void *a, const void *b)
{
	const struct tree_node *const *x = a, *const *y = b;

	return (*y)->depth > (*x)->depth ? 1 : (*y)->depth < (*x)->depth ? -1 : 0;
}

static void bury_nodes(struct tree *t, struct tree_node **dead, size_t n)
{
	if (n) /* qsort() takes no NULL */
		qsort(dead, n, sizeof(void *), deepest_first);
	for (size_t i = 0; i < n; i++) {
		dead[i]->ended = true;
		t->o.watcher.gone(&dead[i]->out, t->o.watcher.data);
		tree_node_free(t, dead[i]);
	}
}

static size_t drop_all_keys(struct tree *t, struct tree_node *n)
{
	size_t dropped = 0;

	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++) {
		if (!n->key[h])
			continue;
		drop_key(t, n, h);
		dropped++;
	}
	return dropped;
}

static bool is_outlived(const struct tree_node *n)
{
	for (const struct probe_cgroup *c = n->out.parent; c; c = c->parent)
		if (tree_node_of(c)->dying)
			return true;
	return false;
}

/* What no pass can see is not known to be dead, but it cannot outlive what it is in. */
static size_t add_outlived(struct tree *t, struct tree_node **dead, size_t *n)
{
	size_t dropped = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct tree_node *node = t->nodes[i];

		if (node->dying || !is_outlived(node))
			continue;
		dropped += drop_all_keys(t, node);
		dead[(*n)++] = node;
	}
	return dropped;
}

size_t deaths_bury(struct tree *t, uint64_t number)
{
	struct tree_node **dead = NULL;
	size_t n = 0, dropped = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct tree_node *node = t->nodes[i];
		size_t here = drop_keys(t, node, number);

		dropped += here;
		if (here && has_key(node))
			forget_ends(t, node);
		if (!here || has_key(node))
			continue;
		if (!dead)
			dead = mem_array(NULL, t->n, sizeof(void *));
		node->dying = true;
		dead[n++] = node;
	}
	if (dead) {
		dropped += add_outlived(t, dead, &n);
		bury_nodes(t, dead, n);
	}
	free(dead);
	return dropped;
}

static bool is_below(const struct tree_node *n, const struct tree_node *top)
{
	for (const struct probe_cgroup *c = &n->out; c; c = c->parent)
		if (c == &top->out)
			return true;
	return false;
}

void deaths_bury_below(struct tree *t, const struct tree_node *top)
{
	struct tree_node **dead = mem_array(NULL, t->n, sizeof(void *));
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (is_below(t->nodes[i], top))
			dead[n++] = t->nodes[i];
	for (size_t i = 0; i < n; i++)
		(void)drop_all_keys(t, dead[i]);
	bury_nodes(t, dead, n);
	free(dead);
}
