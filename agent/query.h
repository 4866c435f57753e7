/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a Query can be answered by this agent. */
#ifndef AGENT_QUERY_H
#define AGENT_QUERY_H

#include <stdbool.h>

#include "agent/agent.h"
#include "plimsoll/v1/metrics.pb-c.h"

#define QUERY_PATTERNS 64	 /* globs a query, each matched with every row every second */
#define QUERY_PATTERN_BYTES 1024 /* no path that a person writes is longer */

/* False: the call was refused with what is wrong and what to do. */
bool query_accept(struct rpc_call *c, const struct agent *a, const Plimsoll__V1__Query *q);

#endif
