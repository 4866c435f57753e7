/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges.List: which workload calls which, of the whole fleet, and how saturated the one is that is called: with more
 * cgroups than SERVE_WORKLOADS_ROWS only of those that a policy selects.
 */
#ifndef AGGREGATOR_SERVE_EDGES_H
#define AGGREGATOR_SERVE_EDGES_H

#include "rpc/rpc.h"

extern const struct rpc_method serve_edges_methods[];
extern const size_t serve_edges_n;

#endif
