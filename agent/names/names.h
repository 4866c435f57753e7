/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of containers of one runtime: what its helper (agent/names/asker.h) hears from it, by
 * container id, and given to the rows that have none. Without a runtime, or while it is away, rows go by
 * their ids: nothing else depends on it. Loop-thread-only; nothing blocks.
 */
#ifndef AGENT_NAMES_NAMES_H
#define AGENT_NAMES_NAMES_H

#include "agent/names/word.h"
#include "agent/probe/probe.h"
#include "agent/sample.h"
#include "agent/sandbox/user.h"
#include "base/err.h"
#include "loop/loop.h"

struct names;
/* Starts the helper, so it comes before the first thread and what the helper should not have. `option` as in
 * agent/names/door.h, borrowed. Never NULL: what is missing, the notice says. */
struct names *names_start(enum names_kind kind, const char *option, const struct user *u);
struct names *names_from(enum names_kind kind, int fd, const char *address); /* words come there; for tests */
void names_listen(struct names *n, struct loop *l);
struct names *names_free(struct names *n); /* the helper ends with it; NULL is fine; returns NULL */

/* After a sample_take(): names its rows, and asks for those of rows that have none. */
void names_apply(struct names *n, struct sample *s, clock_boot_t now);

#endif
