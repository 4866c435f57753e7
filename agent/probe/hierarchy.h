/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: where this machine's cgroup hierarchies are mounted. Pure v2 has one; a hybrid
 * machine keeps controllers in v1 hierarchies beside an (often empty) v2 one; pure v1 has only the former.
 */
#ifndef AGENT_PROBE_HIERARCHY_H
#define AGENT_PROBE_HIERARCHY_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "plimsoll/slot.h"

#define HIERARCHY_PATH 512

struct hierarchy {
	/* Mount points: of cgroup2, and of the v1 hierarchies that have the memory, cpu and blkio
	 * controllers. Empty: there is none, so that the controller is on v2 or off. */
	char mount[PLIMSOLL_HIERARCHIES][HIERARCHY_PATH];
	bool partial; /* we see only a part: one is mounted from below its root */
};

/* Reads /proc/self/mountinfo or a file of that form. -ENODEV: no usable hierarchy is mounted. */
int hierarchy_find(FILE *mountinfo, struct hierarchy *ret, struct err *e);
const char *hierarchy_kind(const struct hierarchy *h); /* "v2", "hybrid", "v1" */

#endif
