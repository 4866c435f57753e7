/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker or Podman asked for its containers, by Docker's Engine API on a unix socket. The question is HTTP/1.0, so
 * that the answer has neither chunks nor a connection that lasts, and its end is its end. Not the daemon's own files:
 * they are root's, no promise of anybody's, and nothing of root is left where this runs, in the helper's
 * process. Loop-thread-only; nothing blocks.
 */
#ifndef AGENT_NAMES_ENGINE_H
#define AGENT_NAMES_ENGINE_H

#include "agent/names/lister.h"

#define ENGINE_MAX_ANSWER (16u << 20) /* bytes: 8192 containers of 2 KiB, twice what they mostly have */

struct engine;
struct engine *engine_start(const struct lister_options *o); /* begins at once */
void engine_want(struct engine *n);			     /* a list, please */
struct engine *engine_stop(struct engine *n);		     /* NULL is fine; returns NULL */

#endif
