/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the probe: TCP connections, their faults and round trips, by cgroup. */
#ifndef AGENT_PROBE_TCP_H
#define AGENT_PROBE_TCP_H

#include "agent/probe/part.h"

extern const struct part tcp_part;

#endif
