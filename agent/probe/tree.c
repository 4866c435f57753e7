/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/obj.h"

#define TREE_MAGIC 0x74726565u

struct node {
	struct probe_cgroup out; /* first: cgroups are handed out as this */
	char *path;
	uint64_t key[2];  /* v2, v1 memory; 0: no such directory */
	bool unseen[2];   /* not in the kernel's table, so no pass can write its row */
	uint32_t row, depth;
	size_t index;     /* in tree.nodes */
};

/* Free rows, last in first out; a row that was freed rests until the next burial, so that a task
 * that just ran its last is not counted for somebody new. */
struct pool {
	uint32_t *free;
	size_t n;
};

struct tree {
	unsigned magic;
	struct tree_options o;
	struct map *by_key;
	struct strmap *by_path;
	struct node **nodes; /* any order */
	size_t n, room;
	struct pool slots, others, resting;
	bool rooted[2]; /* the first directory of a hierarchy is its root, or as much as we see of it */
};

/* Rows */

static void pool_fill(struct pool *p, uint32_t first, uint32_t end, size_t room)
{
	p->free = mem_array(NULL, room, sizeof(*p->free));
	for (uint32_t row = end; row-- > first;)
		p->free[p->n++] = row;
}

static void rested(struct tree *t)
{
	while (t->resting.n) {
		uint32_t row = t->resting.free[--t->resting.n];
		struct pool *p = row < t->o.slots ? &t->slots : &t->others;

		p->free[p->n++] = row;
	}
}

static void clear_slot(struct tree *t, uint32_t slot)
{
	for (uint32_t cpu = 0; cpu < t->o.cpus; cpu++)
		memset(&t->o.slot[(size_t)cpu * t->o.slots + slot], 0, sizeof(*t->o.slot));
}

/* 0: none is free; row 0 stands for "unknown" in the kernel's table. */
static uint32_t take_row(struct tree *t)
{
	uint32_t row;

	if (t->slots.n) {
		row = t->slots.free[--t->slots.n];
		clear_slot(t, row);
		return row;
	}
	return t->others.n ? t->others.free[--t->others.n] : 0;
}

uint32_t tree_row(const struct probe_cgroup *c)
{
	return ((const struct node *)(const void *)c)->row;
}

/* Nodes */

static void push(struct tree *t, struct node *n)
{
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->nodes = mem_array(t->nodes, t->room, sizeof(void *));
	}
	n->index = t->n;
	t->nodes[t->n++] = n;
}

static struct node *node_new(struct tree *t, const char *path, struct node *parent, uint32_t row)
{
	struct node *n = mem_new(struct node);

	n->path = mem_strdup(path);
	n->row = row;
	n->depth = parent ? parent->depth + 1 : 0;
	n->out.path = n->path;
	n->out.parent = parent ? &parent->out : NULL;
	n->out.slot = row < t->o.slots ? row : 0;
	strmap_put(t->by_path, path, n);
	push(t, n);
	return n;
}

static void node_free(struct tree *t, struct node *n)
{
	strmap_del(t->by_path, n->path);
	t->nodes[n->index] = t->nodes[--t->n];
	t->nodes[n->index]->index = n->index;
	t->resting.free[t->resting.n++] = n->row;
	free(n->path);
	free(n);
}

/* Deaths */

static bool lives(const struct tree *t, const struct node *n, int hierarchy, uint64_t pass)
{
	const struct plimsoll_row *r = &t->o.row[n->row];
	uint64_t written = hierarchy ? r->memory_pass : r->unified_pass;

	return n->unseen[hierarchy] || written == pass;
}

static size_t drop_keys(struct tree *t, struct node *n, uint64_t pass)
{
	size_t dropped = 0;

	for (int h = 0; h < 2; h++) {
		if (!n->key[h] || lives(t, n, h, pass))
			continue;
		map_del(t->by_key, n->key[h]);
		n->key[h] = 0;
		dropped++;
	}
	return dropped;
}

static int deepest_first(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return (*y)->depth > (*x)->depth ? 1 : (*y)->depth < (*x)->depth ? -1 : 0;
}

static void bury_nodes(struct tree *t, struct node **dead, size_t n)
{
	if (n) /* qsort() takes no NULL */
		qsort(dead, n, sizeof(void *), deepest_first);
	for (size_t i = 0; i < n; i++) {
		t->o.watcher.gone(&dead[i]->out, t->o.watcher.data);
		node_free(t, dead[i]);
	}
}

