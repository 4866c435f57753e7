/* SPDX-License-Identifier: Apache-2.0 */
/* Inside store/: which rows a node has. They come by a batch's dictionary, may get other names, and end; what ended is
 * kept for STORE_GONE_KEEP_NS, so that the last second of a short life is seen. */
#ifndef AGGREGATOR_STORE_NODE_ROWS_H
#define AGGREGATOR_STORE_NODE_ROWS_H

#include "aggregator/store/node.h"

/* Takes every row out of the table, frozen, by path, as a new epoch opens; node_rows_end_orphans() frees the map and
 * ends whom nobody named. A path has one live row; should there be two, one of them ends here. `clock_anew`: what has
 * a time of the machine's clock before is forgotten. */
struct strmap *node_rows_orphan(struct store_node *n, bool clock_anew);
void node_rows_end_orphans(struct store_node *n, struct strmap *orphans, uint64_t now_ns);

/* The batch's dictionary. `orphans`: NULL when no epoch opens. */
void node_rows_name(struct store_node *n, const struct store_batch *b, struct strmap *orphans, clock_boot_t arrival);

void node_rows_freeze(struct store_node *n); /* all: no rate across what was missed */
void node_rows_end_gone(struct store_node *n, const struct store_batch *b); /* of which the batch says so */
/* Every live row is in a keyframe: one that is not has ended without our hearing of it. */
void node_rows_end_unnamed(struct store_node *n, const struct store_batch *keyframe);
void node_rows_forget(struct store_node *n, uint64_t now_ns); /* they are gone, all of them */
void node_rows_expire(struct store_node *n, clock_boot_t now); /* frees those that were kept long enough */

#endif
