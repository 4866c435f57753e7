/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/buckets.h"

#include <errno.h>
#include <stdlib.h>

#define ROOM_STEP 8u /* an octave has two buckets: most latencies lie within four */

struct buckets_kept {
	uint32_t n, room;
	struct {
		uint32_t bucket, count;
	} of[];
};

/* A row has some twenty: they are looked through. */
static uint32_t place_of(const struct buckets_kept *k, uint32_t bucket)
{
	uint32_t i = 0;

	while (i < k->n && k->of[i].bucket != bucket)
		i++;
	return i;
}

static int widen(struct buckets *b)
{
	uint32_t n = b->kept ? b->kept->n : 0, room = n + ROOM_STEP;
	struct buckets_kept *k = realloc(b->kept, sizeof(*k) + room * sizeof(k->of[0]));

	if (!k)
		return -ENOMEM;
	k->n = n;
	k->room = room;
	b->kept = k;
	return 0;
}

int buckets_put(struct buckets *b, uint32_t bucket, uint32_t count)
{
	uint32_t at = b->kept ? place_of(b->kept, bucket) : 0;

	if ((!b->kept || at == b->kept->room) && widen(b) < 0)
		return -ENOMEM;
	if (at == b->kept->n)
		b->kept->of[b->kept->n++].bucket = bucket;
	b->kept->of[at].count = count;
	return 0;
}

bool buckets_next(const struct buckets *b, size_t *cursor, uint32_t *ret_bucket, uint32_t *ret_count)
{
	if (!b->kept || *cursor >= b->kept->n)
		return false;
	*ret_bucket = b->kept->of[*cursor].bucket;
	*ret_count = b->kept->of[(*cursor)++].count;
	return true;
}

void buckets_done(struct buckets *b)
{
	free(b->kept);
	b->kept = NULL;
}
