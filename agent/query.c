/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/query.h"

#include <stdio.h>
#include <string.h>

#include "base/glob.h"

static bool names_this_node(const struct agent *a, const Plimsoll__V1__Query *q)
{
	for (size_t i = 0; i < q->n_node; i++)
		if (glob_match(q->node[i], a->options->node))
			return true;
	return q->n_node == 0;
}

static bool patterns_fit(const Plimsoll__V1__Query *q)
{
	if (q->n_cgroup > QUERY_PATTERNS)
		return false;
	for (size_t i = 0; i < q->n_cgroup; i++)
		if (strlen(q->cgroup[i]) > QUERY_PATTERN_BYTES)
			return false;
	return true;
}

bool query_accept(struct rpc_call *c, const struct agent *a, const Plimsoll__V1__Query *q)
{
	char text[400];

	if (!patterns_fit(q)) {
		snprintf(text, sizeof(text), "more than %d cgroup patterns, or one over %d bytes",
			 QUERY_PATTERNS, QUERY_PATTERN_BYTES);
		rpc_finish(c, RPC_INVALID, text, "ask for fewer patterns, with * and ** in them");
		return false;
	}
	if (!names_this_node(a, q)) {
		snprintf(text, sizeof(text), "this agent measures node %s only", a->options->node);
		rpc_finish(c, RPC_NOT_FOUND, text, "leave the node out, or ask the aggregator");
		return false;
	}
	return true;
}
