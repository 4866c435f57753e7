/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/aggregator.h"
#include "aggregator/metrics.h"
#include "aggregator/serve/batch.h"
#include "aggregator/store/node.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/obj.h"

#define WATCH_MAGIC 0x3a7c4001u

struct told {           /* what one reader knows of one node */
	uint64_t epoch; /* 0: tell it everything */
	uint64_t at_ns;
};

struct fleet_watch {
	unsigned magic;
	struct aggregator *aggregator;
	struct rpc_call *call;
	struct fleet_watch *next, **previous;
	struct rpc_msg *query_msg; /* keeps the query alive */
	const Plimsoll__V1__Query *query;
	struct strmap *told; /* node → struct told */
	struct batch *batch;
};

static bool names_node(const Plimsoll__V1__Query *q, const char *node)
{
	for (size_t i = 0; i < q->n_node; i++)
		if (!strcmp(q->node[i], node))
			return true;
	return !q->n_node;
}

static struct told *told(struct fleet_watch *w, const struct store_node *n)
{
	struct told *t = strmap_get(w->told, n->name);

	if (!t) {
		t = mem_new(struct told);
		strmap_put(w->told, n->name, t);
	}
	return t;
}

static void tell(struct fleet_watch *w, struct store_node *n, enum batch_form form,
		 const Plimsoll__V1__Batch *b)
{
	const Plimsoll__V1__Query *q = w->query;
	const Plimsoll__V1__Batch *m = batch_build(w->batch, n, form, b ? b->gone : NULL,
						   b ? b->n_gone : 0, q->cgroup, q->n_cgroup);
	struct told *t = told(w, n);
	int r = rpc_send(w->call, &m->base);

	t->epoch = r == 0 ? n->epoch : 0;
	if (r == 0)
		t->at_ns = n->arrival_ns;
	else if (r == -ENOBUFS)
		aggregator_count(aggregator_watch_skipped_total, 1);
}

static void second_came(struct fleet_watch *w, struct store_node *n, const Plimsoll__V1__Batch *b)
{
	const Plimsoll__V1__Query *q = w->query;
	struct told *t;

	if (!q || !names_node(q, n->name))
		return;
	t = told(w, n);
	/* A little less, or a second's jitter would make every other one too early. */
	if (t->epoch && q->min_interval_ns &&
	    clock_since((clock_boot_t){n->arrival_ns}, (clock_boot_t){t->at_ns}) <
		    q->min_interval_ns - q->min_interval_ns / 10)
		return;
	tell(w, n,
	     b->keyframe || t->epoch != n->epoch || q->n_cgroup || q->min_interval_ns
		     ? BATCH_STATE
		     : BATCH_SECOND,
	     b);
}

void serve_metrics_forward(struct aggregator *a, struct store_node *n, const Plimsoll__V1__Batch *b)
{
	for (struct fleet_watch *w = a->watches; w; w = w->next)
		second_came(w, n, b);
}

static enum rpc_code watch_open(struct rpc_call *c)
{
	struct fleet_watch *w = mem_new(struct fleet_watch);

	w->magic = WATCH_MAGIC;
	w->aggregator = rpc_server_data(rpc_call_server(c));
	w->call = c;
	w->told = strmap_new();
	w->batch = batch_new();
	w->next = w->aggregator->watches;
	w->previous = &w->aggregator->watches;
	if (w->next)
		w->next->previous = &w->next;
	w->aggregator->watches = w;
	aggregator_set(aggregator_watches, aggregator_get(aggregator_watches) + 1);
	rpc_set_data(c, w);
	return RPC_OK;
}

static void watch_message(struct rpc_call *c, struct rpc_msg *m)
{
	struct fleet_watch *w = obj_cast(struct fleet_watch, rpc_data(c), WATCH_MAGIC);
	struct store_node *n;
	size_t cursor = 0;

	w->query_msg = rpc_msg_keep(m);
	w->query = (const Plimsoll__V1__Query *)rpc_msg_get(m);
	for (unsigned sent = 0; sent < SERVE_METRICS_GREET;) {
		n = store_next_node(w->aggregator->store, &cursor);
		if (!n)
			return;
		if (!n->sequence || !names_node(w->query, n->name))
			continue;
		tell(w, n, BATCH_STATE, NULL);
		sent++;
	}
}

static void watch_closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	struct fleet_watch *w = obj_cast(struct fleet_watch, rpc_data(c), WATCH_MAGIC);
	size_t cursor = 0;
	const char *name;
	void *t;

	(void)code;
	(void)text;
	*w->previous = w->next;
	if (w->next)
		w->next->previous = w->previous;
	aggregator_set(aggregator_watches, aggregator_get(aggregator_watches) - 1);
	while (strmap_next(w->told, &cursor, &name, &t))
		free(t);
	strmap_free(w->told);
	batch_free(w->batch);
	rpc_msg_release(w->query_msg);
	w->magic = 0;
	free(w);
}

/* The one node that the query means; NULL with the call finished. */
static struct store_node *only_node(struct rpc_call *c, const struct aggregator *a,
				    const Plimsoll__V1__Query *q)
{
	size_t cursor = 0;
	struct store_node *n;
	char text[200];

	if (q->n_node > 1 || (!q->n_node && store_nodes(a->store) > 1)) {
		snprintf(text, sizeof(text), "a Snapshot is of one node, and %zu are meant",
			 q->n_node ? q->n_node : store_nodes(a->store));
		rpc_finish(c, RPC_INVALID, text, "name one node in the query, or use Watch");
		return NULL;
	}
	n = q->n_node ? store_node(a->store, q->node[0]) : store_next_node(a->store, &cursor);
	if (n)
		return n;
	if (q->n_node)
		snprintf(text, sizeof(text), "node %.150s is not known", q->node[0]);
	else
		snprintf(text, sizeof(text), "no agent has reported yet");
	rpc_finish(c, RPC_NOT_FOUND, text,
		   "see whether its agent runs and reaches this aggregator: plimsoll nodes");
	return NULL;
}

static void snapshot_message(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__Query *q = (const Plimsoll__V1__Query *)rpc_msg_get(m);
	struct aggregator *a = rpc_server_data(rpc_call_server(c));
	struct store_node *n = only_node(c, a, q);
	Plimsoll__V1__Batch answer;
	struct batch *b;

	if (!n)
		return;
	b = batch_new();
	answer = *batch_build(b, n, BATCH_STATE, NULL, 0, q->cgroup, q->n_cgroup);
	answer.sequence = 0;
	(void)rpc_send(c, &answer.base);
	rpc_finish(c, RPC_OK, NULL, NULL);
	batch_free(b);
}

static const struct rpc_handler snapshot = {.message = snapshot_message};
static const struct rpc_handler watch = {
	.open = watch_open, .message = watch_message, .closed = watch_closed};

const struct rpc_method serve_metrics_methods[] = {
	{"/plimsoll.v1.Metrics/Snapshot", RPC_UNARY, &plimsoll__v1__query__descriptor,
	 &plimsoll__v1__batch__descriptor, &snapshot, 0},
	{"/plimsoll.v1.Metrics/Watch", RPC_SERVER_STREAM, &plimsoll__v1__query__descriptor,
	 &plimsoll__v1__batch__descriptor, &watch, 0},
};
const size_t serve_metrics_n = sizeof(serve_metrics_methods) / sizeof(serve_metrics_methods[0]);
