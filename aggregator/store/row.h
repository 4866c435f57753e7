/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cgroup of one node, from its first second to STORE_GONE_KEEP_NS after its end. Read-only for
 * everything outside store/. It outlives the agent's runs: a new epoch's row with the same path goes on
 * here, with a new number, but no rate reaches over the change.
 */
#ifndef AGGREGATOR_STORE_ROW_H
#define AGGREGATOR_STORE_ROW_H

#include "aggregator/store/batch.h"
#include "aggregator/store/buckets.h"
#include "aggregator/store/causes.h"
#include "aggregator/store/heard.h"
#include "aggregator/store/ring.h"
#include "aggregator/store/waits.h"
#include "base/clock.h"

struct store_node;
struct store_workload;

#define ROW_CPU_SLACK_NS 200000000ull /* stamps and readings of one pass are not simultaneous */
#define ROW_CPU_SLACK_PERCENT 5u
#define ROW_DOUBT 2u /* to a value that may be true, and on from it */

enum row_text { ROW_CGROUP, ROW_POD_UID, ROW_CONTAINER_ID, ROW_NAME, ROW_POD_NAMESPACE, ROW_POD_NAME, ROW_WORKLOAD, ROW_TEXTS };

struct row_victim { /* whom the kernel killed last; see OomVictim in metrics.proto */
	uint64_t boottime_ns, count; /* on the agent's clock */
	uint64_t told;               /* sequence of the batch that told it first */
	uint32_t pid;
	char name[STORE_VICTIM_BYTES + 1];
};

struct store_seat { /* in a workload's array; see aggregator/store/seat.h */
	struct store_workload *workload;
	uint32_t place;
};

struct store_row {
	struct store_node *node;
	struct store_workload *workload; /* whose own it is; NULL: no policy selects it */
	struct store_seat *also;         /* further ones that select it; NULL: none does */
	struct store_row *next_gone;     /* in the node's list, after its end */
	uint32_t place;                  /* in workload's array */
	uint32_t id;                     /* the agent's number in this epoch */
	uint32_t flags;                  /* SIGNAL_NO_* */
	uint8_t kind;                    /* enum store_kind */
	bool gone;
	bool frozen;       /* nothing is known about it since good_ns */
	bool rebase;       /* the next values are a new beginning */
	uint8_t doubt;     /* its counters were refused; to be believed they must move so many times */
	uint8_t untold;    /* of SIGNAL_NO_CPU and _PSI: what no sample of this epoch had yet, so that it fell from nothing */
	uint16_t text_at[ROW_TEXTS]; /* offsets in text */
	char *text;                  /* all of them, each with its NUL */
	const char *runtime, *qos;
	uint64_t first_seen_ns; /* aggregator's clock */
	uint64_t gone_ns;       /* aggregator's clock */
	uint64_t good_ns;       /* frozen: aggregator's clock of its newest sample; 0: none */
	uint64_t told;          /* sequence of the batch that told it, or told it by other names */
	uint64_t named, began;  /* sequences of the batches that named it last, that it began with */
	uint32_t good;          /* frozen: the slot of that sample */
	uint32_t first, coarse_first; /* slots of the first sample of this epoch, 0: none yet */
	uint32_t n_also;
	uint64_t value[SIGNALS];
	uint64_t quota_wait_ns; /* of the run-queue wait, what the quota caused; the ring has the rest */
	struct ring *ring;      /* NULL while nothing changed */
	struct causes causes;
	struct waits waits;     /* for a CPU */
	struct buckets others;  /* of the other histograms */
	struct row_victim *victim; /* NULL: none is known */
	struct heard *heard;       /* NULL: it answered no request */
};

/* NULL: out of memory. Strings are copied. */
struct store_row *row_new(struct store_node *n, const struct store_identity *id);
struct store_row *row_free(struct store_row *r); /* NULL is fine */
/* What the agent says of it now. True: something is new; kind and texts are the new ones, all that was
 * measured stays. Who says less than is known (an agent begins anew, the runtime is away) changes
 * nothing as long as it is the same container. */
bool row_rename(struct store_row *r, const struct store_identity *id);

static inline const char *row_text(const struct store_row *r, enum row_text which)
{
	return r->text + r->text_at[which];
}

static inline const char *row_cgroup(const struct store_row *r)
{
	return row_text(r, ROW_CGROUP);
}

static inline const char *row_pod_uid(const struct store_row *r)
{
	return row_text(r, ROW_POD_UID);
}

static inline const char *row_container_id(const struct store_row *r)
{
	return row_text(r, ROW_CONTAINER_ID);
}

static inline const char *row_name(const struct store_row *r)
{
	return row_text(r, ROW_NAME);
}

static inline const char *row_pod_namespace(const struct store_row *r)
{
	return row_text(r, ROW_POD_NAMESPACE);
}

static inline const char *row_pod_name(const struct store_row *r)
{
	return row_text(r, ROW_POD_NAME);
}

/* What its runtime says it is one of many of, "": nothing. Not the policy that selects it. */
static inline const char *row_own_workload(const struct store_row *r)
{
	return row_text(r, ROW_WORKLOAD);
}

/* What came for it in one second, against what it had. 0; -EBADMSG with *ret_why: not believed, then
 * the values are only a new beginning and no rate reaches over them; -ENOMEM: frozen. */
int row_put(struct store_row *r, const struct store_batch *b, size_t i, uint64_t elapsed_ns,
	    enum store_refusal *ret_why);
void row_freeze(struct store_row *r);
void row_missed(struct store_row *r); /* the same, as a second was not told; nor were the buckets that changed in it */
/* The last victim is `v`, which batch `sequence` tells; NULL: none is known any more. -ENOMEM: it stays as it was. */
int row_put_victim(struct store_row *r, const struct store_victim *v, uint64_t sequence);
/* Its newest sample: slot (0: none) and time on the aggregator's clock (0: none). */
uint32_t row_newest(const struct store_row *r);
uint64_t row_sample_ns(const struct store_row *r);
/* Age of its newest sample; UINT64_MAX: none. */
uint64_t row_sample_age(const struct store_row *r, clock_boot_t now);
void row_saturation(const struct store_row *r, uint64_t window_ns, struct saturation *ret); /* at most 8 s */
/* Differences over the window; -ENODATA: unknown. wait_ns is without what the quota caused. */
int row_rate(const struct store_row *r, uint64_t window_ns, struct ring_rate *ret);
uint32_t row_wait_permille(const struct ring_rate *rate); /* the metric cpu-runqueue of a policy */
/* How long the requests took that it answered in a window, of RECENT_WINDOW_MAX_NS at the most; as heard_took(). */
int row_took(const struct store_row *r, uint64_t window_ns, uint32_t into[HIST_BUCKETS], uint64_t *ret_cover_ns);
/* Requests of the last 5 to 10 s, into += their durations. -ENODATA: nobody hears them, or it has no two samples. */
int row_heard(const struct store_row *r, struct heard_rate *ret, uint64_t into[HIST_BUCKETS]);

#endif
