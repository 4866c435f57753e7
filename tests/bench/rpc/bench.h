/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark of lib/rpc: each run forks one server and its clients, so that CPU and memory of the
 * two sides are apart; runs of the things compared take turns. gRPC is initialised only in the children.
 */
#ifndef BENCH_RPC_H
#define BENCH_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "plimsoll/v1/metrics.pb-c.h"
#include "rpc/rpc.h"

#define BENCH_ROWS 100 /* of one batch: a busy node */
#define BENCH_MAX_LATENCIES 200000u

enum bench_server { BENCH_OURS, BENCH_RAW }; /* raw: core's API by hand, one thread, malloc decode */
enum bench_shape {
	BENCH_PUSH,  /* a client stream, as fast as it goes */
	BENCH_TRIP,  /* bidi, the next message after the answer to the last */
	BENCH_UNARY, /* the same with one call a message */
	BENCH_FLEET, /* many connections, one message a second each */
};

struct bench_run {
	enum bench_server server;
	enum bench_shape shape;
	bool tls;
	const char *dir;       /* of the certificates */
	uint64_t messages;     /* of one client; BENCH_FLEET: seconds */
	unsigned clients;      /* BENCH_FLEET: connections */
};

struct bench_result {
	uint64_t messages, elapsed_ns;
	uint64_t server_cpu_ns, client_cpu_ns;
	uint64_t p50_ns, p99_ns;
	uint64_t late;                       /* BENCH_FLEET: answered after more than a second */
	uint64_t server_rss_bytes;           /* BENCH_FLEET: grown by all connections */
	uint64_t open_ns;                    /* BENCH_FLEET: until all had their first answer */
};

void bench_serve_ours(const struct bench_run *r, int ready_fd); /* until SIGTERM */
void bench_serve_raw(int ready_fd);                             /* until SIGTERM */
/* One client process; port of the server; writes one struct bench_client to `to_fd`. */
struct bench_client {
	uint64_t messages, elapsed_ns, late, open_ns;
	uint32_t n_latencies;
	bool failed;
};
void bench_client_run(const struct bench_run *r, int port, int to_fd, int go_fd);

/* A batch of BENCH_ROWS rows with plausible counters. */
Plimsoll__V1__Batch *bench_batch(void);

extern const struct rpc_method bench_methods[3]; /* push, trip, unary; handlers unset */

#endif
