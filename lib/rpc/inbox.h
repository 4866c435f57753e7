/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/rpc: the list through which the poller thread hands over to the loop thread. Events are
 * embedded in what they tell about, so handing over allocates nothing; an event may be in the list
 * once. Order is kept, so the last event of a call is the last one the loop sees.
 */
#ifndef RPC_INBOX_H
#define RPC_INBOX_H

#include <stdbool.h>

#include "loop/loop.h"

struct rpc_event {
	struct rpc_event *next;
	void (*deliver)(struct rpc_event *e); /* on the loop thread; may free the event */
};

struct rpc_inbox;
/* The loop's inbox: all its servers and clients share one, because libuv looks at every wake handle
 * of a loop each time one of them is signalled. Loop thread. */
struct rpc_inbox *rpc_inbox_open(struct loop *l);
void rpc_inbox_push(struct rpc_inbox *b, struct rpc_event *e); /* any thread */
/* Loop thread, when the owner's events can come no more; allowed inside deliver(). */
void rpc_inbox_close(struct rpc_inbox *b);

#endif
