/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the probe: time lost to reclaim, by cgroup. */
#ifndef AGENT_PROBE_RECLAIM_H
#define AGENT_PROBE_RECLAIM_H

#include "agent/probe/part.h"

extern const struct part reclaim_part;

#endif
