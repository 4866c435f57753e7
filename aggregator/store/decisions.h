/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every decision that was made, and the brakes that people pulled, over restarts. A decision is written
 * down before its actuator is called and its outcome afterwards; the file (store/ledger.h says what it
 * survives) is <state-dir>/decisions.db. When it cannot be written, everything goes on in memory,
 * counted, and is written in order when it works again: decisions_trouble() says why meanwhile.
 *
 * Ids count up from 1 and go on where the file ends. One that was given while the file could not be
 * written, and that was lost with the process, is given again.
 *
 * Loop-thread-only. Each call that changes something commits at once; the cost stands in ledger.h.
 */
#ifndef AGGREGATOR_STORE_DECISIONS_H
#define AGGREGATOR_STORE_DECISIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

#define DECISIONS_FILE "decisions.db"
#define DECISIONS_KEEP 10000u                /* at one a minute the last week */
#define DECISIONS_KEEP_OCTETS (256ull << 20) /* of their records: a large workload's has 100 KB */
#define DECISIONS_WAITING 1000u              /* changes kept while the file cannot be written */
#define DECISIONS_WAITING_OCTETS (32ull << 20) /* of their records */
#define DECISIONS_NAMES 256u                 /* workloads one query may name */

struct decisions;

struct decision {
	uint64_t id; /* shown as d-<id> */
	uint64_t wall_unix_ns, boottime_ns;
	uint64_t load_age_ns; /* of the newest sample it stands on; UINT64_MAX: none */
	uint32_t from, to;
	char workload[64], policy[64];
	char reason[24];   /* a word of decide/verdict.h */
	char trigger[128]; /* "cpu 84 % > 60 %" */
	char mode[12];     /* Enforce or Observe */
	char outcome[256]; /* DECISION_ACTING, _APPLIED, _OBSERVED or "failed: why" */
};

#define DECISION_ACTING "acting" /* also what is left of it when the process died meanwhile */
#define DECISION_APPLIED "applied"
#define DECISION_OBSERVED "observed"

struct decisions_query {
	const char *const *workload; /* any of them; n_workload 0: all */
	size_t n_workload;           /* at most DECISIONS_NAMES */
	uint64_t since_unix_ns;
	uint64_t before_id;          /* only older ones; 0: all */
};

struct pause { /* of one workload */
	char workload[64];
	uint64_t since_unix_ns;
	/* Wall clock, because it must hold over a reboot; 0: until resumed. Counts when it is read from the file; in the
	 * process that was told of it the time since then does, which no step of the clock changes. */
	uint64_t until_unix_ns;
	char why[200];
};

struct decisions_counters { /* since start */
	uint64_t made, written, pruned;
	uint64_t lost;     /* waited beyond DECISIONS_WAITING and were never written */
	uint64_t failures; /* times the file could not be written */
};

/* The file in `state_dir`, which is there already. Fails when its contents cannot be trusted, for they
 * say what is paused: -EBADMSG damaged, -EPROTO of a newer version, -EBUSY in use by another process. */
int decisions_open(const char *state_dir, struct decisions **ret, struct err *e);
struct decisions *decisions_free(struct decisions *d); /* NULL is fine; tries once more to write */
const struct decisions_counters *decisions_counters(const struct decisions *d);
size_t decisions_waiting(const struct decisions *d); /* changes not written yet */
const char *decisions_trouble(const struct decisions *d); /* why; NULL: all is well */
/* Another process holds the file that is at its path now: whoever put it there has taken over, and nothing may be
 * ordered any more. Known at each decision that is added, and once a second. */
bool decisions_deposed(const struct decisions *d);
/* Writes what waits, in a new file if the old one vanished; about once a second. */
void decisions_retry(struct decisions *d);

/* Gives x->id. `record` is the whole of it as JSON, copied if need be. */
void decisions_add(struct decisions *d, struct decision *x, const char *record);
void decisions_set_outcome(struct decisions *d, uint64_t id, const char *outcome);
/* Newest first, until `each` says false. Negative errno: the file could not be read. */
int decisions_each(struct decisions *d, const struct decisions_query *q,
		   bool (*each)(const struct decision *x, void *data), void *data);
int decisions_count(struct decisions *d, const struct decisions_query *q, uint64_t *ret_n);
/* -ENOENT: no such one (never made, or pruned). *ret_record (may be NULL) is the caller's. */
int decisions_get(struct decisions *d, uint64_t id, struct decision *ret, char **ret_record);
int decisions_last(struct decisions *d, const char *workload, struct decision *ret);
uint64_t decisions_last_id(const struct decisions *d); /* 0: none was ever made */

/* Flushed to the disk: a brake must hold, also over power loss. */
void decisions_pause(struct decisions *d, const struct pause *p);
bool decisions_resume(struct decisions *d, const char *workload); /* false: was not paused */
/* NULL: not paused, or no longer at this time (0: one that is over counts, too). Borrowed until the next change. */
const struct pause *decisions_paused(const struct decisions *d, const char *workload, clock_boot_t now);

#endif
