/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/tree.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probe/strays.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/obj.h"

#define TREE_MAGIC     0x74726565u
#define TABLE_BITS_MIN 4 /* less than a page all the same */

struct node {
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
	struct node **nodes; /* any order */
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

/* Rows */

static struct node *node_of(const struct probe_cgroup *c)
{
	return (struct node *)(uintptr_t)c;
}

const struct rows *tree_rows(const struct probe_cgroup *c)
{
	return &node_of(c)->rows;
}

uint32_t tree_row(const struct probe_cgroup *c, enum plimsoll_hierarchy h)
{
	const struct node *n = node_of(c);

	return rows_newest(&n->rows, n->tree->o.pool.row, h);
}

const uint32_t *tree_found_running(const struct probe_cgroup *c)
{
	return node_of(c)->found_running;
}

struct tree_past *tree_past(const struct probe_cgroup *c)
{
	return &node_of(c)->past;
}

bool tree_ended(const struct probe_cgroup *c)
{
	return node_of(c)->ended;
}

bool tree_is_counted(const struct probe_cgroup *c)
{
	const struct node *n = node_of(c);

	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++)
		if (n->unseen[h])
			return false;
	return n->out.slot && n->late != n->tree->sample;
}

static void add_extra(struct tree *t, struct node *n, uint32_t row)
{
	rows_add(&n->rows, row);
	t->extras++;
	t->changed = true;
}

/* Another row becomes the one that stays. */
static void settle_in(struct tree *t, struct node *n, uint32_t slot)
{
	rows_settle(&n->rows, slot);
	n->out.slot = slot;
	n->late = t->sample;
	t->extras++;
	t->without_slot--;
	t->changed = true;
}

static void give_slot(struct tree *t, struct node *n)
{
	uint32_t slot = n->out.slot || n->rows.n > 1 ? 0 : pool_take_slot(t->pool);

	if (slot)
		settle_in(t, n, slot);
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

static void node_free(struct tree *t, struct node *n)
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

/* Deaths */

static bool lives(const struct tree *t, const struct node *n, enum plimsoll_hierarchy hierarchy, uint64_t pass)
{
	return n->unseen[hierarchy] || t->o.pool.row[tree_row(&n->out, hierarchy)].pass[hierarchy] == pass;
}

static void drop_key(struct tree *t, struct node *n, int hierarchy)
{
	map_del(t->by_key, n->key[hierarchy]);
	n->key[hierarchy] = 0;
	t->changed = true;
}

static size_t drop_keys(struct tree *t, struct node *n, uint64_t pass)
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

static bool has_key(const struct node *n)
{
	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++)
		if (n->key[h])
			return true;
	return false;
}

/* A directory may come again while another of the cgroup lives on. */
static void forget_ends(struct tree *t, const struct node *n)
{
	for (uint32_t i = 0; i < n->rows.n; i++)
		for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++)
			if (!n->key[h])
				t->o.pool.row[n->rows.of[i]].pass[h] = 0;
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
		dead[i]->ended = true;
		t->o.watcher.gone(&dead[i]->out, t->o.watcher.data);
		node_free(t, dead[i]);
	}
}

static size_t drop_all_keys(struct tree *t, struct node *n)
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

static bool is_outlived(const struct node *n)
{
	for (const struct probe_cgroup *c = n->out.parent; c; c = c->parent)
		if (node_of(c)->dying)
			return true;
	return false;
}

/* What no pass can see is not known to be dead, but it cannot outlive what it is in. */
static size_t add_outlived(struct tree *t, struct node **dead, size_t *n)
{
	size_t dropped = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct node *node = t->nodes[i];

		if (node->dying || !is_outlived(node))
			continue;
		dropped += drop_all_keys(t, node);
		dead[(*n)++] = node;
	}
	return dropped;
}

