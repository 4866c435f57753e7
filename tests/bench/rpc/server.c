/* SPDX-License-Identifier: Apache-2.0 */
/* The server measured: lib/rpc, its handlers doing next to nothing. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

static struct loop *loop;
static struct rpc_server *server;

static void answer(struct rpc_call *c, uint64_t sequence)
{
	Plimsoll__V1__Directive d = PLIMSOLL__V1__DIRECTIVE__INIT;
	Plimsoll__V1__Ack ack = PLIMSOLL__V1__ACK__INIT;

	ack.sequence = sequence;
	d.ack = &ack;
	(void)rpc_send(c, &d.base);
}

static void pushed(struct rpc_call *c, struct rpc_msg *m)
{
	rpc_set_data(c, (void *)(uintptr_t)((const Plimsoll__V1__Batch *)rpc_msg_get(m))->sequence);
}

static void push_ended(struct rpc_call *c)
{
	answer(c, (uintptr_t)rpc_data(c));
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static void tripped(struct rpc_call *c, struct rpc_msg *m)
{
	answer(c, ((const Plimsoll__V1__Batch *)rpc_msg_get(m))->sequence);
}

static void trip_ended(struct rpc_call *c)
{
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static void asked(struct rpc_call *c, struct rpc_msg *m)
{
	answer(c, ((const Plimsoll__V1__Batch *)rpc_msg_get(m))->sequence);
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static const struct rpc_handler on_push = { .message = pushed, .half_closed = push_ended };
static const struct rpc_handler on_trip = { .message = tripped, .half_closed = trip_ended };
static const struct rpc_handler on_unary = { .message = asked };

static void end(int signum, void *data)
{
	(void)signum;
	(void)data;
	_exit(0); /* what is measured has been measured */
}

void bench_serve_ours(const struct bench_run *r, int ready_fd)
{
	struct rpc_method methods[3] = { bench_methods[0], bench_methods[1], bench_methods[2] };
	struct rpc_server_options o = { .address = "127.0.0.1:0",
					.methods = methods,
					.n_methods = 3 };
	char cert[200], key[200], ca[200];
	struct err e;
	int port;

	methods[0].handler = &on_push;
	methods[1].handler = &on_trip;
	methods[2].handler = &on_unary;
	if (r->tls) {
		snprintf(cert, sizeof(cert), "%s/server.crt", r->dir);
		snprintf(key, sizeof(key), "%s/server.key", r->dir);
		snprintf(ca, sizeof(ca), "%s/ca.crt", r->dir);
		o.tls = (struct rpc_tls){ .cert = cert, .key = key, .ca = ca,
					  .require_client_cert = true };
	}
	loop = loop_new();
	rpc_init(NULL);
	if (rpc_server_start(loop, &o, &server, &e) < 0) {
		err_print(&e, "bench-rpc", stderr);
		_exit(1);
	}
	loop_signal_new(loop, SIGTERM, end, NULL);
	port = rpc_server_port(server);
	if (write(ready_fd, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	loop_run(loop);
	_exit(0);
}
