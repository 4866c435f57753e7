/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader's place in the spool. Both ways out of the agent use it, the stream to the aggregator and
 * Watch: a reader gets every second in order, at its own speed, and never slows the sampling down.
 */
#ifndef AGENT_FEED_H
#define AGENT_FEED_H

#include <stdint.h>

#include "agent/spool.h"
#include "rpc/rpc.h"

struct feed {
	uint64_t next;    /* sequence to send next; 0: the next keyframe there will be */
	uint64_t skipped; /* seconds that were overwritten before this reader took them */
};

/* Sends until the newest is sent or the call's queue is full; call it after every put and when the
 * call is writable again. 0, or -EPIPE when the call is over. */
int feed_pump(struct feed *f, const struct spool *s, struct rpc_call *c);

#endif
