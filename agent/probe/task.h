/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the probe: processes, threads and the age of the oldest, counted by one walk over all tasks. */
#ifndef AGENT_PROBE_TASK_H
#define AGENT_PROBE_TASK_H

#include "agent/probe/part.h"

extern const struct part task_part;

#endif
