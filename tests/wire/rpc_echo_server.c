/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server for foreign clients: rpc_echo_server ADDRESS [TLS-DIR]. Its methods are those of
 * plimsoll.v1 in shape: Snapshot answers with the query's since_sequence as sequence, Watch with
 * 1 … since_sequence, Report acknowledges each batch, /test.Echo/Collect counts batches (a client
 * stream, which plimsoll.v1 has none of). since_sequence 404 is refused with a rich error, 408 never
 * answered. Given a TLS-DIR it makes a CA, "server" and "client" there and demands certificates.
 * SIGUSR1 toggles the health of plimsoll.v1.Metrics. Prints "ready PORT"; SIGTERM stops it in peace.
 */
#include "unit/lib/rpc/certificates.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "plimsoll/v1/metrics.pb-c.h"
#include "rpc/rpc.h"

typedef Plimsoll__V1__Query query;
typedef Plimsoll__V1__Batch batch;

extern const unsigned char descriptors_bytes[];
extern const unsigned long descriptors_size;

static struct loop *loop;
static struct rpc_server *server;
static bool unhealthy;

static void answer(struct rpc_call *c, uint64_t sequence)
{
	batch b = PLIMSOLL__V1__BATCH__INIT;

	b.sequence = sequence;
	(void)rpc_send(c, &b.base);
}

static void snapshot(struct rpc_call *c, struct rpc_msg *m)
{
	const query *q = (const query *)rpc_msg_get(m);

	if (q->since_sequence == 408)
		return;
	if (q->since_sequence == 404) {
		rpc_finish(c, RPC_NOT_FOUND, "no such second", "ask for a later one");
		return;
	}
	answer(c, q->since_sequence);
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static void watch(struct rpc_call *c, struct rpc_msg *m)
{
	const query *q = (const query *)rpc_msg_get(m);

	for (uint64_t i = 1; i <= q->since_sequence && i <= RPC_SEND_QUEUE; i++)
		answer(c, i);
	if (q->since_sequence != 3) /* 3: stays open, for the client to cancel */
		rpc_finish(c, RPC_OK, NULL, NULL);
}

static void report(struct rpc_call *c, struct rpc_msg *m)
{
	Plimsoll__V1__Directive d = PLIMSOLL__V1__DIRECTIVE__INIT;
	Plimsoll__V1__Ack ack = PLIMSOLL__V1__ACK__INIT;

	ack.sequence = ((const batch *)rpc_msg_get(m))->sequence;
	d.ack = &ack;
	(void)rpc_send(c, &d.base);
}

static void reported(struct rpc_call *c)
{
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static void collect(struct rpc_call *c, struct rpc_msg *m)
{
	(void)m;
	rpc_set_data(c, (void *)((uintptr_t)rpc_data(c) + 1));
}

static void collected(struct rpc_call *c)
{
	answer(c, (uintptr_t)rpc_data(c));
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static const struct rpc_handler on_snapshot = { .message = snapshot };
static const struct rpc_handler on_watch = { .message = watch };
static const struct rpc_handler on_report = { .message = report, .half_closed = reported };
static const struct rpc_handler on_collect = { .message = collect, .half_closed = collected };

#define QUERY	  &plimsoll__v1__query__descriptor
#define BATCH	  &plimsoll__v1__batch__descriptor
#define DIRECTIVE &plimsoll__v1__directive__descriptor

static const struct rpc_method methods[] = {
	{ "/plimsoll.v1.Metrics/Snapshot", RPC_UNARY, QUERY, BATCH, &on_snapshot, 0 },
	{ "/plimsoll.v1.Metrics/Watch", RPC_SERVER_STREAM, QUERY, BATCH, &on_watch, 0 },
	{ "/plimsoll.v1.Ingest/Report", RPC_BIDI, BATCH, DIRECTIVE, &on_report, 0 },
	{ "/test.Echo/Collect", RPC_CLIENT_STREAM, BATCH, BATCH, &on_collect, 0 },
};

static void log_core(int severity, const char *text)
{
	fprintf(stderr, "core %d: %s\n", severity, text);
}

static void toggle(int signum, void *data)
{
	(void)signum;
	(void)data;
	unhealthy = !unhealthy;
	rpc_server_set_serving(server, "plimsoll.v1.Metrics", !unhealthy);
}

static void stopped(void *data)
{
	(void)data;
	loop_stop(loop);
}

static void stop(int signum, void *data)
{
	(void)signum;
	(void)data;
	rpc_server_stop(server, 2 * CLOCK_NS_PER_S, stopped, NULL);
}

static void make_certificates(const char *dir, struct rpc_tls *tls)
{
	static char cert[200], key[200], ca_path[200];
	struct authority ca = authority_new(dir, "ca");

	leaf(dir, "server", &ca, (struct wish){ .dns = "localhost" });
	leaf(dir, "client", &ca, (struct wish){ .dns = "node-7" });
	authority_free(&ca);
	snprintf(cert, sizeof(cert), "%s/server.crt", dir);
	snprintf(key, sizeof(key), "%s/server.key", dir);
	snprintf(ca_path, sizeof(ca_path), "%s/ca.crt", dir);
	*tls = (struct rpc_tls){ .cert = cert, .key = key, .ca = ca_path,
				 .require_client_cert = true };
}

int main(int argc, char **argv)
{
	struct rpc_server_options o = { .methods = methods,
					.n_methods = sizeof(methods) / sizeof(methods[0]),
					.descriptors = { descriptors_bytes, descriptors_size } };
	struct err e;

	if (argc < 2 || !(loop = loop_new()))
		return 2;
	if (argc > 2)
		make_certificates(argv[2], &o.tls);
	o.address = argv[1];
	rpc_init(log_core);
	if (rpc_server_start(loop, &o, &server, &e) < 0) {
		err_print(&e, argv[0], stderr);
		return 1;
	}
	loop_signal_new(loop, SIGTERM, stop, NULL);
	loop_signal_new(loop, SIGUSR1, toggle, NULL);
	printf("ready %d\n", rpc_server_port(server));
	fflush(stdout);
	loop_run(loop);
	loop_free(loop);
	rpc_shutdown();
	return 0;
}
