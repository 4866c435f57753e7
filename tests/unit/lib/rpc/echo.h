/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small server and a recording client for the tests of lib/rpc. Its methods speak plimsoll.v1
 * messages: Snapshot (unary) and Watch (server stream) answer with batches counted by the query,
 * Report (bidi) acknowledges every batch, Collect (client stream) answers with the number of batches.
 */
#ifndef TEST_ECHO_H
#define TEST_ECHO_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/scope.h"
#include "plimsoll/v1/metrics.pb-c.h"
#include "rpc/rpc.h"

extern const unsigned char descriptors_bytes[];
extern const unsigned long descriptors_size;

#define S CLOCK_NS_PER_S
#define MS CLOCK_NS_PER_MS

struct echo {
	struct loop *loop;
	struct rpc_server *server;
	struct rpc_client *client;
	char dir[64], address[128];
	int opened, closed, cancelled; /* server side */
	enum rpc_code refuse;          /* what open() answers */
	bool hold;                     /* keep messages instead of releasing them */
	struct rpc_msg *held[256];
	int n_held;
	struct rpc_call *last_call;
	uint64_t last_deadline_ns;
	char identity[128];
	int running; /* daemons left to stop */
};

struct seen { /* what a client call saw */
	struct echo *echo;
	struct rpc_call *call;
	int messages, writable, closed;
	uint64_t last;
	enum rpc_code code;
	char text[512], fix[256];
	int stop_after; /* messages; 0: at closed() */
};

static inline enum rpc_code echo_open(struct rpc_call *c)
{
	struct echo *e = rpc_server_data(rpc_call_server(c));

	e->opened++;
	e->last_call = c;
	e->last_deadline_ns = rpc_deadline_ns(c);
	snprintf(e->identity, sizeof(e->identity), "%s", rpc_identity(c) ? rpc_identity(c) : "");
	return e->refuse;
}

static inline void echo_closed(struct rpc_call *c, enum rpc_code code, const char *message)
{
	struct echo *e = rpc_server_data(rpc_call_server(c));

	(void)message;
	e->closed++;
	e->cancelled += code == RPC_CANCELLED || code == RPC_DEADLINE;
	if (e->last_call == c)
		e->last_call = NULL;
}

static inline void echo_batch(struct rpc_call *c, uint64_t sequence)
{
	Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;

	b.sequence = sequence;
	assert_int_equal(rpc_send(c, &b.base), 0);
}

