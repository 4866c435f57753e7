/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/edges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/state.h"
#include "aggregator/store/workload.h"
#include "base/buf.h"
#include "base/mem.h"

struct edge {
	struct store_row *row;
	struct heard *heard;
	struct heard_counts now;
	struct graph_place at;
	uint64_t connection;
	uint64_t named; /* sequence of the batch that named it last */
	bool serves;
	bool frozen; /* nothing is known about it */
};

static void edge_free(struct store_node *n, struct edge *e)
{
	n->store->edges--;
	heard_free(e->heard);
	free(e);
}

void edges_forget(struct store_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *e;

	while (map_next(n->edges, &cursor, &id, &e))
		edge_free(n, e);
	map_free(n->edges);
	n->edges = map_new();
}

void edges_freeze(struct store_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *e;

	while (map_next(n->edges, &cursor, &id, &e))
		((struct edge *)e)->frozen = true;
}

static void sweep(struct store_node *n, bool (*goes)(const struct edge *e, uint64_t sequence), uint64_t sequence)
{
	size_t cursor = 0;
	uint64_t id;
	void *e;

	while (map_next(n->edges, &cursor, &id, &e))
		if (goes(e, sequence)) {
			map_del(n->edges, id);
			edge_free(n, e);
		}
}

static bool row_is_gone(const struct edge *e, uint64_t sequence)
{
	(void)sequence;
	return e->row->gone;
}

void edges_sweep(struct store_node *n)
{
	sweep(n, row_is_gone, 0);
}

static bool is_unnamed(const struct edge *e, uint64_t sequence)
{
	return e->named != sequence;
}

/* Names */

static struct graph_place place_of(const struct store_node *n, const struct store_peer *p)
{
	struct graph_place at = {.node = n, .net = p->net, .port = p->port};

	memcpy(at.address, p->address, sizeof(at.address));
	return at;
}

static bool is_same(const struct edge *e, const struct store_node *n, const struct store_peer *p)
{
	return e->row->id == p->row && e->serves == p->serves && e->at.node == n && e->at.net == p->net &&
	       e->at.port == p->port && memcmp(e->at.address, p->address, sizeof(e->at.address)) == 0;
}

/* What a new one counts came in this second; one that a keyframe tells of may be old. */
static void add(struct store_node *n, struct store_row *r, const struct store_peer *p, const struct store_batch *b,
		uint64_t before_ns)
{
	struct store *s = n->store;
	struct edge *e = s->edges < s->options.rows_max ? mem_new(struct edge) : NULL;

	if (!e) {
		s->counters.edges_over_limit++;
		return;
	}
	*e = (struct edge){.row = r,
			   .at = place_of(n, p),
			   .named = b->sequence,
			   .serves = p->serves,
			   .frozen = b->keyframe};
	e->heard = heard_new(before_ns, e->now);
	map_put(n->edges, p->peer, e);
	s->edges++;
}

static void put_peer(struct store_node *n, const struct store_peer *p, const struct store_batch *b, uint64_t before_ns)
{
	struct store_row *r = map_get(n->rows, p->row);
	struct edge *e = map_get(n->edges, p->peer);

	if (e && is_same(e, n, p))
		e->named = b->sequence;
	else if (e || (!r && !n->over_limit))
		store_refuse(n->store, STORE_REFUSED_PEER);
	else if (r)
		add(n, r, p, b, before_ns);
}

/* Counts */

static struct heard_counts counts_of(const struct store_calls *c, size_t i)
{
	return (struct heard_counts){.requests = c->calls[i],
				     .errors = c->errors[i],
				     .timed = c->calls[i] - c->untimed[i],
				     .ns = c->ns[i]};
}

static bool can_be(const struct store_calls *c, size_t i)
{
	return c->errors[i] <= c->calls[i] && c->untimed[i] <= c->calls[i];
}

static bool fell(const struct heard_counts *now, const struct heard_counts *before)
{
	return now->requests < before->requests || now->errors < before->errors || now->timed < before->timed ||
	       now->ns < before->ns;
}

static void meet(struct store_node *n, struct edge *e, uint64_t connection)
{
	if (connection == e->connection)
		return;
	e->connection = connection;
	meet_heard(n->store->meet, connection, e->serves, &e->at);
}

