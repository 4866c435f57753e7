/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One second of this node as rows: adds up the probe's cgroups into the rows that agent/identity
 * says, keeps every row's counters from falling when one of its cgroups ends, and knows what changed
 * since the second before. Loop-thread-only; nothing blocks; no allocation unless cgroups come.
 *
 * Of a row: CPU time, run-queue wait, switches and histogram are summed over the cgroups that belong
 * to it; memory, limit and PSI are those of its own cgroup (the kernel includes the children); the
 * working set is usage less the inactive file pages of all its cgroups, at least 0. A row that holds
 * other rows (user@1000.service, a kind node) reports its memory as missing: it would count twice.
 */
#ifndef AGENT_SAMPLE_H
#define AGENT_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/identity.h"
#include "agent/probe/probe.h"
#include "base/clock.h"

struct sample_values { /* counters only grow */
	uint64_t cpu_ns, runq_wait_ns, switches;
	uint64_t memory_usage_bytes, memory_working_set_bytes, memory_limit_bytes;
	uint64_t psi_cpu_some_ns, psi_cpu_full_ns;
	uint64_t psi_memory_some_ns, psi_memory_full_ns;
	uint64_t psi_io_some_ns, psi_io_full_ns;
	uint32_t hist[HIST_BUCKETS]; /* of run-queue wait; wraps at 2^32 */
	uint32_t missing;            /* PROBE_NO_…; last: what is compared ends here */
};

struct sample_row { /* valid until the next sample_take() */
	uint32_t id; /* from 1, never reused; rows are ordered by it */
	enum identity_kind kind;
	const char *runtime, *qos; /* all texts are UTF-8 */
	char *cgroup, *pod_uid, *container_id, *name;
	clock_boot_t first_seen;
	bool fresh;   /* first seen in this second */
	bool ended;   /* its last second: `now` holds its final counters */
	bool changed; /* `now` differs from `before`, or fresh */
	struct sample_values now, before;
};

typedef void (*sample_read_fn)(const struct probe *p, const struct probe_cgroup *c,
			       struct probe_reading *ret);

struct sample;
struct sample *sample_new(sample_read_fn read); /* probe_read, or a test's own */
struct sample *sample_free(struct sample *s);   /* after probe_close(); NULL is fine; returns NULL */

/* Give this to probe_open(), then the probe to sample_attach(). */
struct probe_watcher sample_watcher(struct sample *s);
void sample_attach(struct sample *s, const struct probe *p);

/* After a probe_pass() that was of `at`: brings all rows up to that second. */
void sample_take(struct sample *s, clock_boot_t at);

/* The rows of the last sample_take(), ended ones included, borrowed until the next. */
struct sample_row *const *sample_rows(const struct sample *s, size_t *ret_n);
uint32_t sample_live(const struct sample *s); /* rows without the ended ones */
clock_boot_t sample_at(const struct sample *s);

#endif
