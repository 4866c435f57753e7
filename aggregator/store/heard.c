/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/heard.h"

#include <errno.h>
#include <stdlib.h>

#include "aggregator/store/waits.h"

struct counts { /* modulo 2^32 */
	uint32_t requests, errors;
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

struct heard *heard_new(uint64_t since_ns, const uint64_t v[SIGNALS])
{
	struct heard *h = calloc(1, sizeof(*h));

	if (h)
		heard_begin(h, since_ns, v);
	return h;
}

struct heard *heard_free(struct heard *h)
{
	if (!h)
		return NULL;
	waits_done(&h->durations);
	free(h);
	return NULL;
}

static struct counts counts_of(const uint64_t v[SIGNALS])
{
	return (struct counts){(uint32_t)v[SIGNAL_REQUESTS], (uint32_t)v[SIGNAL_REQUEST_ERRORS]};
}

void heard_begin(struct heard *h, uint64_t at_ns, const uint64_t v[SIGNALS])
{
	waits_begin(&h->durations);
	h->now = counts_of(v);
	h->newer = h->older = (struct snapshot){at_ns, h->now};
	h->period = period_of(at_ns);
}

void heard_put(struct heard *h, uint64_t before_ns, uint64_t at_ns, const uint64_t v[SIGNALS])
{
	catch_up(h, period_of(at_ns), before_ns);
	h->now = counts_of(v);
}

int heard_put_bucket(struct heard *h, uint64_t at_ns, unsigned bucket, uint32_t count)
{
	return waits_put(&h->durations, period_of(at_ns), bucket, count, h->older.at_ns == at_ns);
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
	waits_add_recent(&h->durations, period_of(at_ns), into);
	return 0;
}
