/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One second of this node as rows: adds up the probe's cgroups into the rows that agent/identity
 * says, keeps every row's counters from falling when one of its cgroups ends, and knows what changed
 * since the second before. Loop-thread-only; nothing blocks; no allocation unless cgroups come or go.
 *
 * How the cgroups of a row make one value stands in signals.def: those of scope OWN are its own
 * cgroup's (the kernel includes the children), others are put together. The working set is usage less
 * the inactive file pages of all its cgroups, at least 0. A row that holds other rows
 * (user@1000.service, a kind node) reports its memory as missing: it would count twice. Restarts are counted over all
 * cgroups that a path had; a pod's container has one of its own each time, so there they are what its runtime says, or
 * missing.
 */
#ifndef AGENT_SAMPLE_H
#define AGENT_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/identity.h"
#include "agent/probe/probe.h"
#include "base/clock.h"
#include "plimsoll/signal.h"

struct sample_row { /* valid until the next sample_take() */
	uint32_t id; /* from 1, never reused; rows are ordered by it */
	enum identity_kind kind;
	const char *runtime, *qos; /* all texts are UTF-8 */
	char *cgroup, *pod_uid, *container_id, *name;
	clock_boot_t first_seen;
	char *pod_namespace, *pod_name, *workload; /* NULL: not known */
	bool fresh;   /* first seen in this second */
	bool named;   /* sample_name() was called */
	bool renamed; /* in this second */
	bool ended;   /* its last second: `now` holds its final counters */
	bool changed; /* `now` differs from `before`, or fresh */
	struct signals now, before;
};

typedef void (*sample_read_fn)(const struct probe *p, const struct probe_cgroup *c,
			       struct signals *ret);

struct sample;
struct sample *sample_new(sample_read_fn read); /* probe_read, or a test's own */
struct sample *sample_free(struct sample *s);   /* after probe_close(); NULL is fine; returns NULL */

/* Give this to probe_open(), then the probe to sample_attach(). */
struct probe_watcher sample_watcher(struct sample *s);
void sample_attach(struct sample *s, const struct probe *p);

struct sample_names { /* what a runtime knows about its container */
	enum identity_kind kind;
	const char *runtime, *pod_uid, *pod_namespace, *pod_name, *name; /* UTF-8, at most IDENTITY_NAME_MAX bytes */
	const char *workload; /* what it is one of many of; NULL or "": nobody says */
	bool attempt_known;
	uint32_t attempt; /* so many containers of its name in its pod there were before it */
};
/* For a row of sample_rows(), in the second that it shall be told with; texts are copied. What the path
 * says about pod and runtime stays as it is. */
void sample_name(struct sample_row *r, const struct sample_names *n);

/* After a probe_pass() that was of `at`: brings all rows up to that second. */
void sample_take(struct sample *s, clock_boot_t at);

/* The rows of the last sample_take(), ended ones included, borrowed until the next. */
struct sample_row *const *sample_rows(const struct sample *s, size_t *ret_n);
/* Whose number counts what happens in this cgroup of the probe; NULL: in one that ended, by its id. 0: no row's, or it
 * ended before the last second. */
uint32_t sample_row_of(const struct sample *s, const struct probe_cgroup *c, uint64_t id);
const struct sample_row *sample_find(const struct sample *s, uint32_t id); /* of sample_rows(); NULL: there is none */
uint32_t sample_live(const struct sample *s); /* rows without the ended ones */
clock_boot_t sample_at(const struct sample *s);
uint64_t sample_forgotten(const struct sample *s); /* units and containers that ended and whose restarts are known no more */

#endif
