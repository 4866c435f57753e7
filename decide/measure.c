/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/measure.h"

#include "decide/capped.h"
#include "decide/guard.h"
#include "decide/latency.h"

#define PERCENT       100
#define PERMILLE      1000
#define REPLICAS_MOST INT32_MAX /* what a Kubernetes scale object can hold */

struct sum {
	uint64_t part, whole; /* milli-cores, or permille of runnable time */
	uint64_t young;       /* of `part`, what replicas use that only just began */
};

static void add(struct sum *to, uint64_t part, uint64_t whole, bool young)
{
	to->part = capped_sum(to->part, part);
	to->whole = capped_sum(to->whole, whole);
	if (young)
		to->young = capped_sum(to->young, part);
}

/* Adds what one replica says; false: nothing that is fresh. */
static bool add_replica(const struct policy *p, enum policy_metric_kind kind,
			const struct view_replica *r, bool young, struct sum *to)
{
	if (!view_is_fresh(r, p->fresh_ns))
		return false;
	if (kind == POLICY_CPU && r->cpu_known) {
		add(to, r->cpu_milli, p->cpu_request_milli, young);
		return true;
	}
	if (kind == POLICY_RUNQ && r->runq_known) {
		add(to, r->runq_permille, PERMILLE, young);
		return true;
	}
	return false;
}

bool measure_young(const struct policy *p, const struct view_replica *r, uint64_t looked_ns)
{
	uint64_t age_ns = r->age_ns > r->sample_age_ns ? r->age_ns - r->sample_age_ns : 0;

	return r->age_ns < looked_ns && age_ns < p->young_ns;
}

void measure_note(struct verdict_metric *m, const struct view_replica *r, bool is_measured, bool young)
{
	if (!is_measured) {
		m->missing++;
		return;
	}
	m->measured++;
	m->young += young;
	if (r->sample_age_ns > m->oldest_ns)
		m->oldest_ns = r->sample_age_ns;
}

static struct sum add_up(const struct policy *p, enum policy_metric_kind kind, const struct view *v,
			 uint64_t looked_ns, struct verdict_metric *m)
{
	struct sum s = {0};

	for (uint32_t i = 0; i < v->replicas; i++) {
		const struct view_replica *r = &v->replica[i];
		bool young = GUARD(YOUNG, measure_young(p, r, looked_ns));

		measure_note(m, r, add_replica(p, kind, r, young, &s), young);
	}
	return s;
}

static uint32_t percent(struct sum s)
{
	return s.whole ? capped_32(capped_share(s.part, PERCENT, s.whole)) : 0;
}

bool measure_within_tolerance(const struct policy *p, uint64_t value, uint64_t target)
{
	uint64_t apart = value > target ? value - target : target - value;

	return apart * PERMILLE <= p->tolerance_permille * target;
}

static uint32_t ceil_ratio(uint64_t replicas, uint64_t value, uint64_t target)
{
	uint64_t n = (replicas * value + target - 1) / target;

	return n < REPLICAS_MOST ? (uint32_t)n : REPLICAS_MOST;
}

uint32_t measure_filled_percent(const struct verdict_metric *m)
{
	if (m->value_percent >= m->target_percent)
		return 0;
	return m->target_percent > PERCENT ? m->target_percent : PERCENT;
}

/* What the missing replicas are taken to use, so that they speak against the change. */
static struct sum fill_in(struct sum s, const struct verdict_metric *m, uint64_t one)
{
	uint64_t each = capped_share(one, measure_filled_percent(m), PERCENT);

	if (m->value_percent > m->target_percent)
		s.part -= s.young;
	if (GUARD(FILL, m->missing > 0)) {
		s.whole = capped_sum(s.whole, capped_share(one, m->missing, 1));
		s.part = capped_sum(s.part, capped_share(each, m->missing, 1));
	}
	return s;
}

/* The work of starting up says nothing of the work that those do who serve: with none of it they look idle. */
static uint32_t young_percent(struct sum s, const struct verdict_metric *m, uint64_t one)
{
	uint32_t full = measure_filled_percent(m);

	if (!m->young || !full)
		return 0;
	s = fill_in(s, m, one);
	s.part = capped_sum(s.part - s.young, capped_share(capped_share(one, full, PERCENT), m->young, 1));
	return percent(s);
}

static bool turned_round(const struct verdict_metric *m, uint32_t current)
{
	bool grows = m->value_percent > m->target_percent;

	if (grows)
		return m->imputed_percent < m->target_percent || m->asks < current;
	return m->imputed_percent > m->target_percent || m->asks > current;
}

bool measure_speaks(const struct policy *p, size_t metric, const struct verdict_metric *m)
{
	return m->known && (p->metric[metric].kind != POLICY_LATENCY || m->value_percent > m->target_percent);
}

static void ask(const struct policy *p, size_t metric, uint32_t current, struct verdict_metric *m)
{
	uint32_t target = m->target_percent;

	m->asks = current;
	if (!measure_speaks(p, metric, m) || measure_within_tolerance(p, m->value_percent, target) ||
	    measure_within_tolerance(p, m->imputed_percent, target))
		return;
	m->asks = ceil_ratio(m->measured + m->missing, m->imputed_percent, target);
	if (m->missing + m->young && turned_round(m, current))
		m->asks = current;
}

static void measure_share(const struct policy *p, enum policy_metric_kind kind, const struct view *v,
			  uint64_t looked_ns, struct verdict_metric *m)
{
	struct sum s = add_up(p, kind, v, looked_ns, m);

	m->known = m->measured > 0 && s.whole > 0;
	m->sum_milli = s.part;
	m->request_milli = s.whole;
	if (!m->known)
		return;
	m->value_percent = percent(s);
	m->imputed_percent = percent(fill_in(s, m, s.whole / m->measured));
	m->young_percent = young_percent(s, m, s.whole / m->measured);
}

void measure(const struct policy *p, size_t metric, const struct view *v, uint32_t current,
	     uint64_t looked_ns, struct verdict_metric *ret)
{
	enum policy_metric_kind kind = p->metric[metric].kind;
	struct verdict_metric m = {.target_percent = p->metric[metric].target_percent};

	if (kind == POLICY_LATENCY)
		latency_measure(p, metric, v, looked_ns, &m);
	else
		measure_share(p, kind, v, looked_ns, &m);
	if (m.known)
		ask(p, metric, current, &m);
	*ret = m;
}

/* More are live than are set: some are ordered away and still seen, nobody can tell which, and whoever is missing may be
 * one that stays. */
static uint32_t stay_measured(uint32_t current, const struct verdict_metric *m)
{
	return m->missing < current ? current - m->missing : 0;
}

uint32_t measure_least(const struct policy *p, const struct verdict_metric *m, uint32_t current)
{
	if (!m->young_percent)
		return 0;
	if (m->young_percent > m->target_percent || measure_within_tolerance(p, m->young_percent, m->target_percent))
		return current;
	return ceil_ratio(m->measured + m->missing, m->young_percent, m->target_percent);
}

uint32_t measure_coverage(const struct view *v, uint32_t current, const struct verdict_metric *m)
{
	uint32_t all = v->fleet_silent && current > v->replicas ? current : v->replicas;
	uint32_t measured = m->measured;

	if (current && v->replicas > current) {
		all = current;
		measured = stay_measured(current, m);
	}
	return all ? (uint32_t)((uint64_t)measured * PERMILLE / all) : 0;
}
