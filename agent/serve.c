/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/list_edges.h"
#include "agent/metrics.h"
#include "agent/names/account.h"
#include "agent/privilege.h"
#include "agent/query.h"
#include "agent/second.h"
#include "agent/watch.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"
#include "plimsoll/v1/scaling.pb-c.h"
#include "plimsoll/v1/status.pb-c.h"
#include "plimsoll/version.h"

#define SERVE_MAGIC 0x73657276u
#define NOTICES     48 /* there are fewer */

extern const unsigned char descriptors_bytes[];
extern const unsigned long descriptors_size;

struct serve {
	unsigned magic;
	struct rpc_server *local, *tcp; /* NULL: none */
	unsigned stopping;
	void (*done)(void *data);
	void *data;
};

static struct agent *agent_of(struct rpc_call *c)
{
	return rpc_server_data(rpc_call_server(c));
}

/* Metrics.Snapshot */

static void snapshot(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__Query *q = (const Plimsoll__V1__Query *)rpc_msg_get(m);
	const struct encode_filter filter = {q->cgroup, q->n_cgroup};
	struct agent *a = agent_of(c);
	struct rpc_packed *p;

	if (!query_accept(c, a, q))
		return;
	if (!a->second.sequence) {
		rpc_finish(c, RPC_UNAVAILABLE, "no sample was taken yet",
			   "the agent's log says why; try again in a second");
		return;
	}
	p = second_pack(a, ENCODE_SNAPSHOT, &filter, NULL, 0);
	agent_count(agent_snapshots_total, 1);
	if (rpc_packed_bytes(p).n > RPC_MAX_MESSAGE)
		rpc_finish(c, RPC_EXHAUSTED, "this node has more cgroups than fit into one message",
			   "ask for some of them, with a cgroup pattern");
	else if (rpc_send_packed(c, p) == 0)
		rpc_finish(c, RPC_OK, NULL, NULL);
	rpc_packed_unref(p);
}

static const struct rpc_handler snapshot_handler = {.message = snapshot};

/* Status.Get */

static char *text(const char *s)
{
	return (char *)(uintptr_t)s; /* protobuf-c does not write what it packs */
}

static void fill_counters(Plimsoll__V1__Counter *counters, Plimsoll__V1__Counter **list)
{
	const struct metric_table *t = &agent_metric_table;

	for (size_t i = 0; i < t->n; i++) {
		plimsoll__v1__counter__init(&counters[i]);
		counters[i].name = text(t->rows[i].name);
		counters[i].value = metric_shown(t, i);
		counters[i].gauge = t->rows[i].kind == METRIC_GAUGE;
		list[i] = &counters[i];
	}
}

static size_t fill_notices(const struct agent *a, struct probe_notice *found,
			   Plimsoll__V1__Notice *notices, Plimsoll__V1__Notice **list)
{
	const int room = NOTICES - NAMES_KINDS;
	int n = probe_notices(a->probe, found, room);

	n += shortfall_notices(&a->shortfall, clock_monotonic_ns(), found + n, room - n);
	n += n < room && delays_notice(&a->delays, &found[n]);
	for (int i = 0; i < NAMES_KINDS && n >= 0; i++)
		n += account_notice(a->names[i], &found[n]);
	for (int i = 0; i < n; i++) {
		plimsoll__v1__notice__init(&notices[i]);
		notices[i].id = text(found[i].id);
		notices[i].level = text(found[i].level);
		notices[i].text = found[i].text;
		notices[i].fix = found[i].fix;
		list[i] = &notices[i];
	}
	return n > 0 ? (size_t)n : 0;
}

static void status(struct rpc_call *c, struct rpc_msg *m)
{
	Plimsoll__V1__StatusResponse r = PLIMSOLL__V1__STATUS_RESPONSE__INIT;
	Plimsoll__V1__Counter counters[AGENT_METRICS], *counter_list[AGENT_METRICS];
	Plimsoll__V1__Notice notices[NOTICES], *notice_list[NOTICES];
	struct probe_notice found[NOTICES];
	struct agent *a = agent_of(c);

	(void)m;
	agent_observe(a);
	fill_counters(counters, counter_list);
	r.program = text(agent_option_table.program);
	r.version = text(PLIMSOLL_VERSION);
	r.node = a->options->node;
	r.uptime_ns = clock_since(clock_boot(), a->started);
	r.epoch = a->second.epoch;
	r.n_counter = AGENT_METRICS;
	r.counter = counter_list;
	r.n_notice = fill_notices(a, found, notices, notice_list);
	r.notice = notice_list;
	if (rpc_send(c, &r.base) == 0)
		rpc_finish(c, RPC_OK, NULL, NULL);
}

