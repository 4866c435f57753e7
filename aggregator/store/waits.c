/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/waits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALL UINT64_MAX
_Static_assert(HIST_BUCKETS <= 64, "a bit each in `unsure`");

struct waits_kept {
	uint64_t unsure;  /* a bit a bucket: what it counted before is not known */
	uint32_t period;  /* when the snapshots were last moved */
	uint16_t low, n;  /* buckets low … low + n - 1 */
	uint32_t count[]; /* n now, n of the newer snapshot, n of the older one */
};

static void catch_up(struct waits_kept *k, uint32_t period)
{
	size_t size = k->n * sizeof(*k->count);
	uint32_t *now = k->count, *newer = now + k->n, *older = newer + k->n;

	if (period == k->period)
		return;
	memcpy(older, period == k->period + 1 ? newer : now, size);
	memcpy(newer, now, size);
	k->period = period;
}

/* With all that `old` has. NULL: out of memory. */
static struct waits_kept *copy_wider(const struct waits_kept *old, unsigned low, unsigned n)
{
	struct waits_kept *k = calloc(1, sizeof(*k) + 3 * (size_t)n * sizeof(*k->count));

	if (!k)
		return NULL;
	k->unsure = old->unsure;
	k->period = old->period;
	k->low = (uint16_t)low;
	k->n = (uint16_t)n;
	for (unsigned i = 0; i < 3 && old->n; i++)
		memcpy(k->count + (size_t)i * n + (old->low - low), old->count + (size_t)i * old->n,
		       old->n * sizeof(*k->count));
	return k;
}

/* Makes room for `bucket`; new buckets were zero in both snapshots. */
static int widen(struct waits *w, unsigned bucket)
{
	static const struct waits_kept nothing;
	const struct waits_kept *old = w->kept ? w->kept : &nothing;
	unsigned low = old->n && old->low < bucket ? old->low : bucket;
	unsigned high = old->n && old->low + old->n > bucket + 1 ? old->low + old->n : bucket + 1;
	struct waits_kept *k;

	if (low == old->low && high - low == old->n)
		return 0;
	k = copy_wider(old, low, high - low);
	if (!k)
		return -ENOMEM;
	free(w->kept);
	w->kept = k;
	return 0;
}

int waits_put(struct waits *w, uint32_t period, unsigned bucket, uint32_t count, bool base)
{
	uint64_t bit = 1ull << bucket;
	struct waits_kept *k;
	unsigned i;

	if (widen(w, bucket) < 0)
		return -ENOMEM;
	k = w->kept;
	catch_up(k, period);
	i = bucket - k->low;
	k->count[i] = count;
	if (base || (k->unsure & bit))
		k->count[k->n + i] = k->count[2u * k->n + i] = count;
	k->unsure &= ~bit;
	return 0;
}

/* A row of which no bucket was ever told has none to be unsure of. */
void waits_begin(struct waits *w)
{
	if (!w->kept)
		return;
	w->kept->n = 0;
	w->kept->unsure = ALL;
}

int waits_doubt(struct waits *w)
{
	if (!w->kept)
		w->kept = calloc(1, sizeof(*w->kept));
	waits_begin(w);
	return w->kept ? 0 : -ENOMEM;
}

void waits_missed(struct waits *w)
{
	if (w->kept)
		w->kept->unsure = ALL;
}

void waits_told(struct waits *w)
{
	if (w->kept)
		w->kept->unsure = 0;
}

void waits_add_recent(struct waits *w, uint32_t period, uint64_t into[HIST_BUCKETS])
{
	const struct waits_kept *k = w->kept;

	if (!k)
		return;
	catch_up(w->kept, period);
	for (unsigned i = 0; i < k->n; i++)
		into[k->low + i] += (uint32_t)(k->count[i] - k->count[2u * k->n + i]);
}

uint32_t waits_count(const struct waits *w, unsigned bucket)
{
	const struct waits_kept *k = w->kept;

	return k && bucket >= k->low && bucket < (unsigned)k->low + k->n ? k->count[bucket - k->low] : 0;
}

/* A count that falls is no news, though modulo 2^32 it would be a lot. */
uint32_t waits_new(const struct waits *w, unsigned bucket, uint32_t count, bool base)
{
	uint32_t more = count - waits_count(w, bucket);

	return base || (w->kept && (w->kept->unsure & 1ull << bucket)) || more > INT32_MAX ? 0 : more;
}

void waits_done(struct waits *w)
{
	free(w->kept);
	w->kept = NULL;
}
