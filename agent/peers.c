/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct known {
	struct peer out; /* first: peers are handed out as this */
	uint32_t handle;
	uint64_t moved_ns; /* when somebody used it last */
	bool seen;         /* by this peers_take() */
};

struct peers {
	struct map *by_handle;
	struct known **all; /* by id */
	size_t n, room;
	uint32_t last_id;
	bool heard;
};

struct peers *peers_new(void)
{
	struct peers *p = mem_new(struct peers);

	p->by_handle = map_new();
	return p;
}

struct peers *peers_free(struct peers *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n; i++)
		free(p->all[i]);
	free(p->all);
	map_free(p->by_handle);
	free(p);
	return NULL;
}

static struct known *add(struct peers *p, const struct probe_edge *e, uint32_t row)
{
	struct known *k = mem_new(struct known);

	k->handle = e->handle;
	k->out = (struct peer){
		.id = ++p->last_id, .row = row, .net = e->net, .port = e->port, .serves = e->serves, .fresh = true};
	memcpy(k->out.address, e->address, sizeof(k->out.address));
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 64;
		p->all = mem_array(p->all, p->room, sizeof(struct known *));
	}
	p->all[p->n++] = k;
	map_put(p->by_handle, e->handle, k);
	return k;
}

static void update(struct known *k, const struct probe_edge *e, uint64_t now_ns)
{
	k->out.before = k->out.now;
	k->out.now = e->calls;
	k->out.changed = k->out.fresh || memcmp(&k->out.now, &k->out.before, sizeof(k->out.now)) != 0;
	if (k->out.changed)
		k->moved_ns = now_ns;
	k->seen = true;
}

/* A cgroup without a row is the inside of no container: what it calls is told of nobody, until it becomes one. */
static void take_edge(struct peers *p, struct probe *probe, const struct sample *s, const struct probe_edge *e,
		      size_t in_use)
{
	uint64_t now_ns = sample_at(s).ns, idle_ns = in_use < PEERS_FULL ? PEERS_IDLE_NS : PEERS_IDLE_FULL_NS;
	struct known *k = map_get(p->by_handle, e->handle);
	uint32_t row = sample_row_of(s, e->cgroup, e->cgroup_id);

	if (k && k->out.row == row)
		k->out.fresh = false;
	else
		k = row ? add(p, e, row) : NULL;
	if (k)
		update(k, e, now_ns);
	if (!e->cgroup || (k && now_ns - k->moved_ns >= idle_ns))
		probe_end_edge(probe, e->handle);
}

static void forget_unseen(struct peers *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct known *k = p->all[i];

		if (k->seen) {
			p->all[kept++] = k;
			continue;
		}
		if (map_get(p->by_handle, k->handle) == k)
			map_del(p->by_handle, k->handle);
		free(k);
	}
	p->n = kept;
}

void peers_take(struct peers *p, struct probe *probe, const struct sample *s)
{
	struct probe_edge e;
	uint32_t cursor = 0;
	size_t in_use = p->n;

	p->heard = probe_hears_edges(probe);
	for (size_t i = 0; i < p->n; i++)
		p->all[i]->seen = false;
	while (probe_next_edge(probe, &cursor, &e))
		take_edge(p, probe, s, &e, in_use);
	forget_unseen(p);
}

bool peers_heard(const struct peers *p)
{
	return p->heard;
}

const struct peer *const *peers_list(const struct peers *p, size_t *ret_n)
{
	*ret_n = p->n;
	return (const struct peer *const *)p->all;
}
