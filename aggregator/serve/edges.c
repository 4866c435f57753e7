/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/edges.h"

#include <stdlib.h>

#include "aggregator/aggregator.h"
#include "aggregator/serve/workloads.h"
#include "aggregator/store/store.h"
#include "base/map.h"
#include "base/mem.h"
#include "wire/edge.h"

struct state { /* of a workload */
	struct store_value worst; /* the highest cause; not known while a lower one is not */
	const char *by_what, *advice;
};

struct answer {
	Plimsoll__V1__ListEdgesResponse m;
	struct strmap *states; /* by name */
};

/* 0 is only known where every cause is. */
static struct store_value worst_of(const struct store_summary *s)
{
	struct store_value worst = {0};
	bool all = true;

	for (int c = 0; c < SATURATION_CAUSES; c++) {
		const struct store_value *v = &s->saturation[c];

		all &= v->known;
		if (v->known && (!worst.known || v->value > worst.value))
			worst = *v;
	}
	worst.known &= all || worst.value > 0;
	return worst;
}

static void add_state(const struct store_summary *s, void *data)
{
	struct answer *a = data;
	struct state *state = mem_new(struct state);

	*state = (struct state){worst_of(s), serve_workloads_by_what(s), saturation_advice_word(s->advice)};
	free(strmap_put(a->states, s->name, state));
}

/* protobuf-c has no const strings; nothing writes to these. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void tell_state(struct edge_message *e, const struct state *s)
{
	e->m.by_what = text(s->by_what);
	e->m.advice = text(s->advice);
	e->saturation.known = s->worst.known;
	if (!s->worst.known)
		return;
	e->saturation.value = s->worst.value;
	e->saturation.age_ns = s->worst.age_ns;
	e->saturation.coverage = s->worst.coverage;
}

static void add_edge(struct answer *a, const struct graph_edge *from)
{
	struct edge_message *e = mem_new(struct edge_message);
	const struct state *s = from->to ? strmap_get(a->states, from->to) : NULL;

	edge_fill(e, from);
	if (s)
		tell_state(e, s);
	a->m.edge[a->m.n_edge++] = &e->m;
}

static void fill(struct answer *to, struct aggregator *a, struct graph *g, const Plimsoll__V1__ListEdgesRequest *q)
{
	bool all = store_rows(a->store) <= SERVE_WORKLOADS_ROWS;
	clock_boot_t now = clock_boot();
	const struct graph_edge *const *edges;
	size_t n;

	to->m.wall_unix_ns = clock_wall().ns;
	to->m.nodes = (uint32_t)store_nodes(a->store);
	to->m.hearing = (uint32_t)store_nodes_hearing(a->store);
	(all ? store_each : store_each_selected)(a->store, now, SERVE_WORKLOADS_WINDOW_NS, SERVE_WORKLOADS_FRESH_NS,
						 add_state, to);
	store_edges(a->store, now, SERVE_WORKLOADS_FRESH_NS, g);
	edges = graph_edges(g, &n);
	to->m.edge = mem_array(NULL, n + 1, sizeof(*to->m.edge));
	for (size_t i = 0; i < n; i++)
		if (edge_is_asked_for(edges[i], q))
			add_edge(to, edges[i]);
}

static void done(struct answer *a)
{
	size_t cursor = 0;
	const char *name;
	void *state;

	for (size_t i = 0; i < a->m.n_edge; i++)
		free(a->m.edge[i]); /* the whole begins with its message */
	free(a->m.edge);
	while (strmap_next(a->states, &cursor, &name, &state))
		free(state);
	strmap_free(a->states);
}

static void list_message(struct rpc_call *c, struct rpc_msg *m)
{
	struct answer answer = {.m = PLIMSOLL__V1__LIST_EDGES_RESPONSE__INIT, .states = strmap_new()};
	struct graph *g = graph_new();

	fill(&answer, rpc_server_data(rpc_call_server(c)), g, (const Plimsoll__V1__ListEdgesRequest *)rpc_msg_get(m));
	(void)rpc_send(c, &answer.m.base);
	rpc_finish(c, RPC_OK, NULL, NULL);
	done(&answer);
	graph_free(g);
}

static const struct rpc_handler list = {.message = list_message};

const struct rpc_method serve_edges_methods[] = {
	{"/plimsoll.v1.Edges/List", RPC_UNARY, &plimsoll__v1__list_edges_request__descriptor,
	 &plimsoll__v1__list_edges_response__descriptor, &list, 0},
};
const size_t serve_edges_n = sizeof(serve_edges_methods) / sizeof(serve_edges_methods[0]);