static const struct rpc_handler status_handler = {.message = status};

#define QUERY &plimsoll__v1__query__descriptor
#define BATCH &plimsoll__v1__batch__descriptor

static const struct rpc_method methods[] = {
	{"/plimsoll.v1.Metrics/Snapshot", RPC_UNARY, QUERY, BATCH, &snapshot_handler, 0},
	{"/plimsoll.v1.Metrics/Watch", RPC_SERVER_STREAM, QUERY, BATCH, &watch_handler, 0},
	{"/plimsoll.v1.Edges/List", RPC_UNARY, &plimsoll__v1__list_edges_request__descriptor,
	 &plimsoll__v1__list_edges_response__descriptor, &list_edges_handler, 0},
	{"/plimsoll.v1.Status/Get", RPC_UNARY, &plimsoll__v1__status_request__descriptor,
	 &plimsoll__v1__status_response__descriptor, &status_handler, 0},
};

/* Doors */

static int open_door(struct agent *a, const char *address, const struct rpc_tls *tls,
		     struct rpc_server **ret_s, struct err *e)
{
	const struct rpc_server_options o = {
		.address = address,
		.tls = *tls,
		.methods = methods,
		.n_methods = sizeof(methods) / sizeof(methods[0]),
		.descriptors = {descriptors_bytes, descriptors_size},
		.data = a,
	};

	return rpc_server_start(a->loop, &o, ret_s, e);
}

static int open_local(struct agent *a, struct serve *s, struct err *e)
{
	const struct rpc_tls plain = {0};
	scoped(buf_done) struct buf address = {0};
	int r;

	buf_printf(&address, "unix:%s", a->options->socket);
	r = open_door(a, buf_text(&address), &plain, &s->local, e);
	return r == -EACCES ? privilege_name_user(&a->user, e) : r;
}

static int open_tcp(struct agent *a, struct serve *s, struct err *e)
{
	struct rpc_tls tls = a->options->insecure ? (struct rpc_tls){0} : a->tls;

	tls.require_client_cert = !a->options->insecure;
	tls.server_name = NULL;
	return open_door(a, a->options->listen, &tls, &s->tcp, e);
}

int serve_start(struct agent *a, struct serve **ret_s, struct err *e)
{
	struct serve *s = mem_new(struct serve);
	int r = 0;

	s->magic = SERVE_MAGIC;
	*ret_s = s; /* also when it fails: a door may be open */
	if (*a->options->socket)
		r = open_local(a, s, e);
	if (r == 0 && *a->options->listen)
		r = open_tcp(a, s, e);
	return r;
}

int serve_port(const struct serve *s)
{
	return s->tcp ? rpc_server_port(s->tcp) : 0;
}

void serve_healthy(struct serve *s, bool healthy)
{
	static const char name[] = "plimsoll.v1.Metrics";

	if (s->local)
		rpc_server_set_serving(s->local, name, healthy);
	if (s->tcp)
		rpc_server_set_serving(s->tcp, name, healthy);
}

static void door_closed(void *data)
{
	struct serve *s = obj_cast(struct serve, data, SERVE_MAGIC);
	void (*done)(void *) = s->done;
	void *done_data = s->data;

	if (--s->stopping)
		return;
	s->magic = 0;
	free(s);
	done(done_data);
}

void serve_stop(struct serve *s, void (*done)(void *data), void *data)
{
	struct rpc_server *local = s->local, *tcp = s->tcp;

	s->done = done;
	s->data = data;
	s->stopping = 1 + (local ? 1 : 0) + (tcp ? 1 : 0);
	if (local)
		rpc_server_stop(local, AGENT_GRACE_NS, door_closed, s);
	if (tcp)
		rpc_server_stop(tcp, AGENT_GRACE_NS, door_closed, s);
	door_closed(s);
}
