/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cgroup of one node, from its first second to STORE_GONE_KEEP_NS after its end. Read-only for
 * everything outside store/. It outlives the agent's runs: a new epoch's row with the same path goes on
 * here, with a new number, but no rate reaches over the change.
 */
#ifndef AGGREGATOR_STORE_ROW_H
#define AGGREGATOR_STORE_ROW_H

#include "aggregator/store/batch.h"
#include "aggregator/store/ring.h"
#include "aggregator/store/waits.h"
#include "base/clock.h"

struct store_node;
struct store_workload;

#define ROW_CPU_SLACK_NS 200000000ull /* stamps and readings of one pass are not simultaneous */
#define ROW_CPU_SLACK_PERCENT 5u

struct store_row {
	struct store_node *node;
	struct store_workload *workload; /* NULL: no policy selects it */
	struct store_row *next_gone;     /* in the node's list, after its end */
	uint32_t place;                  /* in workload's array */
	uint32_t id;                     /* the agent's number in this epoch */
	uint8_t kind, flags;             /* enum store_kind, STORE_NO_* */
	bool gone;
	bool frozen;       /* nothing is known about it since good_ns */
	bool rebase;       /* the next values are a new beginning */
	uint16_t pod_uid_at, container_id_at, name_at; /* offsets in text */
	char *text;        /* cgroup, pod uid, container id and name, each with its NUL */
	const char *runtime, *qos;
	uint64_t first_seen_ns; /* aggregator's clock */
	uint64_t gone_ns;       /* aggregator's clock */
	uint64_t good_ns;       /* frozen: aggregator's clock of its newest sample; 0: none */
	uint64_t added;         /* sequence of the batch since which it is here */
	uint64_t named, began;  /* sequences of the batches that named it last, that it began with */
	uint32_t good;          /* frozen: the slot of that sample */
	uint32_t first, coarse_first; /* slots of the first sample of this epoch, 0: none yet */
	uint64_t value[STORE_COLUMNS];
	struct ring *ring;      /* NULL while nothing changed */
	struct waits waits;
};

/* NULL: out of memory. Strings are copied. */
struct store_row *row_new(struct store_node *n, const struct store_identity *id);
struct store_row *row_free(struct store_row *r); /* NULL is fine */

static inline const char *row_cgroup(const struct store_row *r)
{
	return r->text;
}

static inline const char *row_pod_uid(const struct store_row *r)
{
	return r->text + r->pod_uid_at;
}

static inline const char *row_container_id(const struct store_row *r)
{
	return r->text + r->container_id_at;
}

static inline const char *row_name(const struct store_row *r)
{
	return r->text + r->name_at;
}

/* What came for it in one second, against what it had. 0; -EBADMSG with *ret_why: not believed, then
 * the values are only a new beginning and no rate reaches over them; -ENOMEM: frozen. */
int row_put(struct store_row *r, const struct store_batch *b, size_t i, uint64_t elapsed_ns,
	    enum store_refusal *ret_why);
void row_freeze(struct store_row *r);
/* Its newest sample: slot (0: none) and time on the aggregator's clock (0: none). */
uint32_t row_newest(const struct store_row *r);
uint64_t row_sample_ns(const struct store_row *r);
/* Age of its newest sample; UINT64_MAX: none. */
uint64_t row_sample_age(const struct store_row *r, clock_boot_t now);
/* Differences over the window; -ENODATA: unknown. */
int row_rate(const struct store_row *r, uint64_t window_ns, struct ring_rate *ret);

#endif
