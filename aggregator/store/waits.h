/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's run-queue wait histogram over the last seconds. The wire says cumulative counts of changed
 * buckets; kept are those counts and two snapshots of them, 5 s apart, only for the range of buckets
 * that ever were in use (a busy row uses about 24 of 48: 300 bytes). The difference to the older
 * snapshot covers the last 5 to 10 s. Periods are numbered by the node's clock; a row catches up when
 * it is next touched, so an idle row costs nothing. A row that begins anew in mid-stream is told of a bucket only when
 * it changes, and then all that it counted in its life: of that nobody knows what is new.
 */
#ifndef AGGREGATOR_STORE_WAITS_H
#define AGGREGATOR_STORE_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"

#define WAITS_PERIOD_NS 5000000000ull

struct waits {
	struct waits_kept *kept; /* NULL: all buckets are 0 */
};

/* 0 or -ENOMEM; bucket < HIST_BUCKETS. `base`: counted before we looked, so it is no wait of now; nor is the first
 * count of a bucket after waits_begin(). */
int waits_put(struct waits *w, uint32_t period, unsigned bucket, uint32_t count, bool base);
void waits_begin(struct waits *w); /* from here on only what is added counts … */
int waits_doubt(struct waits *w);  /* the same of what never was told, but has counted before: 0 or -ENOMEM */
void waits_missed(struct waits *w); /* a second was not told: of no bucket is it known what came with it */
void waits_told(struct waits *w);  /* … and a bucket that was not told since is 0, for all were that are not */
/* into += what came since the older snapshot. */
void waits_add_recent(struct waits *w, uint32_t period, uint64_t into[HIST_BUCKETS]);
uint32_t waits_count(const struct waits *w, unsigned bucket); /* as told last; 0: not at all */
/* What waits_put() would add for it: what came since it was told last, 0 where nobody knows. */
uint32_t waits_new(const struct waits *w, unsigned bucket, uint32_t count, bool base);
void waits_done(struct waits *w);

#endif
