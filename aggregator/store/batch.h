/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One node's second as plain arrays, checked for shape by ingest/check and borrowed for one call.
 * Columns point into the decoded message; all are `n_rows` long. Field meanings and units are those of
 * proto/plimsoll/v1/metrics.proto, which store/ does not see.
 */
#ifndef AGGREGATOR_STORE_BATCH_H
#define AGGREGATOR_STORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/loss.h"
#include "plimsoll/signal.h"

/* X(enumerator, counter's word, meaning): why a batch, a row or a name was not taken. aggregator/metrics.def makes a
 * counter of each. */
#define STORE_REFUSALS_X(X) \
	X(WIRE_VERSION, wire_version, "streams of agents that speak a newer wire version: upgrade the aggregator first") \
	X(IDENTITY, identity, "streams whose certificate is not their node's") \
	X(ORDER, order, "streams without a good preamble, or with a second one") \
	X(SHAPE, shape, "columns of different length") \
	X(SIZE, size, "more rows, names, buckets or CPUs than any node has") \
	X(DICTIONARY, dictionary, "names that no cgroup can have") \
	X(DUPLICATE_ROW, duplicate_row, "one row twice in a second") \
	X(HISTOGRAM, histogram, "a bucket that does not exist") \
	X(EPOCH, epoch, "another epoch than the stream's preamble") \
	X(SEQUENCE, sequence, "a sequence that goes backwards in one stream") \
	X(TIME, time, "a clock that goes backwards") \
	X(UNKNOWN_ROW, unknown_row, "rows that were never named") \
	X(COUNTER_FELL, counter_fell, "rows whose counters fell") \
	X(CPU_TIME, cpu_time, "rows with more CPU time than CPUs x elapsed time") \
	X(STILL, still, "seconds in which nothing on a node moved, not even its idle time: nobody measured it") \
	X(DURATIONS, durations, "rows in which more requests took some time than were answered") \
	X(VICTIM, victim, "OOM victims of no row, to come, or with a name that no task can have") \
	X(PEER, peer, "peers of no row, at no address, or told otherwise before") \
	X(CALLS, calls, "calls of no peer, fewer than before, or more errors or durations than calls")

enum store_refusal {
#define X(id, word, meaning) STORE_REFUSED_##id,
	STORE_REFUSALS_X(X)
#undef X
	STORE_REFUSALS
};

const char *store_refusal_meaning(enum store_refusal r);

enum store_kind { /* the numbers of Kind in metrics.proto */
	STORE_KIND_UNSPECIFIED,
	STORE_KIND_POD_CONTAINER,
	STORE_KIND_CONTAINER,
	STORE_KIND_UNIT,
	STORE_KIND_CGROUP,
	STORE_KIND_SANDBOX,
};

struct store_source {
	const char *node, *boot_id, *agent_version;
	uint64_t interval_ns; /* > 0 */
	uint32_t cpus;        /* > 0 */
	uint64_t memory_bytes;
};

struct store_identity {
	uint32_t row;
	enum store_kind kind;
	const char *cgroup, *runtime, *pod_uid, *container_id, *qos, *name; /* never NULL */
	const char *pod_namespace, *pod_name, *workload;			    /* nor these; "": not known (yet) */
	uint64_t first_seen_boottime_ns;
};

struct store_victim {
	uint32_t row, pid;
	const char *name; /* never NULL; at most STORE_VICTIM_BYTES */
	uint64_t boottime_ns, count;
};

#define STORE_VICTIM_BYTES 60u /* a task's name is 15 bytes, each of which may stand as "\377" */

enum { STORE_NODE_NO_IDLE = 1 }; /* a bit of NodeMissing in metrics.proto */

struct store_node_sample {
	bool known;
	uint32_t missing; /* the bits of NodeMissing in metrics.proto */
	uint64_t cpu_idle_ns, psi_cpu_some_ns, psi_memory_some_ns, psi_io_some_ns;
	uint64_t memory_available_bytes;
	uint32_t cpus; /* online; 0: not told */
	uint32_t cpu_weights; /* CpuWeights in metrics.proto */
};

struct store_counts { /* of buckets of histograms */
	size_t n;
	const uint32_t *row; /* index into the batch's */
	const uint32_t *bucket, *count; /* buckets that we do not know are among them */
};

enum { STORE_HISTS = 2 }; /* parts in which they come, see wire/counts.h */

#define STORE_ADDRESS 16 /* bytes; IPv4 is mapped */

struct store_peer { /* whom a row calls, or where it answers */
	uint32_t peer, row;
	bool serves;
	uint8_t address[STORE_ADDRESS];
	uint16_t port;
	uint64_t net;
};

struct store_calls { /* columns, all `n` long */
	bool known; /* the sender knows who calls whom */
	size_t n;
	const uint32_t *peer;
	const uint64_t *calls, *errors, *untimed, *ns, *connection;
	struct store_counts hist; /* of these, not of rows */
};

struct store_batch {
	uint64_t epoch, sequence, boottime_ns, wall_unix_ns;
	bool keyframe;
	const struct store_identity *identity;
	size_t n_identities;
	size_t n_rows;
	const uint32_t *row;
	const uint64_t *column[SIGNALS]; /* NULL: 0 in every row */
	const uint32_t *flags;           /* SIGNAL_NO_… */
	uint32_t unknown;                /* the same for every row */
	struct store_counts hist[STORE_HISTS];
	const uint32_t *gone;
	size_t n_gone;
	const struct store_victim *victim;
	size_t n_victims;
	const struct store_peer *peer;
	size_t n_peers;
	struct store_calls calls;
	struct store_node_sample node;
	struct losses losses;
};

#endif
