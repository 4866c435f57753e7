/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/meet.h"
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
	struct meet *meet;
	uint64_t at_ns, before_ns; /* of the last two seconds */
	bool heard;
};

struct peers *peers_new(void)
{
	struct peers *p = mem_new(struct peers);

	p->by_handle = map_new();
	p->meet = meet_new(PEERS_NUMBERS);
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
	meet_free(p->meet);
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

static struct graph_place place_of(const struct peer *p)
{
	struct graph_place at = {.net = p->net, .port = p->port};

	memcpy(at.address, p->address, sizeof(at.address));
	return at;
}

static void meet(struct peers *p, const struct peer *of)
{
	struct graph_place at = place_of(of);

	if (of->now.connection != of->before.connection)
		meet_heard(p->meet, of->now.connection, of->serves, &at);
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
	if (k) {
		update(k, e, now_ns);
		meet(p, &k->out);
	}
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
	p->before_ns = p->at_ns;
	p->at_ns = sample_at(s).ns;
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

/* For people */

static const char *title(const struct sample_row *r, struct buf *scratch)
{
	buf_clear(scratch);
	if (r->kind == IDENTITY_CGROUP)
		return r->cgroup;
	if (!r->pod_name || !*r->pod_name)
		return r->name;
	buf_printf(scratch, "%s/%s/%s", r->pod_namespace, r->pod_name, r->name);
	return buf_text(scratch);
}

/* Of one that came in this second all is new. */
static bool load_of(const struct peers *p, const struct peer *of, clock_boot_t now, struct graph_load *ret)
{
	double seconds = (double)(p->at_ns - p->before_ns) / CLOCK_NS_PER_S;
	const struct probe_calls *a = &of->before, *b = &of->now;

	*ret = (struct graph_load){.age_ns = clock_since(now, (clock_boot_t){p->at_ns})};
	if (!p->before_ns || seconds <= 0)
		return false;
	ret->calls = (double)(b->calls - a->calls) / seconds;
	ret->errors = (double)(b->errors - a->errors) / seconds;
	ret->timed = ret->calls - (double)(b->untimed - a->untimed) / seconds;
	ret->ns = (double)(b->ns - a->ns) / seconds;
	hist_add_delta(ret->hist, b->hist, a->hist);
	return true;
}

static void add_side(const struct peers *p, bool serves, const struct sample *s, clock_boot_t now, struct graph *g)
{
	struct buf scratch = {0};
	struct graph_load load;

	for (size_t i = 0; i < p->n; i++) {
		const struct peer *of = &p->all[i]->out;
		const struct sample_row *r = of->serves == serves ? sample_find(s, of->row) : NULL;
		struct graph_place at = place_of(of);

		if (r && serves)
			graph_serves(g, title(r, &scratch), &at);
		else if (r)
			graph_calls(g, title(r, &scratch), &at, meet_behind(p->meet, &at),
				    load_of(p, of, now, &load) ? &load : NULL);
	}
	buf_done(&scratch);
}

void peers_graph(const struct peers *p, const struct sample *s, clock_boot_t now, struct graph *g)
{
	add_side(p, true, s, now, g);
	add_side(p, false, s, now, g);
}
