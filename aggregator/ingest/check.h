/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The border: what a peer sent becomes plain arrays of known shape, or is refused with a reason.
 * Shape, sizes and names are judged here; sequences, clocks and counters by the store, which knows
 * what was before. A name that no cgroup can have costs that row only, everything else the batch.
 */
#ifndef AGGREGATOR_INGEST_CHECK_H
#define AGGREGATOR_INGEST_CHECK_H

#include "aggregator/store/batch.h"
#include "aggregator/store/store.h"
#include "plimsoll/signal.h"
#include "plimsoll/v1/metrics.pb-c.h"

#define CHECK_ROWS_MAX 65536u /* the most cgroups an agent can be told to watch */
#define CHECK_NAMES_MAX CHECK_ROWS_MAX
#define CHECK_HIST_MAX (CHECK_ROWS_MAX * (size_t)SIGNAL_BUCKETS) /* every bucket of every row */
#define CHECK_PEERS_MAX 65536u /* an agent has room for 4096 */
#define CHECK_CGROUP_BYTES 4095u /* PATH_MAX less its NUL */
#define CHECK_NAME_BYTES (4 * 255u) /* NAME_MAX, every byte of it escaped by the agent */
#define CHECK_NODE_BYTES 253u /* a DNS name */
#define CHECK_CPUS_MAX 65536u
#define CHECK_INTERVAL_LEAST_NS 1000000ull
#define CHECK_INTERVAL_MOST_NS 3600000000000ull

struct check; /* scratch space, used again for each batch */
struct check *check_new(void);
struct check *check_free(struct check *c); /* NULL is fine; returns NULL */

/* 0 with *ret borrowing from `b` and `c` until the next call; -EBADMSG with the reason, counted in
 * `s`: then *ret has its names and who is gone (store_put_names()), as far as these are of good shape. Bad names are
 * counted and left out. */
int check_batch(struct check *c, struct store *s, const Plimsoll__V1__Batch *b,
		struct store_batch *ret, enum store_refusal *ret_why);
/* The same for a stream's first message. *ret_text says in plain words what is wrong. */
int check_hello(struct check *c, struct store *s, const Plimsoll__V1__Batch *b,
		struct store_batch *ret, struct store_source *ret_source,
		enum store_refusal *ret_why, const char **ret_text);
/* UTF-8 without control characters, at most `most` bytes. */
bool check_text(const char *text, size_t most);

#endif
