/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/status.h"

#include <stdlib.h>
#include <unistd.h>

#include "aggregator/aggregator.h"
#include "aggregator/metrics.h"
#include "base/mem.h"
#include "plimsoll/v1/status.pb-c.h"
#include "plimsoll/version.h"

/* protobuf-c has no const strings; nothing writes to these. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

struct answer {
	Plimsoll__V1__StatusResponse message;
	Plimsoll__V1__Counter counter[AGGREGATOR_METRICS];
	Plimsoll__V1__Counter *counter_p[AGGREGATOR_METRICS];
	Plimsoll__V1__Notice notice[AGGREGATOR_NOTICES];
	Plimsoll__V1__Notice *notice_p[AGGREGATOR_NOTICES];
	struct aggregator_notice text[AGGREGATOR_NOTICES];
	char host[256];
};

static void add_counters(struct answer *r, const struct aggregator *a)
{
	const struct metric_table *t = &aggregator_metric_table;

	aggregator_metrics_refresh(a);
	for (size_t i = 0; i < t->n; i++) {
		plimsoll__v1__counter__init(&r->counter[i]);
		r->counter[i].name = text(t->rows[i].name);
		r->counter[i].value = metric_shown(t, i);
		r->counter[i].gauge = t->rows[i].kind == METRIC_GAUGE;
		r->counter_p[i] = &r->counter[i];
	}
	r->message.counter = r->counter_p;
	r->message.n_counter = t->n;
}

static void add_notices(struct answer *r, const struct aggregator *a)
{
	size_t n = aggregator_notices(a, r->text);

	for (size_t i = 0; i < n; i++) {
		plimsoll__v1__notice__init(&r->notice[i]);
		r->notice[i].id = text(r->text[i].id);
		r->notice[i].level = text(r->text[i].level);
		r->notice[i].text = r->text[i].text;
		r->notice[i].fix = r->text[i].fix;
		r->notice_p[i] = &r->notice[i];
	}
	r->message.notice = r->notice_p;
	r->message.n_notice = n;
}

static void message(struct rpc_call *c, struct rpc_msg *m)
{
	const struct aggregator *a = rpc_server_data(rpc_call_server(c));
	struct answer *r = mem_new(struct answer);

	(void)m;
	plimsoll__v1__status_response__init(&r->message);
	gethostname(r->host, sizeof(r->host) - 1);
	r->message.program = text("plimsoll-aggregator");
	r->message.version = text(PLIMSOLL_VERSION);
	r->message.node = r->host;
	r->message.uptime_ns = clock_since(clock_boot(), a->started);
	r->message.epoch = a->epoch;
	add_counters(r, a);
	add_notices(r, a);
	(void)rpc_send(c, &r->message.base);
	rpc_finish(c, RPC_OK, NULL, NULL);
	free(r);
}

static const struct rpc_handler handler = {.message = message};

const struct rpc_method serve_status_methods[] = {
	{"/plimsoll.v1.Status/Get", RPC_UNARY, &plimsoll__v1__status_request__descriptor,
	 &plimsoll__v1__status_response__descriptor, &handler, 0},
};
const size_t serve_status_n = sizeof(serve_status_methods) / sizeof(serve_status_methods[0]);
