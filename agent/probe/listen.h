/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the probe: accept queues of all listening TCP sockets, by cgroup. */
#ifndef AGENT_PROBE_LISTEN_H
#define AGENT_PROBE_LISTEN_H

#include "agent/probe/part.h"

extern const struct part listen_part;

#endif
