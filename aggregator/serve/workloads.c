/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/workloads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/aggregator.h"
#include "aggregator/metrics.h"
#include "aggregator/scaler.h"
#include "aggregator/serve/watcher.h"
#include "aggregator/store/store.h"
#include "base/glob.h"
#include "base/mem.h"
#include "plimsoll/v1/scaling.pb-c.h"

#define INTERVAL_NS (CLOCK_NS_PER_S - CLOCK_NS_PER_S / 10) /* a tick's jitter must not halve the rate */

/* protobuf-c has no const strings; nothing writes to these. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

struct entry { /* one workload's message and all it points to; policies' names are borrowed */
	Plimsoll__V1__Workload m;
	Plimsoll__V1__Value cpu, request, memory, limit, runq, psi_cpu, psi_memory, psi_io, p95;
	Plimsoll__V1__Value requests, errors, request_p50, request_p95, request_p99;
	Plimsoll__V1__Value cause_value[SATURATION_CAUSES];
	Plimsoll__V1__Cause cause[SATURATION_CAUSES], *causes[SATURATION_CAUSES];
	char last_decision[32];
};

struct list {
	Plimsoll__V1__ListWorkloadsResponse m;
	struct aggregator *aggregator;
	const Plimsoll__V1__ListWorkloadsRequest *asked;
	size_t room;
};

static void set_value(Plimsoll__V1__Value **to, Plimsoll__V1__Value *v,
		      const struct store_value *from)
{
	plimsoll__v1__value__init(v);
	v->known = from->known;
	if (from->known) {
		v->value = from->value;
		v->age_ns = from->age_ns;
		v->coverage = from->coverage;
	}
	*to = v;
}

static void set_values(struct entry *e, const struct store_summary *s)
{
	set_value(&e->m.cpu_cores, &e->cpu, &s->cpu_cores);
	set_value(&e->m.memory_working_set_bytes, &e->memory, &s->memory_working_set_bytes);
	set_value(&e->m.memory_limit_bytes, &e->limit, &s->memory_limit_bytes);
	set_value(&e->m.runq_saturation, &e->runq, &s->runq);
	set_value(&e->m.psi_cpu_some, &e->psi_cpu, &s->psi_cpu);
	set_value(&e->m.psi_memory_some, &e->psi_memory, &s->psi_memory);
	set_value(&e->m.psi_io_some, &e->psi_io, &s->psi_io);
	set_value(&e->m.runq_wait_p95_ns, &e->p95, &s->runq_wait_p95_ns);
	set_value(&e->m.requests_per_second, &e->requests, &s->requests_per_second);
	set_value(&e->m.request_error_share, &e->errors, &s->request_error_share);
	set_value(&e->m.request_p50_ns, &e->request_p50, &s->request_p50_ns);
	set_value(&e->m.request_p95_ns, &e->request_p95, &s->request_p95_ns);
	set_value(&e->m.request_p99_ns, &e->request_p99, &s->request_p99_ns);
}

static void set_causes(struct entry *e, const struct store_summary *s)
{
	for (int c = 0; c < SATURATION_CAUSES; c++) {
		plimsoll__v1__cause__init(&e->cause[c]);
		e->cause[c].name = text(saturation_word((enum saturation_cause)c));
		set_value(&e->cause[c].value, &e->cause_value[c], &s->saturation[c]);
		e->causes[c] = &e->cause[c];
	}
	e->m.saturation = e->causes;
	e->m.n_saturation = SATURATION_CAUSES;
	e->m.advice = text(saturation_advice_word(s->advice));
}

const char *serve_workloads_by_what(const struct store_summary *s)
{
	return s->by_what < SATURATION_CAUSES ? saturation_word(s->by_what) : "";
}

static void set_last(struct entry *e, const struct decision *x, uint64_t now_unix_ns)
{
	if (!x->id)
		return;
	snprintf(e->last_decision, sizeof(e->last_decision), "d-%" PRIu64, x->id);
	e->m.last_decision = e->last_decision;
	e->m.last_reason = text(*x->trigger ? x->trigger : x->reason);
	e->m.last_from = x->from;
	e->m.last_to = x->to;
	e->m.last_decision_age_ns = now_unix_ns > x->wall_unix_ns ? now_unix_ns - x->wall_unix_ns : 0;
}

static void set_policy(struct entry *e, const struct scaler_workload *w, const struct list *l)
{
	const struct policy *p = &w->manifest.policy;
	struct store_value request = {.known = p->cpu_request_milli > 0,
				      .value = (double)p->cpu_request_milli / 1000 * e->m.replicas,
				      .coverage = 1};

	e->m.policy = text(p->name);
	e->m.desired = w->judged ? w->verdict.to : 0;
	e->m.paused = decisions_paused(l->aggregator->decisions, p->name, clock_boot()) != NULL;
	set_value(&e->m.cpu_request_cores, &e->request, &request);
	set_last(e, &w->last, l->m.wall_unix_ns);
}

static bool is_asked_for(const struct list *l, const struct store_summary *s)
{
	if (l->asked->policies_only && !s->selected)
		return false;
	return glob_match_any(l->asked->name, l->asked->n_name, s->name);
}

