/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a row's histograms but the waits counted, as told last: cumulative, and only of buckets that ever were in use.
 * Nobody here looks at it; readers are told and take the differences.
 */
#ifndef AGGREGATOR_STORE_BUCKETS_H
#define AGGREGATOR_STORE_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buckets {
	struct buckets_kept *kept; /* NULL: none */
};

int buckets_put(struct buckets *b, uint32_t bucket, uint32_t count); /* 0 or -ENOMEM: then it is not told */
/* In the order in which they came; begin with *cursor 0. False: no more. */
bool buckets_next(const struct buckets *b, size_t *cursor, uint32_t *ret_bucket, uint32_t *ret_count);
void buckets_done(struct buckets *b); /* none again */

#endif
