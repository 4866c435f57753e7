/* SPDX-License-Identifier: Apache-2.0 */
/* Someone who reads a stream of the Scaling service: an open call and what it asked for. */
#ifndef AGGREGATOR_SERVE_WATCHER_H
#define AGGREGATOR_SERVE_WATCHER_H

#include <stdint.h>

#include "rpc/rpc.h"

struct watcher {
	unsigned magic;
	struct rpc_call *call;
	struct rpc_msg *asked;  /* kept; NULL until it came */
	uint64_t told_ns;       /* boottime of the last message; 0: none */
	struct watcher *next, **previous;
};

#define WATCHER_MOST 100u /* of one list: each costs the loop a message a second */

/* For a handler's open(), message() and closed(). Not RPC_OK: too many, counted, and the call is told. */
enum rpc_code watcher_open(struct watcher **list, struct rpc_call *c);
struct watcher *watcher_asked(struct rpc_call *c, struct rpc_msg *m);
void watcher_closed(struct rpc_call *c, enum rpc_code code, const char *why);
const ProtobufCMessage *watcher_query(const struct watcher *w); /* NULL until it came */

#endif
