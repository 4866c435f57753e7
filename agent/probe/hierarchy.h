/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: where this machine's cgroup hierarchies are mounted. Pure v2 has one; a hybrid
 * machine keeps memory in a v1 hierarchy beside an (often empty) v2 one; pure v1 has only the former.
 */
#ifndef AGENT_PROBE_HIERARCHY_H
#define AGENT_PROBE_HIERARCHY_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

#define HIERARCHY_PATH 512

struct hierarchy {
	char unified[HIERARCHY_PATH]; /* mount point of cgroup2, empty: none */
	char memory[HIERARCHY_PATH];  /* of the v1 memory controller, empty: memory is on v2 */
	bool partial;                 /* we see only a part: mounted from below its root */
};

/* Reads /proc/self/mountinfo or a file of that form. -ENODEV: no usable hierarchy is mounted. */
int hierarchy_find(FILE *mountinfo, struct hierarchy *ret, struct err *e);
const char *hierarchy_kind(const struct hierarchy *h); /* "v2", "hybrid", "v1" */

#endif
