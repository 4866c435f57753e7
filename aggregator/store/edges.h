/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside store/: who calls whom, as each node tells it: rows and the addresses that they call, or at which they answer.
 * An edge is freed with its row, and when a keyframe does not name it. Both sides are put together by store_edges().
 */
#ifndef AGGREGATOR_STORE_EDGES_H
#define AGGREGATOR_STORE_EDGES_H

#include "aggregator/store/node.h"

/* Connections of either side that are remembered to tell where calls come out, some 100 bytes each. */
#define EDGES_NUMBERS 65536

/* A second of them, after its rows; what was before it held until `before_ns`. */
void edges_put(struct store_node *n, const struct store_batch *b, uint64_t before_ns);
void edges_freeze(struct store_node *n); /* all: no rate across what was missed */
void edges_sweep(struct store_node *n);  /* those of rows that ended; after each batch, for rows are freed later */
void edges_forget(struct store_node *n); /* all */

#endif
