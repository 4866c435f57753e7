/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What carries a decision out. One struct act a workload, made from its policy; it runs one order at a
 * time. Two kinds: `exec` (act/exec.h) starts the operator's command, `none` (act/none.h) does nothing
 * and says so. Loop-thread-only, never blocks.
 */
#ifndef AGGREGATOR_ACT_ACT_H
#define AGGREGATOR_ACT_ACT_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

#define ACT_WHY 220 /* bytes of why an order was not carried out, with what the hook said last */

struct act;

struct act_order {
	const char *workload;
	uint32_t from, to;
	const char *reason;   /* a word of decide/verdict.h */
	const char *decision; /* "d-7" */
};

/* `why` is empty when the order was carried out, and else names the cause in one line. */
typedef void (*act_done_t)(const char *why, void *data);

struct act_kind { /* the two implementations */
	const char *name; /* as in a policy's actuator: "exec", "none" */
	/* 0: act_finish() comes later, never from inside; negative errno: it could not start. */
	int (*start)(struct act *a, const struct act_order *o);
};

struct act {
	unsigned magic;
	const struct act_kind *kind;
	struct loop *loop;
	char **command;      /* exec: NULL-terminated, owned */
	uint64_t timeout_ns; /* exec */
	struct loop_timer *soon; /* none */
	bool running, closed;
	act_done_t done;
	void *data;
};

/* `command` NULL: none. Copied; never handed to a shell. */
struct act *act_new(struct loop *l, const char *const *command, uint64_t timeout_ns);
/* Starts the order. `done` comes exactly once, never from inside, unless act_close() came before it.
 * -EBUSY: one is running; else why it could not start (then no done). */
int act_run(struct act *a, const struct act_order *o, act_done_t done, void *data);
bool act_running(const struct act *a);
const char *act_name(const struct act *a);
/* A hook that is running goes on to its end or time limit; nobody hears of it. NULL is fine. */
void act_close(struct act *a);

void act_finish(struct act *a, const char *why); /* for the kinds */

#endif
