/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/list_edges.h"

#include <stdlib.h>

#include "agent/agent.h"
#include "agent/peers.h"
#include "base/mem.h"
#include "wire/edge.h"

static void list_message(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__ListEdgesRequest *q = (const Plimsoll__V1__ListEdgesRequest *)rpc_msg_get(m);
	Plimsoll__V1__ListEdgesResponse r = PLIMSOLL__V1__LIST_EDGES_RESPONSE__INIT;
	struct agent *a = rpc_server_data(rpc_call_server(c));
	struct graph *g = graph_new();
	const struct graph_edge *const *edges;
	struct edge_message *message;
	size_t n;

	peers_graph(a->peers, a->sample, clock_boot(), g);
	edges = graph_edges(g, &n);
	message = mem_array(NULL, n + 1, sizeof(*message));
	r.edge = mem_array(NULL, n + 1, sizeof(*r.edge));
	r.wall_unix_ns = a->second.wall_unix_ns;
	r.nodes = 1;
	r.hearing = peers_heard(a->peers);
	for (size_t i = 0; i < n; i++) {
		if (!edge_is_asked_for(edges[i], q))
			continue;
		edge_fill(&message[r.n_edge], edges[i]);
		r.edge[r.n_edge] = &message[r.n_edge].m;
		r.n_edge++;
	}
	(void)rpc_send(c, &r.base);
	rpc_finish(c, RPC_OK, NULL, NULL);
	free(r.edge);
	free(message);
	graph_free(g);
}

const struct rpc_handler list_edges_handler = {.message = list_message};
