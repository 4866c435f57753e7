/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: what this machine has of what the agent needs, in plain words. Loads nothing.
 * `root` stands before every path that is read: "" for this machine, or a folder that looks like one.
 */
#ifndef AGENT_PROBE_MACHINE_H
#define AGENT_PROBE_MACHINE_H

#include "agent/probe/probe.h"

int machine_examine(const char *root, struct probe_notice *ret, int room); /* returns the count */
/* 0, or what is certainly missing: -ENOENT no BTF, -EOPNOTSUPP the cgroup iterator, -EPERM a capability. */
int machine_check(const char *root, struct err *e);

#endif