static void add(const struct store_summary *s, void *data)
{
	struct list *l = data;
	const struct scaler_workload *w;
	struct entry *e;

	if (!is_asked_for(l, s))
		return;
	e = mem_new(struct entry);
	plimsoll__v1__workload__init(&e->m);
	e->m.name = mem_strdup(s->name); /* a group's own goes right after this call */
	e->m.replicas = s->replicas;
	e->m.by_what = text(serve_workloads_by_what(s));
	set_values(e, s);
	set_causes(e, s);
	w = s->selected ? scaler_find(l->aggregator->scaler, s->name) : NULL;
	if (w)
		set_policy(e, w, l);
	if (l->m.n_workload == l->room) {
		l->room = l->room * 2 + 16;
		l->m.workload = mem_array(l->m.workload, l->room, sizeof(*l->m.workload));
	}
	l->m.workload[l->m.n_workload++] = &e->m;
}

static void list_make(struct list *l, struct aggregator *a,
		      const Plimsoll__V1__ListWorkloadsRequest *asked)
{
	clock_boot_t now = clock_boot();
	bool all = store_rows(a->store) <= SERVE_WORKLOADS_ROWS;

	*l = (struct list){.aggregator = a, .asked = asked};
	plimsoll__v1__list_workloads_response__init(&l->m);
	l->m.wall_unix_ns = clock_wall().ns;
	l->m.nodes = (uint32_t)store_nodes(a->store);
	l->m.newest_sample_age_ns = store_newest_age(a->store, now);
	(all ? store_each : store_each_selected)(a->store, now, SERVE_WORKLOADS_WINDOW_NS, SERVE_WORKLOADS_FRESH_NS, add, l);
}

static void list_done(struct list *l)
{
	for (size_t i = 0; i < l->m.n_workload; i++) {
		free(l->m.workload[i]->name);
		free(l->m.workload[i]); /* an entry begins with its message */
	}
	free(l->m.workload);
}

static struct rpc_packed *pack_list(struct aggregator *a, const ProtobufCMessage *asked)
{
	struct rpc_packed *packed;
	struct list l;

	list_make(&l, a, (const Plimsoll__V1__ListWorkloadsRequest *)asked);
	packed = rpc_pack(&l.m.base);
	list_done(&l);
	return packed;
}

static void list_message(struct rpc_call *c, struct rpc_msg *m)
{
	struct rpc_packed *p = pack_list(rpc_server_data(rpc_call_server(c)), rpc_msg_get(m));

	(void)rpc_send_packed(c, p);
	rpc_finish(c, RPC_OK, NULL, NULL);
	rpc_packed_unref(p);
}

/* Who asks for everything gets the same bytes as the others who do. */
struct shared {
	struct rpc_packed *list[2]; /* all workloads, those with a policy */
};

static struct rpc_packed *list_for(struct aggregator *a, struct shared *s, const ProtobufCMessage *asked)
{
	const Plimsoll__V1__ListWorkloadsRequest *q =
		(const Plimsoll__V1__ListWorkloadsRequest *)asked;
	struct rpc_packed **p = &s->list[q->policies_only != 0];

	if (q->n_name)
		return pack_list(a, asked);
	if (!*p)
		*p = pack_list(a, asked);
	return rpc_packed_ref(*p);
}

/* A list that still waits to be sent is older than this one: a slow reader misses seconds, it does not
 * get them late and all at once. */
static void watch_tell(struct aggregator *a, struct watcher *w, struct shared *s, uint64_t now_ns)
{
	struct rpc_packed *p;

	w->told_ns = now_ns;
	if (rpc_send_queued(w->call)) {
		aggregator_count(aggregator_watch_skipped_total, 1);
		return;
	}
	p = list_for(a, s, watcher_query(w));
	(void)rpc_send_packed(w->call, p);
	rpc_packed_unref(p);
}

static void shared_done(struct shared *s)
{
	rpc_packed_unref(s->list[0]);
	rpc_packed_unref(s->list[1]);
}

void serve_workloads_tick(struct aggregator *a)
{
	uint64_t now_ns = clock_boot().ns;
	struct shared s = {0};

	for (struct watcher *w = a->workload_watchers; w; w = w->next)
		if (watcher_query(w) && now_ns - w->told_ns >= INTERVAL_NS)
			watch_tell(a, w, &s, now_ns);
	shared_done(&s);
}

static enum rpc_code watch_open(struct rpc_call *c)
{
	struct aggregator *a = rpc_server_data(rpc_call_server(c));

	return watcher_open(&a->workload_watchers, c);
}

static void watch_message(struct rpc_call *c, struct rpc_msg *m)
{
	struct aggregator *a = rpc_server_data(rpc_call_server(c));
	struct shared s = {0};

	watch_tell(a, watcher_asked(c, m), &s, clock_boot().ns);
	shared_done(&s);
}

static const struct rpc_handler list = {.message = list_message};
static const struct rpc_handler watch = {
	.open = watch_open, .message = watch_message, .closed = watcher_closed};

const struct rpc_method serve_workloads_methods[] = {
	{"/plimsoll.v1.Scaling/ListWorkloads", RPC_UNARY,
	 &plimsoll__v1__list_workloads_request__descriptor,
	 &plimsoll__v1__list_workloads_response__descriptor, &list, 0},
	{"/plimsoll.v1.Scaling/WatchWorkloads", RPC_SERVER_STREAM,
	 &plimsoll__v1__list_workloads_request__descriptor,
	 &plimsoll__v1__list_workloads_response__descriptor, &watch, 0},
};
const size_t serve_workloads_n = sizeof(serve_workloads_methods) / sizeof(serve_workloads_methods[0]);
