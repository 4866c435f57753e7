/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/heard.h"

#include <errno.h>
#include <stdlib.h>

#include "aggregator/store/recent.h"
#include "aggregator/store/waits.h"
#include "decide/guard.h"

struct counts { /* modulo 2^32, all but the time */
	uint32_t requests, errors, timed;
	uint64_t ns;
};

struct snapshot {
	uint64_t at_ns;
	struct counts of;
};

struct heard {
	struct waits durations;
	struct counts now;
	uint32_t period; /* when the snapshots were last moved */
	struct snapshot newer, older;
	struct recent recent;
	uint64_t before_ns, at_ns; /* of the newest sample that brought anything, and the one before it; */
	uint32_t answered;         /* in between */
	uint32_t fell_from;        /* what was counted before it fell, until it was as much again; 0: it did not */
};

static uint32_t period_of(uint64_t at_ns)
{
	return (uint32_t)(at_ns / WAITS_PERIOD_NS);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* To a later period; what is counted now held until `until_ns`. */
static void catch_up(struct heard *h, uint32_t period, uint64_t until_ns)
{
	uint64_t began_ns = period * WAITS_PERIOD_NS;

	if (period <= h->period)
		return;
	if (period == h->period + 1)
		h->older = h->newer;
	else /* nothing came in the whole period between */
		h->older = (struct snapshot){least(until_ns, began_ns - WAITS_PERIOD_NS), h->now};
	h->newer = (struct snapshot){least(until_ns, began_ns), h->now};
	h->period = period;
}

struct heard *heard_new(uint64_t since_ns, struct heard_counts c)
{
	struct heard *h = calloc(1, sizeof(*h));

	if (!h || (c.requests && waits_doubt(&h->durations) < 0))
		return heard_free(h);
	heard_begin(h, since_ns, c);
	return h;
}

struct heard *heard_free(struct heard *h)
{
	if (!h)
		return NULL;
	waits_done(&h->durations);
	recent_done(&h->recent);
	free(h);
	return NULL;
}

static struct counts shortened(struct heard_counts c)
{
	return (struct counts){(uint32_t)c.requests, (uint32_t)c.errors, (uint32_t)c.timed, c.ns};
}

void heard_begin(struct heard *h, uint64_t at_ns, struct heard_counts c)
{
	if (shortened(c).requests < h->now.requests)
		h->fell_from = h->now.requests;
	waits_begin(&h->durations);
	h->now = shortened(c);
	h->newer = h->older = (struct snapshot){at_ns, h->now};
	h->period = period_of(at_ns);
	h->before_ns = h->at_ns = at_ns;
	h->answered = 0;
	if (h->recent.kept)
		(void)recent_begin(&h->recent, at_ns);
}

/* As much at once as in its whole life before it fell: it is that life again, and no requests of now. */
static bool is_back(const struct heard *h, struct heard_counts c)
{
	return h->fell_from && shortened(c).requests - h->now.requests >= h->fell_from;
}

void heard_put(struct heard *h, uint64_t before_ns, uint64_t at_ns, struct heard_counts c)
{
	if (GUARD(RETURN, is_back(h, c))) {
		heard_begin(h, at_ns, c);
		h->fell_from = 0;
		return;
	}
	catch_up(h, period_of(at_ns), before_ns);
	h->answered = shortened(c).requests - h->now.requests;
	h->now = shortened(c);
	h->before_ns = before_ns;
	h->at_ns = at_ns;
}

int heard_put_bucket(struct heard *h, uint64_t at_ns, unsigned bucket, uint32_t count)
{
	bool base = h->older.at_ns == at_ns;
	bool moved = at_ns == h->at_ns;
	uint32_t more = waits_new(&h->durations, bucket, count, base);
	bool is_true = !GUARD(DURATIONS, more > (uint64_t)(moved ? h->answered : 0) + HEARD_SLACK);
	int r = is_true ? recent_put(&h->recent, moved ? h->before_ns : h->at_ns, at_ns, bucket, more) : 0;

	if (r == 0)
		r = waits_put(&h->durations, period_of(at_ns), bucket, count, base || !is_true);
	return r == 0 && !is_true ? -EBADMSG : r;
}

void heard_missed(struct heard *h)
{
	waits_missed(&h->durations);
}

void heard_told(struct heard *h)
{
	waits_told(&h->durations);
}

int heard_recent(struct heard *h, uint64_t at_ns, struct heard_rate *ret, uint64_t into[HIST_BUCKETS])
{
	double seconds;

	catch_up(h, period_of(at_ns), at_ns);
	if (at_ns <= h->older.at_ns)
		return -ENODATA;
	seconds = (double)(at_ns - h->older.at_ns) / 1e9;
	ret->requests = (uint32_t)(h->now.requests - h->older.of.requests) / seconds;
	ret->errors = (uint32_t)(h->now.errors - h->older.of.errors) / seconds;
	ret->timed = (uint32_t)(h->now.timed - h->older.of.timed) / seconds;
	ret->ns = (double)(h->now.ns - h->older.of.ns) / seconds;
	waits_add_recent(&h->durations, period_of(at_ns), into);
	return 0;
}

int heard_took(struct heard *h, uint64_t at_ns, uint64_t window_ns, uint32_t into[HIST_BUCKETS],
	       uint64_t *ret_cover_ns)
{
	if (!h->recent.kept)
		(void)recent_begin(&h->recent, at_ns); /* without memory for it, it is not known */
	return recent_sum(&h->recent, at_ns, window_ns, into, ret_cover_ns);
}
