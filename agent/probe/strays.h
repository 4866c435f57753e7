/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: slots of births that were no cgroup's of ours, until nothing counts there any more. What they
 * counted is nobody's, and is kept as that.
 */
#ifndef AGENT_PROBE_STRAYS_H
#define AGENT_PROBE_STRAYS_H

#include "agent/probe/rows.h"
#include "plimsoll/signal.h"

struct stray;

struct strays { /* all zero: none */
	struct stray *first;
	struct signals nobodys; /* counted by those that were caught */
};

void strays_add(struct strays *s, uint32_t slot);
void strays_catch(struct strays *s, struct pool *p, const struct rows_adder *a); /* those that are not busy go back */
void strays_free(struct strays *s);

#endif
