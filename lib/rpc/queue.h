/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/rpc: the process's one completion queue and the thread that polls it. Every call lives
 * its whole life on this queue, so all completions of a call come on one thread.
 */
#ifndef RPC_QUEUE_H
#define RPC_QUEUE_H

#include <grpc/grpc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* What a completion points to; embedded in its owner, alive until it has run. */
struct rpc_tag {
	void (*run)(struct rpc_tag *tag, bool ok); /* on the poller thread */
	_Atomic unsigned given;
};

/* Call this before core gets the tag. Core's queue orders memory too, but with atomics that the
 * thread sanitizer cannot see; this one store (and a load in the poller) it can. */
static inline void rpc_tag_give(struct rpc_tag *tag)
{
	atomic_fetch_add_explicit(&tag->given, 1, memory_order_release);
}

#define rpc_owner(pointer, type, member) \
	((type *)(void *)((char *)(pointer) - offsetof(type, member)))

grpc_completion_queue *rpc_queue(void); /* stops the process when rpc_init() was forgotten */
/* Tells every registered listener owner that core said "accept failed"; see listener.h. */
void rpc_queue_on_accept_error(void (*notify)(void));

#endif
