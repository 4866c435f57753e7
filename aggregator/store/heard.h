/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests that a row answered, or an edge had, in the last seconds: how many, how many of them with an error, and
 * how long they took. Kept are the counters and, as of waits (store/waits.h), two snapshots of them, 5 s apart; the
 * difference to the older one covers the last 5 to 10 s. Only a row that ever answered one, and each edge, has this: 136
 * bytes, and its histogram as the waits have theirs; and who asks for it has shorter windows (store/recent.h), too.
 */
#ifndef AGGREGATOR_STORE_HEARD_H
#define AGGREGATOR_STORE_HEARD_H

#include <stdint.h>

#include "base/hist.h"

struct heard;

struct heard_counts { /* cumulative */
	uint64_t requests, errors, timed, ns; /* ns: of those that are timed */
};

/* Of one that counted `c` since `since_ns`. Times are the node's. NULL: out of memory. */
struct heard *heard_new(uint64_t since_ns, struct heard_counts c);
struct heard *heard_free(struct heard *h); /* NULL is fine; returns NULL */
/* `c` is only a base: from `at_ns` on what is added counts. */
void heard_begin(struct heard *h, uint64_t at_ns, struct heard_counts c);
/* What it counted before held until `before_ns`, `c` is of `at_ns`. */
void heard_put(struct heard *h, uint64_t before_ns, uint64_t at_ns, struct heard_counts c);
#define HEARD_SLACK 64u /* answers that are counted and not timed yet, or the reverse: CPUs go on while a sample is taken */
/* A bucket of the durations of the sample at `at_ns`. 0; -ENOMEM: then it is not told; -EBADMSG: that is more than were
 * answered since the sample before, and only a new base. */
int heard_put_bucket(struct heard *h, uint64_t at_ns, unsigned bucket, uint32_t count);
void heard_told(struct heard *h);   /* as waits_told() */
void heard_missed(struct heard *h); /* as waits_missed() */

struct heard_rate { /* a second */
	double requests, errors, timed, ns;
};

/* Up to the sample at `at_ns`, into += durations. -ENODATA: there is no second sample; nothing is added then. */
int heard_recent(struct heard *h, uint64_t at_ns, struct heard_rate *ret, uint64_t into[HIST_BUCKETS]);

/* Of a window up to the sample at `at_ns`: into = durations, *ret_cover_ns: how long that is. Begins to be kept with the
 * first call. -ENODATA: it is not known, not yet, say. */
int heard_took(struct heard *h, uint64_t at_ns, uint64_t window_ns, uint32_t into[HIST_BUCKETS],
	       uint64_t *ret_cover_ns);

#endif
