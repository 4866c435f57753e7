/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader's side of Metrics.Watch: batches in, nodes and rows with rates out. Keeps two samples of
 * each row, so a rate is over the last two seconds that were received. What was not measured, or only
 * in one of the two, is not known; counters that fell (a new cgroup under an old id) are not known either.
 */
#ifndef CTL_FLEET_H
#define CTL_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"
#include "base/map.h"
#include "plimsoll/v1/metrics.pb-c.h"

enum fleet_column { /* counters first */
	FLEET_CPU,
	FLEET_WAIT,
	FLEET_PSI_CPU,
	FLEET_PSI_MEMORY,
	FLEET_PSI_IO,
	FLEET_COUNTERS,
	FLEET_USAGE = FLEET_COUNTERS,
	FLEET_WORKING_SET,
	FLEET_LIMIT,
	FLEET_COLUMNS,
};

struct fleet_row {
	uint32_t id;
	Plimsoll__V1__Kind kind;
	char *cgroup, *runtime, *pod_uid, *container_id, *qos, *name;
	uint32_t flags, flags_before; /* Missing */
	unsigned samples;
	uint64_t now[FLEET_COLUMNS], before[FLEET_COLUMNS];
	uint64_t waits[HIST_BUCKETS], waits_before[HIST_BUCKETS];
	bool named; /* in the keyframe that is being read */
};

struct fleet_node {
	char *name, *agent_version;
	uint64_t epoch, sequence;
	uint32_t cpus, live_rows;
	uint64_t memory_bytes;
	uint64_t now_ns, before_ns; /* CLOCK_BOOTTIME of the samples; 0: none */
	uint64_t wall_unix_ns;
	uint32_t missing; /* NodeMissing */
	bool measured;    /* the node's own figures came */
	bool idled_before; /* idle_before_ns was measured */
	uint64_t idle_ns, idle_before_ns, available_bytes;
	uint64_t lost; /* samples and rows that never came, see Losses */
	struct map *rows;
};

struct fleet;
struct fleet *fleet_new(void);
struct fleet *fleet_free(struct fleet *f); /* NULL is fine; returns NULL */
/* The node it was about; NULL: it cannot be told. */
struct fleet_node *fleet_apply(struct fleet *f, const Plimsoll__V1__Batch *b);

struct fleet_node *fleet_next(const struct fleet *f, size_t *cursor); /* NULL: no more */
size_t fleet_size(const struct fleet *f); /* nodes */
bool fleet_rated(const struct fleet *f); /* every node has two samples, and there is one */

struct fleet_value {
	bool known;
	double value;
};
/* Of a counter: units a second (for times: seconds a second). */
struct fleet_value fleet_rate(const struct fleet_node *n, const struct fleet_row *r,
			      enum fleet_column counter);
struct fleet_value fleet_level(const struct fleet_row *r, enum fleet_column level); /* a limit of 0: unknown */
struct fleet_value fleet_wait_share(const struct fleet_node *n, const struct fleet_row *r); /* waiting of runnable */
struct fleet_value fleet_wait_p95(const struct fleet_row *r); /* ns */
struct fleet_value fleet_cpu_used(const struct fleet_node *n); /* share of all CPUs */

#endif
