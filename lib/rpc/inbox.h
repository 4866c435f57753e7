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
struct rpc_inbox *rpc_inbox_new(struct loop *l);
void rpc_inbox_push(struct rpc_inbox *b, struct rpc_event *e); /* any thread */
/* Loop thread, when nobody can push any more; allowed inside deliver(). */
void rpc_inbox_close(struct rpc_inbox *b);

#endif
