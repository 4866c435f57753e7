/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to the aggregator: one Ingest.Report stream that is opened again whenever it breaks.
 * Preamble first, then whatever the aggregator's Resume says is missing there, out of the spool, then
 * each second as it comes. A slow or absent aggregator costs spool, never a sample. Loop-thread-only;
 * nothing blocks. Logs one line a change of state.
 */
#ifndef AGENT_STREAM_H
#define AGENT_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/spool.h"
#include "base/err.h"
#include "rpc/rpc.h"

struct stream_options {
	struct loop *loop;
	const char *address;
	struct rpc_tls tls;
	struct spool *spool;
	uint64_t epoch;
	struct rpc_packed *(*preamble)(void *data); /* of now; the stream releases it */
	void *data;
};

struct stream;
/* Borrows spool; starts connecting at once. -EINVAL and the like: the address or certificates. */
int stream_start(const struct stream_options *o, struct stream **ret_s, struct err *e);
void stream_pump(struct stream *s); /* after each new batch; NULL is fine */
/* Half-closes, gives the aggregator a moment to take what is queued; then done(), *s is freed. */
void stream_stop(struct stream *s, void (*done)(void *data), void *data);

#endif
