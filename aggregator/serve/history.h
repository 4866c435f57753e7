/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scaling.ListDecisions and WatchDecisions: what was decided, newest first, and what is being decided.
 * A Watch gets a decision once, when its outcome is known; and, if asked for, holds (without id) when
 * their reason changes. First it gets those since a time, if it asks for them: one that was away misses none. A reader that does not keep up is ended: it can list what it missed.
 */
#ifndef AGGREGATOR_SERVE_HISTORY_H
#define AGGREGATOR_SERVE_HISTORY_H

#include "plimsoll/v1/scaling.pb-c.h"
#include "rpc/rpc.h"

#define SERVE_HISTORY_PAGE 100u  /* decisions in an answer when none are asked for */
#define SERVE_HISTORY_MOST 1000u /* in one answer */
#define SERVE_HISTORY_SINCE 50u  /* that a Watch begins with: fewer than RPC_SEND_QUEUE */

struct aggregator;
struct decision; /* aggregator/store/decisions.h */

extern const struct rpc_method serve_history_methods[];
extern const size_t serve_history_n;

void serve_history_tell(struct aggregator *a, const struct decision *x);

/* A decision's message; its strings are borrowed from `x`, its id is written to `id`. */
#define SERVE_HISTORY_ID 32
void serve_history_fill(Plimsoll__V1__Decision *m, const struct decision *x,
			char id[SERVE_HISTORY_ID]);

#endif
