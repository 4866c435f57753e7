/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the probe: IP bytes and packets by cgroup. */
#ifndef AGENT_PROBE_NET_H
#define AGENT_PROBE_NET_H

#include "agent/probe/part.h"

extern const struct part net_part;

#endif
