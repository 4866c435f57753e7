/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/tree_node.h"

#include <stdlib.h>

#include "base/mem.h"

struct tree_node *tree_node_of(const struct probe_cgroup *c)
{
	return (struct tree_node *)(uintptr_t)c;
}

static void push(struct tree *t, struct tree_node *n)
{
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->nodes = mem_array(t->nodes, t->room, sizeof(void *));
	}
	n->index = t->n;
	t->nodes[t->n++] = n;
}

struct tree_node *tree_node_new(struct tree *t, const char *path, struct tree_node *parent, uint32_t row)
{
	struct tree_node *n = mem_new(struct tree_node);

	n->tree = t;
	n->path = mem_strdup(path);
	rows_init(&n->rows, row);
	n->depth = parent ? parent->depth + 1 : 0;
	n->out.path = n->path;
	n->out.parent = parent ? &parent->out : NULL;
	n->out.slot = pool_is_slot(t->pool, row) ? row : 0;
	t->without_slot += !n->out.slot;
	strmap_put(t->by_path, path, n);
	push(t, n);
	return n;
}

void tree_node_free(struct tree *t, struct tree_node *n)
{
	strmap_del(t->by_path, n->path);
	t->nodes[n->index] = t->nodes[--t->n];
	t->nodes[n->index]->index = n->index;
	t->extras -= n->rows.n - 1;
	t->without_slot -= !n->out.slot;
	t->changed = true;
	rows_free(&n->rows, t->pool);
	free(n->path);
	free(n);
}

void tree_node_add(struct tree *t, struct tree_node *n, uint32_t row)
{
	rows_add(&n->rows, row);
	t->extras++;
	t->changed = true;
}

void tree_node_settle(struct tree *t, struct tree_node *n, uint32_t slot)
{
	rows_settle(&n->rows, slot);
	n->out.slot = slot;
	n->late = t->sample;
	t->extras++;
	t->without_slot--;
	t->changed = true;
}
