/* SPDX-License-Identifier: Apache-2.0 */
/* Inside store/: what the store owns. Nodes own their rows; workloads borrow them. */
#ifndef AGGREGATOR_STORE_STATE_H
#define AGGREGATOR_STORE_STATE_H

#include "aggregator/store/store.h"
#include "base/map.h"
#include "base/meet.h"

struct store {
	struct store_options options;
	struct store_counters counters;
	struct store_node **node; /* in order of arrival */
	size_t n_nodes, room;
	struct strmap *node_by_name;
	struct store_workload **workload; /* in order: of one role the first match wins */
	size_t n_workloads;
	bool unsettled;             /* rows are to be placed anew: workload_settle() */
	size_t edges;
	struct meet *meet;
	size_t live_rows, all_rows; /* all: with the gone ones that are still kept */
	uint32_t mark;              /* to count distinct nodes in one pass */
	uint64_t silent_at_ns;      /* when a view last had `silent` counted; 0: never */
	uint32_t silent;
	struct view_replica *replica; /* of the view handed out last */
	size_t replica_room;
	uint32_t *took; /* of their durations: HIST_BUCKETS each; NULL: no view had any */
	size_t took_room;
};

#endif
