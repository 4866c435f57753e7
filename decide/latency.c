/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/latency.h"

#include "decide/capped.h"
#include "decide/guard.h"
#include "decide/measure.h"

#define PERCENT	     100u
#define NS_PER_US    1000u
#define NS_IN_1000_S 1000000000000ull

void latency_add(struct latency *l, const uint32_t took[HIST_BUCKETS], uint64_t took_ns)
{
	uint64_t n = 0, milli;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		l->count[i] += took[i];
		n += took[i];
	}
	l->all += n;
	milli = took_ns ? capped_share(n, NS_IN_1000_S, took_ns) : 0;
	l->milli = capped_sum(l->milli, milli);
}

uint32_t latency_least(uint32_t quantile_percent)
{
	uint32_t n = quantile_percent < PERCENT ? LATENCY_ABOVE * PERCENT / (PERCENT - quantile_percent) : UINT32_MAX;

	return n > LATENCY_REQUESTS ? n : LATENCY_REQUESTS;
}

/* `rank` of `n` in a bucket, both times 100. */
static uint32_t inside(unsigned bucket, uint64_t rank, uint64_t n)
{
	uint64_t lower = hist_lower_ns(bucket);

	if (bucket == HIST_BUCKETS - 1) /* no upper bound: claim no more than is known */
		return capped_32(lower / NS_PER_US);
	return capped_32((lower + capped_share(hist_upper_ns(bucket) - lower, rank, n)) / NS_PER_US);
}

bool latency_quantile(const struct latency *l, uint32_t quantile_percent, uint32_t *ret_us)
{
	uint64_t rank = l->all * quantile_percent, before = 0; /* times 100 */

	if (l->all < latency_least(quantile_percent))
		return false;
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		uint64_t n = l->count[i] * PERCENT;

		if (n && before + n >= rank) {
			*ret_us = inside(i, rank - before, n);
			return true;
		}
		before += n;
	}
	return false;
}

/* All that were measured, and of them those that are not young. */
static void add_up(const struct policy *p, const struct view *v, uint64_t looked_ns, struct verdict_metric *m,
		   struct latency *all, struct latency *old)
{
	for (uint32_t i = 0; i < v->replicas; i++) {
		const struct view_replica *r = &v->replica[i];
		bool young = GUARD(YOUNG, measure_young(p, r, looked_ns));
		bool is_measured = view_is_fresh(r, p->fresh_ns) && r->took;

		measure_note(m, r, is_measured, young);
		if (!is_measured)
			continue;
		latency_add(all, r->took, r->took_ns);
		if (!young)
			latency_add(old, r->took, r->took_ns);
	}
}

static uint32_t percent_of(uint32_t us, uint32_t target_us)
{
	return target_us ? capped_32((uint64_t)us * PERCENT / target_us) : UINT32_MAX;
}

static uint32_t impute(const struct policy_metric *of, const struct verdict_metric *m, const struct latency *old)
{
	uint32_t counted = m->measured - m->young, all = m->measured, us;

	if (m->value_percent <= m->target_percent)
		return m->value_percent;
	if (!counted || !latency_quantile(old, of->quantile_percent, &us))
		return 0;
	if (GUARD(FILL, m->missing > 0))
		all += m->missing;
	return capped_32((uint64_t)percent_of(us, of->target_us) * counted / all);
}

void latency_measure(const struct policy *p, size_t metric, const struct view *v, uint64_t looked_ns,
		     struct verdict_metric *m)
{
	const struct policy_metric *of = &p->metric[metric];
	struct latency all = {0}, old = {0};

	add_up(p, v, looked_ns, m, &all, &old);
	m->requests = all.all;
	m->answered_milli = all.milli;
	m->known = m->measured > 0 && latency_quantile(&all, of->quantile_percent, &m->value_us);
	if (!m->known)
		return;
	m->value_percent = percent_of(m->value_us, of->target_us);
	m->imputed_percent = impute(of, m, &old);
}
