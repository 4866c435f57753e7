/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/aggregator.h"
#include "aggregator/metrics.h"
#include "aggregator/serve/watcher.h"
#include "aggregator/store/decisions.h"
#include "base/mem.h"
#include "base/scope.h"

/* protobuf-c has no const strings; nothing writes to these. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

void serve_history_fill(Plimsoll__V1__Decision *m, const struct decision *x,
			char id[SERVE_HISTORY_ID])
{
	plimsoll__v1__decision__init(m);
	*id = '\0';
	if (x->id)
		snprintf(id, SERVE_HISTORY_ID, "d-%" PRIu64, x->id);
	m->id = id;
	m->wall_unix_ns = x->wall_unix_ns;
	m->boottime_ns = x->boottime_ns;
	m->workload = text(x->workload);
	m->policy = text(x->policy);
	m->from = x->from;
	m->to = x->to;
	m->reason = text(x->reason);
	m->trigger = text(x->trigger);
	m->mode = text(x->mode);
	m->outcome = text(x->outcome);
	m->load_age_ns = x->load_age_ns;
}

/* List */

struct entry {
	Plimsoll__V1__Decision m;
	struct decision x;
	char id[SERVE_HISTORY_ID];
};

struct page {
	Plimsoll__V1__ListDecisionsResponse m;
	size_t most;
};

static bool add(const struct decision *x, void *data)
{
	struct page *p = data;
	struct entry *e = mem_new(struct entry);

	e->x = *x;
	serve_history_fill(&e->m, &e->x, e->id);
	p->m.decision[p->m.n_decision++] = &e->m;
	return p->m.n_decision < p->most;
}

static struct decisions_query query(const Plimsoll__V1__ListDecisionsRequest *asked)
{
	return (struct decisions_query){.workload = (const char *const *)asked->workload,
					.n_workload = asked->n_workload,
					.since_unix_ns = asked->since_unix_ns};
}

static int fill_page(struct page *p, struct decisions *d,
		     const Plimsoll__V1__ListDecisionsRequest *asked)
{
	const struct decisions_query q = query(asked);
	int r = decisions_count(d, &q, &p->m.total);

	return r < 0 ? r : decisions_each(d, &q, add, p);
}

static void answer_page(struct rpc_call *c, const Plimsoll__V1__ListDecisionsRequest *asked)
{
	struct aggregator *a = rpc_server_data(rpc_call_server(c));
	struct page p = {.most = asked->limit ? asked->limit : SERVE_HISTORY_PAGE};

	if (p.most > SERVE_HISTORY_MOST)
		p.most = SERVE_HISTORY_MOST;
	plimsoll__v1__list_decisions_response__init(&p.m);
	p.m.decision = mem_array(NULL, p.most, sizeof(*p.m.decision));
	if (fill_page(&p, a->decisions, asked) == 0) {
		(void)rpc_send(c, &p.m.base);
		rpc_finish(c, RPC_OK, NULL, NULL);
	} else {
		rpc_finish(c, RPC_INTERNAL, "the decisions file cannot be read",
			   "see the aggregator's log");
	}
	for (size_t i = 0; i < p.m.n_decision; i++)
		free(p.m.decision[i]); /* an entry begins with its message */
	free(p.m.decision);
}

static bool names_too_many(struct rpc_call *c, const Plimsoll__V1__ListDecisionsRequest *asked)
{
	if (asked->n_workload <= DECISIONS_NAMES)
		return false;
	rpc_finish(c, RPC_INVALID, "too many workloads are named", "name at most 256, or none for all");
	return true;
}

static void list_message(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__ListDecisionsRequest *asked =
		(const Plimsoll__V1__ListDecisionsRequest *)rpc_msg_get(m);

	if (!names_too_many(c, asked))
		answer_page(c, asked);
}

/* Watch */

static bool is_asked_for(const Plimsoll__V1__ListDecisionsRequest *asked, const struct decision *x)
{
	if (!x->id && !asked->holds)
		return false;
	for (size_t i = 0; i < asked->n_workload; i++)
		if (!strcmp(asked->workload[i], x->workload))
			return true;
	return !asked->n_workload;
}

void serve_history_tell(struct aggregator *a, const struct decision *x)
{
	Plimsoll__V1__Decision m;
	char id[SERVE_HISTORY_ID];

	serve_history_fill(&m, x, id);
	for (struct watcher *w = a->decision_watchers; w; w = w->next) {
		const ProtobufCMessage *asked = watcher_query(w);

		if (!asked || !is_asked_for((const Plimsoll__V1__ListDecisionsRequest *)asked, x))
			continue;
		if (rpc_send(w->call, &m.base) != -ENOBUFS)
			continue;
		aggregator_count(aggregator_watch_skipped_total, 1);
		rpc_cancel(w->call); /* a hole in a list of decisions is worse than its end */
	}
}

static enum rpc_code watch_open(struct rpc_call *c)
{
	struct aggregator *a = rpc_server_data(rpc_call_server(c));

	return watcher_open(&a->decision_watchers, c);
}

struct past { /* newest first */
	struct decision of[SERVE_HISTORY_SINCE];
	size_t n;
};

_Static_assert(SERVE_HISTORY_SINCE < RPC_SEND_QUEUE, "they are sent at once");

/* Whose outcome is not known yet is told when it is. */
static bool keep(const struct decision *x, void *data)
{
	struct past *p = data;

	if (strcmp(x->outcome, DECISION_ACTING) != 0)
		p->of[p->n++] = *x;
	return p->n < SERVE_HISTORY_SINCE;
}

static void tell_past(struct rpc_call *c, const Plimsoll__V1__ListDecisionsRequest *asked)
{
	struct aggregator *a = rpc_server_data(rpc_call_server(c));
	const struct decisions_query q = query(asked);
	scoped(freep) struct past *p = mem_new(struct past);
	Plimsoll__V1__Decision m;
	char id[SERVE_HISTORY_ID];

	(void)decisions_each(a->decisions, &q, keep, p); /* what cannot be read is in the log */
	while (p->n) {
		serve_history_fill(&m, &p->of[--p->n], id);
		(void)rpc_send(c, &m.base);
	}
}

static void watch_message(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__ListDecisionsRequest *asked = (const Plimsoll__V1__ListDecisionsRequest *)rpc_msg_get(m);

	if (!names_too_many(c, asked) && asked->since_unix_ns)
		tell_past(c, asked);
	(void)watcher_asked(c, m);
}

static const struct rpc_handler list = {.message = list_message};
static const struct rpc_handler watch = {
	.open = watch_open, .message = watch_message, .closed = watcher_closed};

const struct rpc_method serve_history_methods[] = {
	{"/plimsoll.v1.Scaling/ListDecisions", RPC_UNARY,
	 &plimsoll__v1__list_decisions_request__descriptor,
	 &plimsoll__v1__list_decisions_response__descriptor, &list, 0},
	{"/plimsoll.v1.Scaling/WatchDecisions", RPC_SERVER_STREAM,
	 &plimsoll__v1__list_decisions_request__descriptor, &plimsoll__v1__decision__descriptor,
	 &watch, 0},
};
const size_t serve_history_n = sizeof(serve_history_methods) / sizeof(serve_history_methods[0]);
