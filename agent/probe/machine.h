/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: what this machine has of what the agent needs, in plain words. Loads nothing.
 */
#ifndef AGENT_PROBE_MACHINE_H
#define AGENT_PROBE_MACHINE_H

#include "agent/probe/probe.h"

int machine_examine(struct probe_notice *ret, int room); /* returns the count */
/* 0, or what is certainly missing: -ENOENT no BTF, -EPERM a capability. */
int machine_check(struct err *e);

#endif
