/* SPDX-License-Identifier: Apache-2.0 */
/* The load: the same client of lib/rpc against every server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench.h"

struct connection {
	struct rpc_client *client;
	struct rpc_call *call;
	struct loop_timer *tick;
	uint64_t sent_ns, sequence;
	bool waiting, answered;
};

static const struct bench_run *run;
static struct loop *loop;
static Plimsoll__V1__Batch *batch;
static struct connection *connections;
static struct bench_client result;
static uint32_t *latencies_us;
static uint64_t started_ns, sent;
static unsigned open_left;
static bool measuring;

static uint64_t now_ns(void)
{
	return clock_boot().ns;
}

static void note_latency(uint64_t ns)
{
	if (result.n_latencies < BENCH_MAX_LATENCIES)
		latencies_us[result.n_latencies++] = (uint32_t)(ns / CLOCK_NS_PER_US);
}

static void ended(struct rpc_call *c, enum rpc_code code, const char *message)
{
	(void)c;
	if (code != RPC_OK && !result.failed) {
		fprintf(stderr, "bench-rpc: %s: %s\n", rpc_code_name(code), message);
		result.failed = true;
	}
	result.elapsed_ns = now_ns() - started_ns;
	loop_stop(loop);
}

/* BENCH_PUSH */

static void push(struct rpc_call *c)
{
	while (sent < run->messages) {
		batch->sequence = sent + 1;
		if (rpc_send(c, &batch->base) < 0)
			return;
		sent++;
	}
	result.messages = sent;
	rpc_send_done(c);
}

static const struct rpc_handler pushing = { .writable = push, .closed = ended };

/* BENCH_TRIP */

static void send_one(struct rpc_call *c)
{
	struct connection *k = rpc_data(c);

	batch->sequence = ++sent;
	k->sent_ns = now_ns();
	(void)rpc_send(c, &batch->base);
}

static void trip_answered(struct rpc_call *c, struct rpc_msg *m)
{
	struct connection *k = rpc_data(c);

	(void)m;
	note_latency(now_ns() - k->sent_ns);
	result.messages++;
	if (sent < run->messages)
		send_one(c);
	else
		rpc_send_done(c);
}

static const struct rpc_handler tripping = { .message = trip_answered, .closed = ended };

/* BENCH_UNARY */

static void ask(struct connection *k);

static void asked(struct rpc_call *c, enum rpc_code code, const char *message)
{
	struct connection *k = rpc_data(c);

	note_latency(now_ns() - k->sent_ns);
	result.messages++;
	if (code == RPC_OK && sent < run->messages)
		ask(k);
	else
		ended(c, code, message);
}

static const struct rpc_handler asking = { .closed = asked };

static void ask(struct connection *k)
{
	send_one(rpc_open(k->client, &bench_methods[2], &asking, 0, true, k));
}

/* BENCH_FLEET: every connection sends in its own phase of the second. */

static void fleet_answered(struct rpc_call *c, struct rpc_msg *m)
{
	struct connection *k = rpc_data(c);
	uint64_t took_ns = now_ns() - k->sent_ns;

	(void)m;
	k->waiting = false;
	if (!k->answered) {
		k->answered = true;
		if (--open_left == 0) {
			result.open_ns = now_ns() - started_ns;
			loop_stop(loop);
		}
	}
	if (!measuring)
		return;
	result.messages++;
	result.late += took_ns > CLOCK_NS_PER_S;
	note_latency(took_ns);
}

static void fleet_ended(struct rpc_call *c, enum rpc_code code, const char *message)
{
	struct connection *k = rpc_data(c);

	k->call = NULL;
	if (!result.failed)
		fprintf(stderr, "bench-rpc: a stream ended: %s: %s\n", rpc_code_name(code), message);
	result.failed = true;
}

static const struct rpc_handler fleet = { .message = fleet_answered, .closed = fleet_ended };

