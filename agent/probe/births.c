/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/births.h"

#include <stdlib.h>

#include "agent/probe/deaths.h"
#include "agent/probe/tree_node.h"
#include "base/mem.h"

static struct tree_node *find(const struct tree *t, const struct plimsoll_birth *b)
{
	return map_get(t->by_key, PLIMSOLL_KEY(b->id, (uint64_t)b->hierarchy));
}

static struct tree_node *find_parent(const struct tree *t, const struct plimsoll_birth *b)
{
	return map_get(t->by_key, PLIMSOLL_KEY(b->parent_id, (uint64_t)b->hierarchy));
}

/* The same path in another hierarchy is the same cgroup. */
static struct tree_node *join(struct tree *t, const char *path, struct tree_node *parent, bool *ret_new)
{
	struct tree_node *n = strmap_get(t->by_path, path);
	uint32_t row;

	*ret_new = false;
	if (n)
		return n;
	row = pool_take(t->pool);
	if (!row)
		return NULL;
	*ret_new = true;
	return tree_node_new(t, path, parent, row);
}

static char *path_of(const struct tree_node *parent, const char *name)
{
	if (!parent)
		return mem_strdup("/");
	return mem_printf("%s/%s", parent->out.parent ? parent->path : "", name);
}

static void add_key(struct tree *t, struct tree_node *n, const struct plimsoll_birth *b)
{
	uint64_t key = PLIMSOLL_KEY(b->id, (uint64_t)b->hierarchy);

	n->key[b->hierarchy] = key;
	map_put(t->by_key, key, n);
	if (!n->out.id || !b->hierarchy)
		n->out.id = b->id;
	t->changed = true;
}

static bool bear_one(struct tree *t, const struct plimsoll_birth *b)
{
	struct tree_node *parent = find_parent(t, b), *n;
	bool is_new, is_root = !parent && !t->rooted[b->hierarchy];
	char *path;

	if (find(t, b) || (!parent && !is_root))
		return false;
	path = path_of(parent, b->name);
	n = join(t, path, parent, &is_new);
	free(path);
	if (!n || n->key[b->hierarchy])
		return false; /* no room; or the pass saw a directory and its successor of that name */
	add_key(t, n, b);
	n->unseen[b->hierarchy] = true;
	n->late = t->sample;
	if (b->hierarchy < PLIMSOLL_RUN_HIERARCHIES)
		n->found_running[b->hierarchy] = b->populated != 0;
	t->rooted[b->hierarchy] = true;
	if (is_new)
		t->o.watcher.born(&n->out, t->o.watcher.data);
	return true;
}

static bool ended_before(const struct tree *t, const struct tree_node *n, uint32_t number)
{
	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++) {
		const struct plimsoll_row *r = &t->o.pool.row[tree_row(&n->out, (enum plimsoll_hierarchy)h)];

		if (n->key[h] && (r->pass[h] != PLIMSOLL_ENDED || (int32_t)((uint32_t)r->ended_before - number) > 0))
			return false;
	}
	return true;
}

/* The one of that path; it gets another row. NULL: none lives, for this directory is a successor. */
static struct tree_node *find_heir(struct tree *t, const char *path, const struct plimsoll_birth *b, uint32_t number)
{
	struct tree_node *n = strmap_get(t->by_path, path);

	if (n && (n->key[b->hierarchy] || ended_before(t, n, number) || n->rows.n == ROWS_MAX)) {
		deaths_bury_below(t, n);
		return NULL;
	}
	if (n && !n->out.slot)
		tree_node_settle(t, n, b->row);
	else if (n)
		tree_node_add(t, n, b->row);
	return n;
}

bool births_take(struct tree *t, const struct plimsoll_birth *b, uint32_t number)
{
	struct tree_node *parent = find_parent(t, b), *n;
	bool is_new;
	char *path;

	pool_show(t->pool, b->row);
	if (!parent || find(t, b)) {
		strays_add(&t->strays, b->row);
		t->changed = true;
		return false;
	}
	path = path_of(parent, b->name);
	n = find_heir(t, path, b, number);
	is_new = !n;
	if (is_new)
		n = tree_node_new(t, path, parent, b->row);
	free(path);
	add_key(t, n, b);
	if (is_new)
		t->o.watcher.born(&n->out, t->o.watcher.data);
	return true;
}

size_t births_bear(struct tree *t, const struct plimsoll_birth *births, size_t n)
{
	size_t taken = 0;

	for (size_t i = 0; i < n; i++)
		taken += bear_one(t, &births[i]);
	return taken;
}
