/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the probe: bytes, requests and latency of block devices, by cgroup. */
#ifndef AGENT_PROBE_BLOCK_H
#define AGENT_PROBE_BLOCK_H

#include "agent/probe/part.h"

extern const struct part block_part;

#endif
