/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/waits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void catch_up(struct waits *w, uint32_t period)
{
	size_t size = w->n * sizeof(*w->count);
	uint32_t *now = w->count, *newer = now + w->n, *older = newer + w->n;

	if (period == w->period)
		return;
	if (size) {
		memcpy(older, period == w->period + 1 ? newer : now, size);
		memcpy(newer, now, size);
	}
	w->period = period;
}

/* Makes room for `bucket`; new buckets were zero in both snapshots. */
static int widen(struct waits *w, unsigned bucket)
{
	unsigned low = w->n && w->low < bucket ? w->low : bucket;
	unsigned high = w->n && w->low + w->n > bucket + 1 ? w->low + w->n : bucket + 1;
	unsigned n = high - low;
	uint32_t *count;

	if (w->n && low == w->low && n == w->n)
		return 0;
	count = calloc(3 * (size_t)n, sizeof(*count));
	if (!count)
		return -ENOMEM;
	for (unsigned i = 0; i < 3 && w->n; i++)
		memcpy(count + (size_t)i * n + (w->low - low), w->count + (size_t)i * w->n,
		       w->n * sizeof(*count));
	free(w->count);
	w->count = count;
	w->low = (uint16_t)low;
	w->n = (uint16_t)n;
	return 0;
}

int waits_put(struct waits *w, uint32_t period, unsigned bucket, uint32_t count, bool base)
{
	unsigned i;

	catch_up(w, period);
	if (widen(w, bucket) < 0)
		return -ENOMEM;
	i = bucket - w->low;
	w->count[i] = count;
	if (base)
		w->count[w->n + i] = w->count[2u * w->n + i] = count;
	return 0;
}

void waits_reset(struct waits *w)
{
	free(w->count);
	w->count = NULL;
	w->n = 0;
}

void waits_add_recent(struct waits *w, uint32_t period, uint64_t into[HIST_BUCKETS])
{
	catch_up(w, period);
	for (unsigned i = 0; i < w->n; i++)
		into[w->low + i] += (uint32_t)(w->count[i] - w->count[2u * w->n + i]);
}

void waits_done(struct waits *w)
{
	waits_reset(w);
}
