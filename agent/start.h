/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the agent begins: certificates, kernel programs and a first sample while it is privileged, then no privilege any
 * more, and only then the first threads, its servers and its stream. Loop-thread-only.
 */
#ifndef AGENT_START_H
#define AGENT_START_H

#include "agent/agent.h"

int start_parts(struct agent *a, struct err *e); /* what did start when one fails is the caller's to stop */

#endif
