/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct span {
	uint64_t from_ns, to_ns; /* to 0: nothing was written yet */
};

struct recent_kept {
	uint64_t since_ns;
	uint16_t low, n; /* buckets low … low + n - 1 */
	uint32_t newest; /* index in span */
	struct span span[RECENT_SPANS];
	uint32_t count[]; /* n for each span */
};

static struct recent_kept *new_kept(uint64_t since_ns, unsigned low, unsigned n)
{
	struct recent_kept *k = calloc(1, sizeof(*k) + RECENT_SPANS * (size_t)n * sizeof(k->count[0]));

	if (!k)
		return NULL;
	k->since_ns = since_ns;
	k->low = (uint16_t)low;
	k->n = (uint16_t)n;
	return k;
}

static uint32_t *counts_of(struct recent_kept *k, uint32_t span)
{
	return k->count + (size_t)span * k->n;
}

int recent_begin(struct recent *r, uint64_t at_ns)
{
	struct recent_kept *k = new_kept(at_ns, 0, 0);

	free(r->kept);
	r->kept = k;
	return k ? 0 : -ENOMEM;
}

/* Makes room for `bucket`. */
static int widen(struct recent *r, unsigned bucket)
{
	struct recent_kept *old = r->kept, *k;
	unsigned low = old->n && old->low < bucket ? old->low : bucket;
	unsigned high = old->n && old->low + old->n > bucket + 1 ? old->low + old->n : bucket + 1;

	if (low == old->low && high - low == old->n)
		return 0;
	k = new_kept(old->since_ns, low, high - low);
	if (!k)
		return -ENOMEM;
	k->newest = old->newest;
	memcpy(k->span, old->span, sizeof(k->span));
	for (uint32_t i = 0; i < RECENT_SPANS && old->n; i++)
		memcpy(counts_of(k, i) + (old->low - low), counts_of(old, i), old->n * sizeof(k->count[0]));
	free(old);
	r->kept = k;
	return 0;
}

/* The span that a sample belongs to: the newest, or the next one. */
static void reach(struct recent_kept *k, uint64_t before_ns, uint64_t at_ns)
{
	struct span *s = &k->span[k->newest];

	if (s->to_ns && (at_ns <= s->to_ns || (before_ns <= s->to_ns && at_ns - s->from_ns < RECENT_SPAN_NS))) {
		s->to_ns = at_ns > s->to_ns ? at_ns : s->to_ns;
		return;
	}
	k->newest = (k->newest + 1) % RECENT_SPANS;
	k->span[k->newest] = (struct span){before_ns, at_ns};
	memset(counts_of(k, k->newest), 0, k->n * sizeof(k->count[0]));
}

int recent_put(struct recent *r, uint64_t before_ns, uint64_t at_ns, unsigned bucket, uint32_t count)
{
	struct recent_kept *k = r->kept;

	if (!k || !count || at_ns <= k->since_ns)
		return 0;
	if (widen(r, bucket) < 0)
		return -ENOMEM;
	k = r->kept;
	reach(k, before_ns > k->since_ns ? before_ns : k->since_ns, at_ns);
	counts_of(k, k->newest)[bucket - k->low] += count;
	return 0;
}

/* More than half of it lies in the window. */
static bool is_inside(const struct span *s, uint64_t at_ns, uint64_t window_ns)
{
	return at_ns == s->to_ns || at_ns - s->to_ns + (s->to_ns - s->from_ns) / 2 < window_ns;
}

int recent_sum(const struct recent *r, uint64_t at_ns, uint64_t window_ns, uint32_t into[HIST_BUCKETS],
	       uint64_t *ret_cover_ns)
{
	struct recent_kept *k = r->kept;
	uint64_t begin_ns;

	if (!k || at_ns <= k->since_ns)
		return -ENODATA;
	window_ns = window_ns < RECENT_WINDOW_MAX_NS ? window_ns : RECENT_WINDOW_MAX_NS;
	begin_ns = at_ns - k->since_ns > window_ns ? at_ns - window_ns : k->since_ns;
	memset(into, 0, HIST_BUCKETS * sizeof(*into));
	for (uint32_t i = 0; i < RECENT_SPANS; i++) {
		const struct span *s = &k->span[i];

		if (!s->to_ns || s->to_ns > at_ns)
			continue;
		if (!is_inside(s, at_ns, window_ns)) {
			begin_ns = s->to_ns > begin_ns ? s->to_ns : begin_ns;
			continue;
		}
		begin_ns = s->from_ns < begin_ns ? s->from_ns : begin_ns;
		for (uint32_t b = 0; b < k->n; b++)
			into[k->low + b] += counts_of(k, i)[b];
	}
	*ret_cover_ns = at_ns - begin_ns;
	return 0;
}

void recent_done(struct recent *r)
{
	free(r->kept);
	r->kept = NULL;
}