static inline void echo_snapshot(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__Query *q = (const Plimsoll__V1__Query *)rpc_msg_get(m);

	if (q->epoch == 404) {
		rpc_finish(c, RPC_NOT_FOUND, "no such thing", "ask for another");
		return;
	}
	if (q->epoch == 1) /* never answers */
		return;
	echo_batch(c, q->since_sequence);
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static inline void echo_watch(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__Query *q = (const Plimsoll__V1__Query *)rpc_msg_get(m);

	for (uint64_t i = 1; i <= q->since_sequence; i++)
		echo_batch(c, i);
	if (q->epoch != 1) /* 1: stays open */
		rpc_finish(c, RPC_OK, NULL, NULL);
}

static inline void echo_report(struct rpc_call *c, struct rpc_msg *m)
{
	struct echo *e = rpc_server_data(rpc_call_server(c));
	const Plimsoll__V1__Batch *b = (const Plimsoll__V1__Batch *)rpc_msg_get(m);
	Plimsoll__V1__Ack ack = PLIMSOLL__V1__ACK__INIT;
	Plimsoll__V1__Directive d = PLIMSOLL__V1__DIRECTIVE__INIT;

	if (e->hold) {
		assert_true(e->n_held < 256);
		e->held[e->n_held++] = rpc_msg_keep(m);
		return;
	}
	ack.sequence = b->sequence;
	d.ack = &ack;
	(void)rpc_send(c, &d.base);
}

static inline void echo_reported(struct rpc_call *c)
{
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static inline void echo_collect(struct rpc_call *c, struct rpc_msg *m)
{
	(void)m;
	rpc_set_data(c, (void *)((uintptr_t)rpc_data(c) + 1));
}

static inline void echo_collected(struct rpc_call *c)
{
	echo_batch(c, (uintptr_t)rpc_data(c));
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static const struct rpc_handler snapshot_handler = { .open = echo_open,
						     .message = echo_snapshot,
						     .closed = echo_closed };
static const struct rpc_handler watch_handler = { .open = echo_open,
						  .message = echo_watch,
						  .closed = echo_closed };
static const struct rpc_handler report_handler = { .open = echo_open,
						   .message = echo_report,
						   .half_closed = echo_reported,
						   .closed = echo_closed };
static const struct rpc_handler collect_handler = { .open = echo_open,
						    .message = echo_collect,
						    .half_closed = echo_collected,
						    .closed = echo_closed };

#define QUERY &plimsoll__v1__query__descriptor
#define BATCH &plimsoll__v1__batch__descriptor
#define DIRECTIVE &plimsoll__v1__directive__descriptor

enum { SNAPSHOT, WATCH, REPORT, COLLECT, N_METHODS };
static const struct rpc_method echo_methods[N_METHODS] = {
	{ "/plimsoll.v1.Metrics/Snapshot", RPC_UNARY, QUERY, BATCH, &snapshot_handler, 0 },
	{ "/plimsoll.v1.Metrics/Watch", RPC_SERVER_STREAM, QUERY, BATCH, &watch_handler, 0 },
	{ "/plimsoll.v1.Ingest/Report", RPC_BIDI, BATCH, DIRECTIVE, &report_handler, 4 },
	{ "/test.Echo/Collect", RPC_CLIENT_STREAM, BATCH, BATCH, &collect_handler, 0 },
};

/* For rpc_init(): core's own assertions must be seen; its other errors are what is tested here. */
static inline void show_asserts(int severity, const char *text)
{
	(void)severity;
	if (strstr(text, "assertion failed"))
		fprintf(stderr, "core: %s\n", text);
}

/* Of a group of tests: one core for all of them. */
static inline int echo_setup(void **state)
{
	(void)state;
	rpc_init(show_asserts);
	return 0;
}

static inline int echo_teardown(void **state)
{
	(void)state;
	rpc_shutdown();
	return 0;
}

static inline void echo_stopped(void *data)
{
	struct echo *e = data;

	if (--e->running == 0)
		loop_stop(e->loop);
}

static inline struct rpc_server_options echo_options(struct echo *e)
{
	return (struct rpc_server_options){
		.address = e->address,
		.methods = echo_methods,
		.n_methods = N_METHODS,
		.descriptors = { descriptors_bytes, descriptors_size },
		.data = e,
	};
}

static inline void echo_serve(struct echo *e, const struct rpc_server_options *o)
{
	struct err err;

	if (rpc_server_start(e->loop, o, &e->server, &err) < 0) {
		err_print(&err, "echo", stderr);
		fail();
	}
	if (rpc_server_port(e->server))
		snprintf(e->address, sizeof(e->address), "127.0.0.1:%d", rpc_server_port(e->server));
}

static inline void echo_connect(struct echo *e, const struct rpc_tls *tls)
{
	struct rpc_client_options o = { .address = e->address };
	struct err err;

	if (tls)
		o.tls = *tls;
	if (rpc_client_new(e->loop, &o, &e->client, &err) < 0) {
		err_print(&err, "echo", stderr);
		fail();
	}
}

static inline void echo_init(struct echo *e, bool tcp)
{
	*e = (struct echo){ 0 };
	strcpy(e->dir, "/tmp/plimsoll-rpc.XXXXXX");
	assert_non_null(mkdtemp(e->dir));
	if (tcp)
		strcpy(e->address, "127.0.0.1:0");
	else
		snprintf(e->address, sizeof(e->address), "unix:%s/sock", e->dir);
	e->loop = loop_new();
	assert_non_null(e->loop);
}

static inline void echo_start(struct echo *e, bool tcp)
{
	struct rpc_server_options o;

	echo_init(e, tcp);
	o = echo_options(e);
	echo_serve(e, &o);
	echo_connect(e, NULL);
}

static inline void echo_end(struct echo *e)
{
	e->running = (e->server != NULL) + (e->client != NULL);
	if (e->client)
		rpc_client_close(e->client, echo_stopped, e);
	if (e->server)
		rpc_server_stop(e->server, 2 * S, echo_stopped, e);
	while (e->running) /* calls that end now stop the loop too */
		loop_run(e->loop);
	loop_free(e->loop);
	assert_int_equal(rmdir(e->dir), 0); /* the socket is gone */
	assert_int_equal(e->opened, e->closed);
}

/* The client side. */

static inline void seen_message(struct rpc_call *c, struct rpc_msg *m)
{
	struct seen *s = rpc_data(c);
	const ProtobufCMessage *base = rpc_msg_get(m);

	s->messages++;
	if (base->descriptor == BATCH)
		s->last = ((const Plimsoll__V1__Batch *)base)->sequence;
	else if (((const Plimsoll__V1__Directive *)base)->ack)
		s->last = ((const Plimsoll__V1__Directive *)base)->ack->sequence;
	if (s->stop_after && s->messages == s->stop_after)
		loop_stop(s->echo->loop);
}

static inline void seen_writable(struct rpc_call *c)
{
	struct seen *s = rpc_data(c);

	s->writable++;
}

static inline void seen_closed(struct rpc_call *c, enum rpc_code code, const char *message)
{
	struct seen *s = rpc_data(c);

	s->closed++;
	s->code = code;
	s->call = NULL;
	snprintf(s->text, sizeof(s->text), "%s", message);
	snprintf(s->fix, sizeof(s->fix), "%s", rpc_fix(c) ? rpc_fix(c) : "");
	loop_stop(s->echo->loop);
}

static const struct rpc_handler seen_handler = { .message = seen_message,
						 .writable = seen_writable,
						 .closed = seen_closed };

static inline void seen_open(struct seen *s, struct echo *e, int method, uint64_t timeout_ns)
{
	s->echo = e;
	s->call = rpc_open(e->client, &echo_methods[method], &seen_handler, timeout_ns, false, s);
	assert_non_null(s->call);
}

static inline int send_query(struct rpc_call *c, uint64_t since, uint64_t epoch)
{
	Plimsoll__V1__Query q = PLIMSOLL__V1__QUERY__INIT;

	q.since_sequence = since;
	q.epoch = epoch;
	return rpc_send(c, &q.base);
}

static inline int send_batch(struct rpc_call *c, uint64_t sequence)
{
	Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;

	b.sequence = sequence;
	return rpc_send(c, &b.base);
}

struct deadline {
	struct loop *loop;
	bool passed;
};

static inline void deadline_passed(void *data)
{
	struct deadline *d = data;

	d->passed = true;
	loop_stop(d->loop);
}

/* Runs the loop for so long, or until somebody stops it; true: somebody did. */
static inline bool run_for(struct loop *l, uint64_t ns)
{
	struct deadline d = { .loop = l };
	struct loop_timer *t = loop_timer_new(l, deadline_passed, &d);

	loop_timer_start(t, ns, 0);
	loop_run(l);
	loop_timer_close(t);
	return !d.passed;
}

static inline void run_until_closed(struct seen *s)
{
	while (!s->closed)
		assert_true(run_for(s->echo->loop, 30 * S));
	assert_int_equal(s->closed, 1);
}

#endif
