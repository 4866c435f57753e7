/* SPDX-License-Identifier: Apache-2.0 */
/* Edges.List of an agent: who calls whom on its node in the last second, by the names of its rows. */
#ifndef AGENT_LIST_EDGES_H
#define AGENT_LIST_EDGES_H

#include "rpc/rpc.h"

extern const struct rpc_handler list_edges_handler;

#endif
