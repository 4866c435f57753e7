/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part that hears requests in clear text (bpf/protocol.h) at the sockets of every cgroup: how many, how they ended, how long they
 * took, as their servers and as their clients see it. Needs CAP_NET_ADMIN and a v2 hierarchy.
 */
#ifndef AGENT_PROBE_REQUEST_H
#define AGENT_PROBE_REQUEST_H

#include "agent/probe/part.h"

extern const struct part request_part;

#endif
