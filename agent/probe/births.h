/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the tree: cgroups that begin. The kernel tells of most when they are made, with the slot that it gave them; the
 * others a pass finds. The same path in another hierarchy is the same cgroup.
 */
#ifndef AGENT_PROBE_BIRTHS_H
#define AGENT_PROBE_BIRTHS_H

#include <stdbool.h>

#include "agent/probe/tree.h"

/* One that the kernel gave a slot; they are numbered. False: it is no cgroup of ours, or its parent is not known. */
bool births_take(struct tree *t, const struct plimsoll_birth *b, uint32_t number);
/* Those that a pass reports; returns how many directories are new. The others had no room, or their parents. */
size_t births_bear(struct tree *t, const struct plimsoll_birth *births, size_t n);

#endif
