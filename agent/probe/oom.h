/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the probe: whom the kernel killed for want of memory, by cgroup. */
#ifndef AGENT_PROBE_OOM_H
#define AGENT_PROBE_OOM_H

#include "agent/probe/part.h"

extern const struct part oom_part;

#endif