static void tick(void *data)
{
	struct connection *k = data;

	if (!k->call)
		return;
	if (k->waiting) { /* the last one is not answered after a whole second */
		result.late += measuring;
		return;
	}
	k->waiting = true;
	batch->sequence = ++k->sequence;
	k->sent_ns = now_ns();
	(void)rpc_send(k->call, &batch->base);
}

static void connect_one(struct connection *k, const char *address, const struct rpc_tls *tls)
{
	struct rpc_client_options o = { .address = address, .tls = *tls };
	struct err e;

	if (rpc_client_new(loop, &o, &k->client, &e) < 0) {
		err_print(&e, "bench-rpc", stderr);
		_exit(1);
	}
}

static void run_fleet(const char *address, const struct rpc_tls *tls)
{
	open_left = run->clients;
	for (unsigned i = 0; i < run->clients; i++) {
		struct connection *k = &connections[i];

		connect_one(k, address, tls);
		k->call = rpc_open(k->client, &bench_methods[1], &fleet, 0, true, k);
		k->tick = loop_timer_new(loop, tick, k);
		loop_timer_start(k->tick, (uint64_t)(i + 1) * CLOCK_NS_PER_S / run->clients,
				 CLOCK_NS_PER_S);
	}
	loop_run(loop);
}

static void stop_loop(void *data)
{
	loop_stop(data);
}

static void measure_fleet(int to_fd, int go_fd)
{
	struct loop_timer *end = loop_timer_new(loop, stop_loop, loop);
	char go;

	/* All processes begin to measure together, when each has its connections. */
	if (write(to_fd, "o", 1) != 1 || read(go_fd, &go, 1) != 1)
		_exit(1);
	for (unsigned i = 0; i < run->clients; i++)
		connections[i].waiting = false; /* the pause was ours */
	measuring = true;
	started_ns = now_ns();
	loop_timer_start(end, run->messages * CLOCK_NS_PER_S, 0);
	loop_run(loop);
	result.elapsed_ns = now_ns() - started_ns;
}

static void run_one(const char *address, const struct rpc_tls *tls)
{
	struct connection *k = &connections[0];

	connect_one(k, address, tls);
	if (run->shape == BENCH_PUSH)
		push(rpc_open(k->client, &bench_methods[0], &pushing, 0, true, k));
	else if (run->shape == BENCH_TRIP)
		send_one(rpc_open(k->client, &bench_methods[1], &tripping, 0, true, k));
	else
		ask(k);
	loop_run(loop);
}

static void write_all(int fd, const void *bytes, size_t n)
{
	for (const char *p = bytes; n;) {
		ssize_t done = write(fd, p, n);

		if (done <= 0)
			_exit(1);
		p += done;
		n -= (size_t)done;
	}
}

void bench_client_run(const struct bench_run *r, int port, int to_fd, int go_fd)
{
	char address[64], cert[200], key[200], ca[200];
	struct rpc_tls tls = { 0 };

	snprintf(address, sizeof(address), "127.0.0.1:%d", port);
	if (r->tls) {
		snprintf(cert, sizeof(cert), "%s/client.crt", r->dir);
		snprintf(key, sizeof(key), "%s/client.key", r->dir);
		snprintf(ca, sizeof(ca), "%s/ca.crt", r->dir);
		tls = (struct rpc_tls){ .cert = cert, .key = key, .ca = ca };
	}
	run = r;
	loop = loop_new();
	batch = bench_batch();
	connections = mem_array(NULL, r->clients, sizeof(*connections));
	memset(connections, 0, r->clients * sizeof(*connections));
	latencies_us = mem_array(NULL, BENCH_MAX_LATENCIES, sizeof(*latencies_us));
	rpc_init(NULL);
	started_ns = now_ns();
	if (r->shape == BENCH_FLEET) {
		run_fleet(address, &tls);
		measure_fleet(to_fd, go_fd);
	} else {
		run_one(address, &tls);
	}
	write_all(to_fd, &result, sizeof(result));
	write_all(to_fd, latencies_us, result.n_latencies * sizeof(*latencies_us));
	_exit(0); /* tearing thousands of connections down is not measured */
}