size_t tree_bury(struct tree *t, uint64_t number)
{
	struct node **dead = NULL;
	size_t n = 0, dropped = 0;

	rested(t);
	for (size_t i = 0; i < t->n; i++) {
		struct node *node = t->nodes[i];
		size_t here = drop_keys(t, node, number);

		dropped += here;
		if (!here || node->key[0] || node->key[1])
			continue;
		if (!dead)
			dead = mem_array(NULL, t->n, sizeof(void *));
		dead[n++] = node;
	}
	if (dead)
		bury_nodes(t, dead, n);
	free(dead);
	return dropped;
}

/* Births */

static struct node *find_parent(const struct tree *t, const struct plimsoll_birth *b)
{
	return map_get(t->by_key, PLIMSOLL_KEY(b->parent_id, b->legacy));
}

/* The same path in the other hierarchy is the same cgroup. */
static struct node *join(struct tree *t, const char *path, struct node *parent, bool *ret_new)
{
	struct node *n = strmap_get(t->by_path, path);
	uint32_t row;

	*ret_new = false;
	if (n)
		return n;
	row = take_row(t);
	if (!row)
		return NULL;
	*ret_new = true;
	return node_new(t, path, parent, row);
}

static char *path_of(const struct node *parent, const char *name)
{
	if (!parent)
		return mem_strdup("/");
	return mem_printf("%s/%s", parent->out.parent ? parent->path : "", name);
}

static bool bear_one(struct tree *t, const struct plimsoll_birth *b)
{
	uint64_t key = PLIMSOLL_KEY(b->id, b->legacy);
	struct node *parent = find_parent(t, b), *n;
	bool is_new, is_root = !parent && !t->rooted[b->legacy];
	char *path;

	if (map_get(t->by_key, key) || (!parent && !is_root))
		return false;
	path = path_of(parent, b->name);
	n = join(t, path, parent, &is_new);
	free(path);
	if (!n || n->key[b->legacy])
		return false; /* no room; or the pass saw a directory and its successor of that name */
	n->key[b->legacy] = key;
	n->unseen[b->legacy] = true;
	map_put(t->by_key, key, n);
	t->rooted[b->legacy] = true;
	if (!n->out.id || !b->legacy)
		n->out.id = b->id;
	if (is_new)
		t->o.watcher.born(&n->out, t->o.watcher.data);
	return true;
}

size_t tree_bear(struct tree *t, const struct plimsoll_birth *births, size_t n)
{
	size_t taken = 0;

	for (size_t i = 0; i < n; i++)
		taken += bear_one(t, &births[i]);
	return taken;
}

/* The kernel's table */

static bool write_key(struct tree *t, struct plimsoll_entry *half, uint64_t key, uint32_t row)
{
	uint32_t mask = (1u << t->o.table_bits) - 1;
	uint32_t at = (uint32_t)PLIMSOLL_HASH(key, t->o.table_bits);

	for (uint32_t i = 0; i < PLIMSOLL_PROBES_MAX; i++) {
		struct plimsoll_entry *e = &half[(at + i) & mask];

		if (e->key)
			continue;
		e->row = row;
		e->key = key;
		return true;
	}
	return false;
}

size_t tree_write_table(struct tree *t, struct plimsoll_entry *half)
{
	size_t lost = 0;

	memset(half, 0, sizeof(*half) << t->o.table_bits);
	for (size_t i = 0; i < t->n; i++) {
		struct node *n = t->nodes[i];

		for (int h = 0; h < 2; h++) {
			n->unseen[h] = n->key[h] && !write_key(t, half, n->key[h], n->row);
			lost += n->unseen[h];
		}
	}
	return lost;
}

size_t tree_cgroups(const struct tree *t)
{
	return t->n;
}

size_t tree_without_slot(const struct tree *t)
{
	size_t without = 0;

	for (size_t i = 0; i < t->n; i++)
		without += t->nodes[i]->out.slot == 0;
	return without;
}

/* Life */

struct tree *tree_new(const struct tree_options *o)
{
	struct tree *t = mem_new(struct tree);

	t->magic = TREE_MAGIC;
	t->o = *o;
	t->by_key = map_new();
	t->by_path = strmap_new();
	pool_fill(&t->slots, 1, o->slots, o->slots);
	pool_fill(&t->others, o->slots, o->rows, o->rows - o->slots);
	t->resting.free = mem_array(NULL, o->rows, sizeof(*t->resting.free));
	return t;
}

struct tree *tree_free(struct tree *t)
{
	if (!t)
		return NULL;
	must(t->magic == TREE_MAGIC);
	for (size_t i = 0; i < t->n; i++) {
		free(t->nodes[i]->path);
		free(t->nodes[i]);
	}
	free(t->nodes);
	free(t->slots.free);
	free(t->others.free);
	free(t->resting.free);
	map_free(t->by_key);
	strmap_free(t->by_path);
	t->magic = 0;
	free(t);
	return NULL;
}
