/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cgroups above one do to it: their CPU quotas stop it and their memory limits make it reclaim as its own do.
 * The root of what we see is left out: nothing limits it there.
 */
#ifndef AGENT_PROBE_ABOVE_H
#define AGENT_PROBE_ABOVE_H

#include "agent/probe/reading.h"

/* Adds to `to`, which holds what its own cgroup has if that is `known`: the tightest quota of all, and what all of
 * them throttled since it was read first. False: one that counts is not known, or there is none. On cgroup v2 one
 * without the cpu controller runs as a part of the one above. */
bool above_bandwidth(const struct reading *r, const struct probe_cgroup *c, enum plimsoll_hierarchy by, bool known,
		     struct signals *to);
/* The least limit, bytes; 0: none has one. */
uint64_t above_limit(const struct reading *r, const struct probe_cgroup *c, enum plimsoll_hierarchy by);

#endif
