/* SPDX-License-Identifier: Apache-2.0 */
/* Inside store/: which rows belong to which workload, what a decider sees of them, and their sums. */
#ifndef AGGREGATOR_STORE_WORKLOAD_H
#define AGGREGATOR_STORE_WORKLOAD_H

#include "aggregator/store/heard.h"
#include "aggregator/store/store.h"
#include "base/hist.h"

struct buf;
struct store_row;

struct store_workload {
	struct store *store;
	char *name, *glob;
	enum store_role role;
	bool hears; /* its views have the durations of requests */
	struct store_row **row;
	uint32_t n, room;
};

struct store_workload *workload_new(struct store *s, const char *name, const char *glob);
struct store_workload *workload_free(struct store_workload *w);
void workload_place(struct store *s, struct store_row *r); /* a new row into all that match */
/* Its workload's name, or what its row calls itself, as store_each() says; of other cgroups the path. Until the next
 * call with this scratch. */
const char *workload_owner(const struct store_row *r, struct buf *scratch);
/* After workloads came, went or changed their order: places every row anew, once, whoever asks first. */
void workload_settle(struct store *s);

/* Sums rows up. Zero it, add, finish. */
struct tally {
	uint32_t replicas, nodes, mark;
	uint32_t cpu_known, memory_known, limit_known, psi_known;
	uint64_t cpu_age_ns, memory_age_ns, psi_age_ns; /* oldest */
	double cores, wait_permille, memory_bytes, limit_bytes, psi[3];
	uint64_t hist[HIST_BUCKETS];
	uint32_t heard_known;
	uint64_t heard_age_ns, heard_hist[HIST_BUCKETS];
	struct heard_rate heard; /* sum */
	uint32_t cause_known[SATURATION_CAUSES], cause_permille[SATURATION_CAUSES]; /* sums */
	uint64_t cause_age_ns;
	struct {
		uint32_t permille;
		enum saturation_advice advice;
	} most[SATURATION_CAUSES]; /* of the replica that has most of it */
};

void tally_add(struct tally *t, struct store_row *r, clock_boot_t now, uint64_t window_ns,
	       uint64_t fresh_ns);
void tally_finish(const struct tally *t, struct store_summary *ret); /* not its name and selected */

#endif
