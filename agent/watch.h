/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics.Watch. A reader of everything follows the spool and misses nothing. One with a filter or a
 * longer interval is encoded for itself: after a second it was not given, by wish or because it is
 * slow, it gets the whole state again (a keyframe) and the rows that ended meanwhile.
 */
#ifndef AGENT_WATCH_H
#define AGENT_WATCH_H

#include "agent/agent.h"

#define WATCH_MAX    64 /* a node has few readers, and each may cost an encoding a second */
#define WATCH_QUEUED 4	/* batches waiting in a call of its own before the reader counts as slow */

extern const struct rpc_handler watch_handler;

void watch_second(struct agent *a); /* a new second is sampled and spooled */

#endif
