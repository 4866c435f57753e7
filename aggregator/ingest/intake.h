/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One incoming stream of batches, whoever opened it: an agent that pushes (ingest/report) or one that
 * we subscribed to (ingest/scrape). It begins with the preamble, checks, stores, and knows how far it
 * came. A node is fed by one stream: a newer one takes over and the older is told so.
 */
#ifndef AGGREGATOR_INGEST_INTAKE_H
#define AGGREGATOR_INGEST_INTAKE_H

#include "aggregator/ingest/check.h"
#include "base/clock.h"
#include "rpc/rpc.h"

#define INTAKE_HELLO_NS (30 * CLOCK_NS_PER_S) /* a stream without a preamble is closed after this */
/* A stream that sends nothing is closed before the store drops its rows, so that the agent comes back
 * with a preamble and a keyframe. */
#define INTAKE_SILENT_NS (STORE_SILENT_KEEP_NS - 10 * CLOCK_NS_PER_S)

struct intake;

struct ingest { /* what all streams share */
	struct store *store;
	struct check *check;
	struct intake *streams;
	size_t n_streams;
	uint64_t replaced, silent; /* streams ended for a newer one, for silence */
	/* A second was stored. May be NULL. */
	void (*stored)(struct store_node *n, const Plimsoll__V1__Batch *b, void *data);
	void *data;
};

struct ingest *ingest_new(struct store *s);
struct ingest *ingest_free(struct ingest *i); /* every stream has ended; NULL is fine */
void ingest_expire(struct ingest *i, clock_boot_t now); /* about once a second */

struct intake_end { /* why a stream must end; code RPC_OK: it goes on */
	enum rpc_code code;
	char text[320], fix[200];
};

struct intake {
	struct ingest *ingest;
	struct intake *next, **previous;
	struct store_node *node; /* NULL before the preamble */
	uint64_t epoch, sequence; /* sequence: newest seen on this stream */
	uint64_t opened_ns;
	/* The stream is to end: finish the call, nothing else. */
	void (*end)(struct intake *i, const struct intake_end *why);
};

void intake_open(struct intake *i, struct ingest *ingest, clock_boot_t now,
		 void (*end)(struct intake *i, const struct intake_end *why));
void intake_close(struct intake *i); /* also for one that never opened */

/* The first message. `identity`: the peer's certificate name, NULL without mutual TLS.
 * *ret_held: the last second held of that epoch, 0: none. */
void intake_hello(struct intake *i, const Plimsoll__V1__Batch *b, const char *identity,
		  clock_boot_t arrival, uint64_t *ret_held, struct intake_end *ret);
/* Every further one. Returns true when it was stored or was there already. */
bool intake_put(struct intake *i, const Plimsoll__V1__Batch *b, clock_boot_t arrival);

#endif