size_t tree_bury(struct tree *t, uint64_t number)
{
	struct node **dead = NULL;
	size_t n = 0, dropped = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct node *node = t->nodes[i];
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

static bool is_below(const struct node *n, const struct node *top)
{
	for (const struct probe_cgroup *c = &n->out; c; c = c->parent)
		if (c == &top->out)
			return true;
	return false;
}

/* Whatever of it still lives will be found by the pass and be somebody new. */
static void bury_below(struct tree *t, const struct node *top)
{
	struct node **dead = mem_array(NULL, t->n, sizeof(void *));
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (is_below(t->nodes[i], top))
			dead[n++] = t->nodes[i];
	for (size_t i = 0; i < n; i++)
		(void)drop_all_keys(t, dead[i]);
	bury_nodes(t, dead, n);
	free(dead);
}

/* Births */

static struct node *find(const struct tree *t, const struct plimsoll_birth *b)
{
	return map_get(t->by_key, PLIMSOLL_KEY(b->id, (uint64_t)b->hierarchy));
}

static struct node *find_parent(const struct tree *t, const struct plimsoll_birth *b)
{
	return map_get(t->by_key, PLIMSOLL_KEY(b->parent_id, (uint64_t)b->hierarchy));
}

/* The same path in another hierarchy is the same cgroup. */
static struct node *join(struct tree *t, const char *path, struct node *parent, bool *ret_new)
{
	struct node *n = strmap_get(t->by_path, path);
	uint32_t row;

	*ret_new = false;
	if (n)
		return n;
	row = pool_take(t->pool);
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

static void add_key(struct tree *t, struct node *n, const struct plimsoll_birth *b)
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
	struct node *parent = find_parent(t, b), *n;
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

static bool ended_before(const struct tree *t, const struct node *n, uint32_t number)
{
	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++) {
		const struct plimsoll_row *r = &t->o.pool.row[tree_row(&n->out, (enum plimsoll_hierarchy)h)];

		if (n->key[h] && (r->pass[h] != PLIMSOLL_ENDED || (int32_t)((uint32_t)r->ended_before - number) > 0))
			return false;
	}
	return true;
}

/* The one of that path; it gets another row. NULL: none lives, for this directory is a successor. */
static struct node *find_heir(struct tree *t, const char *path, const struct plimsoll_birth *b, uint32_t number)
{
	struct node *n = strmap_get(t->by_path, path);

	if (n && (n->key[b->hierarchy] || ended_before(t, n, number) || n->rows.n == ROWS_MAX)) {
		bury_below(t, n);
		return NULL;
	}
	if (n && !n->out.slot)
		settle_in(t, n, b->row);
	else if (n)
		add_extra(t, n, b->row);
	return n;
}

bool tree_take(struct tree *t, const struct plimsoll_birth *b, uint32_t number)
{
	struct node *parent = find_parent(t, b), *n;
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
		n = node_new(t, path, parent, b->row);
	free(path);
	add_key(t, n, b);
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

static bool write_key(struct plimsoll_entry *half, uint32_t bits, uint64_t key, uint32_t row)
{
	uint32_t mask = (1u << bits) - 1;
	uint32_t at = (uint32_t)PLIMSOLL_HASH(key, bits);

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

static size_t write_keys(struct tree *t, struct plimsoll_entry *half, uint32_t bits)
{
	size_t lost = 0;

	memset(half, 0, sizeof(*half) << bits);
	for (size_t i = 0; i < t->n; i++) {
		struct node *n = t->nodes[i];

		for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++) {
			n->unseen[h] = n->key[h] && !write_key(half, bits, n->key[h], n->rows.of[0]);
			lost += n->unseen[h];
		}
	}
	return lost;
}

/* Half full at most, if there is room. */
static uint32_t bits_for(const struct tree *t)
{
	size_t keys = map_size(t->by_key);
	uint32_t bits = TABLE_BITS_MIN;

	while (bits < t->o.table_bits && (size_t)1 << bits < 2 * keys)
		bits++;
	return bits < t->o.table_bits ? bits : t->o.table_bits;
}

size_t tree_write_table(struct tree *t, struct plimsoll_entry *half, uint32_t *ret_bits)
{
	uint32_t bits = bits_for(t);
	size_t lost = write_keys(t, half, bits);

	t->changed = false;
	while (lost && bits < t->o.table_bits)
		lost = write_keys(t, half, ++bits);
	*ret_bits = bits;
	return lost;
}

const struct probe_cgroup *tree_largest(const struct tree *t, enum plimsoll_hierarchy memory)
{
	const struct node *largest = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct node *n = t->nodes[i];
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
