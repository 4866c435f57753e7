/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the probe: the part of bpf/run.bpf.c. */
#ifndef AGENT_PROBE_RUN_H
#define AGENT_PROBE_RUN_H

#include "agent/probe/part.h"

extern const struct part run_part;

#endif
