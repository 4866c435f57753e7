/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the full-screen top knows while it runs, and what all of its parts do with it: draw it, say something for some
 * seconds, end, and put the list in order. Owned by ctl/live.c; one thread, the loop's.
 */
#ifndef CTL_LIVE_STATE_H
#define CTL_LIVE_STATE_H

#include "base/err.h"
#include "ctl/command.h"
#include "ctl/connect.h"
#include "ctl/fleet.h"
#include "ctl/screen.h"
#include "ctl/stand_in.h"
#include "ctl/view.h"

#define LIVE_STATE_MAGIC 0x6c697665u

struct live_state {
	unsigned magic;
	const struct session *session;
	struct connect *connect;
	struct loop *loop;
	struct screen *screen;
	struct loop_timer *tick, *retry, *end;
	struct rpc_call *stream; /* NULL: lost */
	bool ending;
	int result;
	struct view view;
	struct history *cpu;
	/* What the view borrows from: */
	struct fleet *fleet; /* of an agent */
	struct stand_in *stand_in;
	struct rpc_msg *workloads; /* of an aggregator */
	struct rpc_msg *decisions;
	char *text;
	enum view_mode before; /* where the text was asked for */
	const workload **all;
	size_t n_all;
	char *selected;               /* name */
	char *page;                   /* name of an agent's cgroup whose page is open, NULL: none */
	char *newest_decisions;       /* ids of all workloads, to see when there is a new one */
	uint64_t received_ns, age_ns; /* of the newest sample when it was received */
	uint64_t message_until_ns;
};

struct live_state *live_state_of(void *data);
void live_state_draw(struct live_state *v);
/* In the last row, for some seconds. */
void live_state_say(struct live_state *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
void live_state_say_err(struct live_state *v, const struct err *e);
void live_state_end(struct live_state *v, int result); /* an exit code */

/* The list: filtered, sorted, the selection kept by name. */
void live_state_arrange(struct live_state *v);
void live_state_remember(struct live_state *v); /* which one is selected */

#endif
