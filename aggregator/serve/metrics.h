/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics.Snapshot and Metrics.Watch for the whole fleet. A Watch gets one Batch a node and second,
 * each with its source: first the node's whole state, then what each second brought; row numbers
 * belong to the source and epoch. With cgroup globs or a least interval every message is the whole
 * (selected) state. A reader that is too slow misses seconds and then gets the state again.
 * A Snapshot is one Batch, so it is of one node.
 */
#ifndef AGGREGATOR_SERVE_METRICS_H
#define AGGREGATOR_SERVE_METRICS_H

#include "plimsoll/v1/metrics.pb-c.h"
#include "rpc/rpc.h"

#define SERVE_METRICS_GREET 32u /* nodes whose state a new Watch gets at once; others with their next second */

struct aggregator;
struct store_node;

extern const struct rpc_method serve_metrics_methods[];
extern const size_t serve_metrics_n;

/* A second of this node was stored: to everyone who watches it. */
void serve_metrics_forward(struct aggregator *a, struct store_node *n,
			   const Plimsoll__V1__Batch *b);

#endif