static void put_calls(struct store_node *n, const struct store_batch *b, size_t i, uint64_t before_ns)
{
	const struct store_calls *c = &b->calls;
	struct edge *e = map_get(n->edges, c->peer[i]);
	struct heard_counts now = counts_of(c, i);
	bool falls = e && fell(&now, &e->now);

	if ((!e && !n->over_limit && !n->store->counters.edges_over_limit) || (e && (falls || !can_be(c, i))))
		store_refuse(n->store, STORE_REFUSED_CALLS);
	if (!e || !can_be(c, i) || !e->heard)
		return;
	if (e->frozen || falls)
		heard_begin(e->heard, b->boottime_ns, now);
	else
		heard_put(e->heard, before_ns, b->boottime_ns, now);
	e->frozen = false;
	e->now = now;
	meet(n, e, c->connection[i]);
}

static void put_buckets(struct store_node *n, const struct store_batch *b)
{
	const struct store_calls *c = &b->calls;

	for (size_t i = 0; i < c->hist.n; i++) {
		struct edge *e = map_get(n->edges, c->peer[c->hist.row[i]]);

		if (e && e->heard &&
		    heard_put_bucket(e->heard, b->boottime_ns, c->hist.bucket[i], c->hist.count[i]) == -EBADMSG)
			store_refuse(n->store, STORE_REFUSED_CALLS);
	}
}

/* What a keyframe does not tell of its buckets is 0. */
static void are_told(struct store_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *e;

	while (map_next(n->edges, &cursor, &id, &e))
		if (((struct edge *)e)->heard)
			heard_told(((struct edge *)e)->heard);
}

void edges_put(struct store_node *n, const struct store_batch *b, uint64_t before_ns)
{
	n->hears_edges = b->calls.known;
	if (!b->calls.known) {
		edges_forget(n);
		return;
	}
	for (size_t i = 0; i < b->n_peers; i++)
		put_peer(n, &b->peer[i], b, before_ns);
	for (size_t i = 0; i < b->calls.n; i++)
		put_calls(n, b, i, before_ns);
	put_buckets(n, b);
	if (!b->keyframe)
		return;
	sweep(n, is_unnamed, b->sequence);
	are_told(n);
}

/* For readers */

static bool load_of(const struct edge *e, clock_boot_t now, uint64_t fresh_ns, struct graph_load *ret)
{
	const struct store_node *n = e->row->node;
	uint64_t at = node_sample_ns(n), age = at ? clock_since(now, (clock_boot_t){at}) : UINT64_MAX;
	struct heard_rate rate;

	*ret = (struct graph_load){.age_ns = age};
	if (e->frozen || !e->heard || age > node_fresh_ns(n, fresh_ns) ||
	    heard_recent(e->heard, n->boottime_ns, &rate, ret->hist) < 0)
		return false;
	ret->calls = rate.requests;
	ret->errors = rate.errors;
	ret->timed = rate.timed;
	ret->ns = rate.ns;
	return true;
}

struct walk {
	struct store *s;
	struct graph *g;
	struct buf scratch;
	clock_boot_t now;
	uint64_t fresh_ns;
};

static void add_edge(struct walk *w, const struct edge *e)
{
	const char *owner = workload_owner(e->row, &w->scratch);
	struct graph_load load;

	if (e->serves)
		graph_serves(w->g, owner, &e->at);
	else
		graph_calls(w->g, owner, &e->at, meet_behind(w->s->meet, &e->at),
			    load_of(e, w->now, w->fresh_ns, &load) ? &load : NULL);
}

static void add_side(struct walk *w, bool serves)
{
	struct store_node *n;
	size_t cursor = 0;

	while ((n = store_next_node(w->s, &cursor))) {
		size_t at = 0;
		uint64_t id;
		void *e;

		while (map_next(n->edges, &at, &id, &e))
			if (((struct edge *)e)->serves == serves && !((struct edge *)e)->row->gone)
				add_edge(w, e);
	}
}

void store_edges(struct store *s, clock_boot_t now, uint64_t fresh_ns, struct graph *g)
{
	struct walk w = {.s = s, .g = g, .now = now, .fresh_ns = fresh_ns};

	workload_settle(s);
	add_side(&w, true);
	add_side(&w, false);
	buf_done(&w.scratch);
}

size_t store_nodes_hearing(const struct store *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_nodes; i++)
		n += s->node[i]->hears_edges;
	return n;
}
