/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/tree.h"

#include <stdlib.h>

#include "agent/probe/tree_node.h"
#include "base/mem.h"
#include "base/obj.h"

#define TREE_MAGIC 0x74726565u

/* Rows */

const struct rows *tree_rows(const struct probe_cgroup *c)
{
	return &tree_node_of(c)->rows;
}

uint32_t tree_row(const struct probe_cgroup *c, enum plimsoll_hierarchy h)
{
	const struct tree_node *n = tree_node_of(c);

	return rows_newest(&n->rows, n->tree->o.pool.row, h);
}

const uint32_t *tree_found_running(const struct probe_cgroup *c)
{
	return tree_node_of(c)->found_running;
}

struct tree_past *tree_past(const struct probe_cgroup *c)
{
	return &tree_node_of(c)->past;
}

bool tree_ended(const struct probe_cgroup *c)
{
	return tree_node_of(c)->ended;
}

bool tree_is_counted(const struct probe_cgroup *c)
{
	const struct tree_node *n = tree_node_of(c);

	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++)
		if (n->unseen[h])
			return false;
	return n->out.slot && n->late != n->tree->sample;
}

static void give_slot(struct tree *t, struct tree_node *n)
{
	uint32_t slot = n->out.slot || n->rows.n > 1 ? 0 : pool_take_slot(t->pool);

	if (slot)
		tree_node_settle(t, n, slot);
}

void tree_wake(struct tree *t)
{
	t->sample++;
	if (t->changed)
		return;
	strays_catch(&t->strays, t->pool, &t->o.adder);
	pool_wake(t->pool);
	for (size_t i = 0; t->extras && i < t->n; i++)
		t->extras -= rows_give_back(&t->nodes[i]->rows, t->pool, t->o.pool.row, &t->o.adder);
	for (size_t i = 0; pool_slots(t->pool) && t->without_slot && i < t->n; i++)
		give_slot(t, t->nodes[i]);
}

/* Half of what is free at most: cgroups that the kernel could give none need one, too. */
uint32_t tree_slot(struct tree *t, uint32_t lent)
{
	return lent < pool_slots(t->pool) ? pool_lend_slot(t->pool) : 0;
}

const struct signals *tree_nobodys(const struct tree *t)
{
	return &t->strays.nobodys;
}

const struct probe_cgroup *tree_largest(const struct tree *t, enum plimsoll_hierarchy memory)
{
	const struct tree_node *largest = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct tree_node *n = t->nodes[i];
		const struct plimsoll_row *r = &t->o.pool.row[tree_row(&n->out, memory)];

		if (!n->out.parent && !largest)
			largest = n;
		if (!n->out.parent || !r->memory_known || r->usage_pages <= most)
			continue;
		most = r->usage_pages;
		largest = n;
	}
	return largest ? &largest->out : NULL;
}

const struct probe_cgroup *tree_find(const struct tree *t, uint64_t key)
{
	return map_get(t->by_key, key); /* a node begins with what is handed out */
}

size_t tree_cgroups(const struct tree *t)
{
	return t->n;
}

size_t tree_without_slot(const struct tree *t)
{
	return t->without_slot;
}

bool tree_changed(const struct tree *t)
{
	return t->changed;
}

/* Life */

struct tree *tree_new(const struct tree_options *o)
{
	struct tree *t = mem_new(struct tree);

	t->magic = TREE_MAGIC;
	t->o = *o;
	t->by_key = map_new();
	t->by_path = strmap_new();
	t->pool = pool_new(&o->pool);
	return t;
}

struct tree *tree_free(struct tree *t)
{
	if (!t)
		return NULL;
	must(t->magic == TREE_MAGIC);
	for (size_t i = 0; i < t->n; i++) {
		rows_free(&t->nodes[i]->rows, NULL);
		free(t->nodes[i]->path);
		free(t->nodes[i]);
	}
	free(t->nodes);
	strays_free(&t->strays);
	pool_free(t->pool);
	map_free(t->by_key);
	strmap_free(t->by_path);
	t->magic = 0;
	free(t);
	return NULL;
}
