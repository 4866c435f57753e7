/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/rpc: one grpc_server of core's and its slots for new calls. A server of ours has one at a
 * time; when core 1.51 stops accepting (any accept error, such as EMFILE, ends its listening for
 * ever: CVE-2023-4785) the listener retires, keeps its running calls, and a new one takes its place.
 */
#ifndef RPC_LISTENER_H
#define RPC_LISTENER_H

#include "rpc/call.h"

#define RPC_SLOTS 16u /* new calls core may hand over before we have asked again */

struct rpc_listener;
int rpc_listener_start(struct rpc_server *s, bool again, struct rpc_listener **ret_l,
		       struct err *e);
/* No new connections or calls, GOAWAY to the present ones; gone (see server.h) comes when all ended. */
void rpc_listener_retire(struct rpc_listener *l);
void rpc_listener_cancel(struct rpc_listener *l); /* cancels what still runs */
void rpc_listener_each(struct rpc_listener *l, void (*f)(struct rpc_call *c));
struct rpc_listener *rpc_listener_next(struct rpc_listener *l);
void rpc_listener_link(struct rpc_listener *l, struct rpc_listener *next);

#endif
