/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's run-queue wait histogram over the last seconds. The wire says cumulative counts of changed
 * buckets; kept are those counts and two snapshots of them, 5 s apart, only for the range of buckets
 * that ever were in use (a busy row uses about 24 of 48: 300 bytes). The difference to the older
 * snapshot covers the last 5 to 10 s. Periods are numbered by the node's clock; a row catches up when
 * it is next touched, so an idle row costs nothing.
 */
#ifndef AGGREGATOR_STORE_WAITS_H
#define AGGREGATOR_STORE_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"

#define WAITS_PERIOD_NS 5000000000ull

struct waits {
	uint32_t period;     /* when the snapshots were last moved */
	uint16_t low, n;     /* buckets low … low + n - 1 */
	uint32_t *count;     /* n now, n of the newer snapshot, n of the older one */
};

/* 0 or -ENOMEM; bucket < HIST_BUCKETS. `base`: counted before we looked, so it is no wait of now. */
int waits_put(struct waits *w, uint32_t period, unsigned bucket, uint32_t count, bool base);
/* From here on only what is added counts: the agent that counted before is another one. */
void waits_reset(struct waits *w);
/* into += what came since the older snapshot. */
void waits_add_recent(struct waits *w, uint32_t period, uint64_t into[HIST_BUCKETS]);
void waits_done(struct waits *w);

#endif
