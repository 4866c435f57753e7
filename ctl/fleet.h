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

#include "base/buf.h"
#include "base/clock.h"
#include "base/hist.h"
#include "base/map.h"
#include "base/shares.h"
#include "decide/saturation.h"
#include "plimsoll/loss.h"
#include "plimsoll/signal.h"
#include "plimsoll/v1/metrics.pb-c.h"

struct fleet_row {
	uint32_t id;
	Plimsoll__V1__Kind kind;
	char *cgroup, *runtime, *pod_uid, *container_id, *qos, *name;
	char *pod_namespace, *pod_name, *workload; /* "": not known */
	char *title; /* namespace/pod/name, or the name alone */
	uint32_t flags, flags_before; /* Missing */
	unsigned samples;
	uint64_t now[SIGNALS], before[SIGNALS];
	uint32_t hist[SIGNAL_BUCKETS], hist_before[SIGNAL_BUCKETS]; /* wrap */
	bool named; /* in the keyframe that is being read */
	bool told;  /* by the batch that is being read, … */
	bool over;  /* … and gone with it: shown with all it used, and forgotten at the next batch */
	struct {
		char *name; /* NULL: none was told */
		uint32_t pid;
		uint64_t boottime_ns, count;
	} victim; /* whom the kernel killed last for want of memory */
};

enum fleet_resource { FLEET_CPU, FLEET_MEMORY, FLEET_IO, FLEET_RESOURCES };

struct fleet_node {
	char *name, *boot_id, *agent_version;
	uint64_t epoch, sequence;
	uint32_t cpus, cpus_before; /* online at the two samples */
	uint32_t live_rows;
	uint64_t memory_bytes;
	uint64_t now_ns, before_ns; /* CLOCK_BOOTTIME of the samples; 0: none */
	uint64_t wall_unix_ns;
	uint32_t missing; /* NodeMissing */
	bool measured;    /* the node's own figures came */
	bool measured_before;
	uint32_t missing_before;
	uint64_t idle_ns, idle_before_ns, available_bytes;
	enum shares_scale cpu_weights;
	uint64_t psi_ns[FLEET_RESOURCES], psi_before_ns[FLEET_RESOURCES]; /* some */
	struct losses losses;
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
struct fleet_value fleet_part(struct fleet_value v, struct fleet_value of); /* of nothing it is not known */
/* Of a counter: units a second (for times: seconds a second). */
struct fleet_value fleet_rate(const struct fleet_node *n, const struct fleet_row *r,
			      enum signal_id counter);
/* Of a gauge, in its unit. A limit or quota of 0 (there is none) is not known. */
struct fleet_value fleet_level(const struct fleet_row *r, enum signal_id gauge);
/* What a container of a pod asked for of CPUs, by its weight; of others it is not known. */
struct shares_request fleet_request(const struct fleet_node *n, const struct fleet_row *r);
struct fleet_value fleet_request_cores(const struct fleet_node *n, const struct fleet_row *r); /* the middle of it */
struct fleet_value fleet_wait_share(const struct fleet_node *n, const struct fleet_row *r); /* for a CPU, 0 to 1 */
/* Of what came between the two samples; in seconds. */
struct fleet_value fleet_quantile(const struct fleet_row *r, enum signal_histogram h, double quantile);
/* "name (pid), 12s ago"; "none" since the agent began to count; "–": nobody sees who. Not safe for a terminal. */
void fleet_victim(const struct fleet_node *n, const struct fleet_row *r, struct buf *to);
struct fleet_value fleet_victim_age(const struct fleet_node *n, const struct fleet_row *r); /* in seconds */
/* Mean of what `total` added up over `count`, both counters, between the two samples; in its unit. */
struct fleet_value fleet_mean(const struct fleet_row *r, enum signal_id total, enum signal_id count);
/* False: there are no two samples to compare. */
bool fleet_saturation(const struct fleet_node *n, const struct fleet_row *r, struct saturation *ret);
struct fleet_here { /* this machine, now */
	char boot_id[37]; /* "": not known */
	clock_boot_t boot;
	clock_wall_t wall;
};
void fleet_here(struct fleet_here *ret);
/* Of the newest sample, in seconds. On its own machine nobody can set the clock that it goes by; another machine has no
 * clock in common with ours but the wall clock. */
struct fleet_value fleet_age(const struct fleet_node *n, const struct fleet_here *here);
struct fleet_value fleet_cpu_used(const struct fleet_node *n); /* share of all CPUs */
/* The share of the second in which some task of the node waited for it (pressure stall information). */
struct fleet_value fleet_pressure(const struct fleet_node *n, enum fleet_resource r);

#endif
