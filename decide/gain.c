/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/gain.h"

#include "decide/guard.h"
#include "decide/wait.h"

#define PERCENT_HALF(x) ((uint64_t)(x) + (x) / 2)

uint32_t gain_strain(const struct policy *p, const struct view *v)
{
	uint64_t sum = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < v->replicas; i++)
		if (view_is_fresh(&v->replica[i], p->fresh_ns)) {
			sum += v->replica[i].strain_permille;
			n++;
		}
	return n ? (uint32_t)(sum / n) : 0;
}

static bool waits_for_cpu(const struct policy *p, const struct view *v)
{
	uint64_t sum = 0, n = 0;

	for (uint32_t i = 0; i < v->replicas; i++)
		if (view_is_fresh(&v->replica[i], p->fresh_ns) && v->replica[i].runq_known) {
			sum += v->replica[i].runq_permille;
			n++;
		}
	return n && sum / n >= DECIDE_STRAINED_PERMILLE;
}

static bool is_short(const struct policy *p, const struct view *v)
{
	return waits_for_cpu(p, v) || gain_strain(p, v) >= DECIDE_STRAINED_PERMILLE;
}

static bool is_filled(const struct view *v, const struct decide_state *s)
{
	return v->replicas + s->wanted_step / 2 >= s->wanted;
}

/* How far back what is measured now was measured. Slow agents' samples do not end together: what an old one says that
 * replicas did alone, a newer one says of those that came to help them, too. */
static uint64_t reach(const struct policy *p, const struct view *v)
{
	uint64_t most = p->window_ns;

	for (uint32_t i = 0; i < v->replicas; i++) {
		const struct view_replica *r = &v->replica[i];
		uint64_t cover_ns = r->window_ns > p->window_ns ? r->window_ns : p->window_ns;

		if (r->period_ns > VIEW_PERIOD_NS && view_is_fresh(r, p->fresh_ns) && r->sample_age_ns + cover_ns > most)
			most = r->sample_age_ns + cover_ns;
	}
	return most;
}

/* Latency only: where requests wait for their turn, replicas that help answer more of them, though what is left to wait
 * may wait as long as before. */
static bool answers_more(const struct policy *p, const struct view *v, const struct verdict_metric *m,
			 const struct decide_gain *g)
{
	unsigned __int128 expected = (unsigned __int128)g->answered_milli * v->replicas;

	return p->metric[g->metric].kind == POLICY_LATENCY && v->replicas > g->live &&
	       2 * (unsigned __int128)m->answered_milli * g->live >=
		       (unsigned __int128)g->answered_milli * g->live + expected;
}

/* What one replica can use is bounded, so its use need not fall. How long requests take has no such bound; but where a
 * CPU is what they wait for, it is known that more replicas are right. */
static bool is_excused(const struct policy *p, const struct view *v, const struct decide_gain *g)
{
	return p->metric[g->metric].kind == POLICY_LATENCY ? waits_for_cpu(p, v) : is_short(p, v);
}

/* From when enough of the replicas are there. What is young may not serve yet, and a latency falls only when it does. */
static uint64_t to_judge(const struct policy *p, const struct view *v, const struct decide_gain *g)
{
	return reach(p, v) + (p->metric[g->metric].kind == POLICY_LATENCY ? p->young_ns : 0);
}

static void conclude(const struct policy *p, const struct view *v, const struct verdict_metric *m,
		     struct decide_state *s)
{
	struct decide_gain *g = &s->gain;
	uint64_t expected = (uint64_t)g->value_percent * g->live / (v->replicas ? v->replicas : 1);
	bool helped = 2ull * m->value_percent <= g->value_percent + expected || answers_more(p, v, m, g);

	g->live = 0;
	if (helped) {
		g->useless = 0;
		return;
	}
	if (is_excused(p, v, g))
		return;
	g->useless++;
	g->useless_percent = m->value_percent;
	g->useless_ns = v->boottime_ns;
}

void gain_look(const struct policy *p, const struct view *v, const struct verdict *d, struct decide_state *s)
{
	struct decide_gain *g = &s->gain;

	if (g->useless_ns > v->boottime_ns)
		g->useless_ns = v->boottime_ns;
	if (g->filled_ns > v->boottime_ns)
		g->filled_ns = v->boottime_ns;
	if (!g->live)
		return;
	if (!g->filled_ns && s->wanted && is_filled(v, s))
		g->filled_ns = v->boottime_ns ? v->boottime_ns : 1;
	if (!g->filled_ns && !wait_warming(v, s))
		g->live = 0; /* it never was: nothing to judge */
	else if (g->filled_ns && v->boottime_ns - g->filled_ns >= to_judge(p, v, g) && d->metric[g->metric].known)
		conclude(p, v, &d->metric[g->metric], s);
}

/* Open steps end by themselves: unfilled ones with the patience, others when their metric is measured. */
uint64_t gain_open(const struct policy *p, const struct view *v, const struct decide_state *s)
{
	if (!s->gain.live)
		return 0;
	if (!s->gain.filled_ns)
		return wait_warming(v, s);
	return wait_left(s->gain.filled_ns, to_judge(p, v, &s->gain), v->boottime_ns);
}

/* The others are on their way or just began: none of them counts, so what is asked for is the least that is needed. */
static bool is_asked_by_the_old(const struct verdict *d, const struct decide_gain *g)
{
	const struct verdict_metric *m = &d->metric[d->trigger];

	return m->measured - m->young <= g->live;
}

uint32_t gain_most(const struct policy *p, const struct view *v, const struct decide_state *s)
{
	return gain_open(p, v, s) ? decide_largest_step(s->gain.base) : UINT32_MAX;
}

static bool completes(const struct verdict *d, const struct decide_gain *g)
{
	return g->base && is_asked_by_the_old(d, g) && d->from < decide_largest_step(g->base);
}

static bool is_useless(const struct policy *p, const struct view *v, const struct verdict *d,
		       const struct decide_gain *g)
{
	return g->useless >= DECIDE_GAIN_STEPS && v->boottime_ns - g->useless_ns < DECIDE_GAIN_NS &&
	       d->metric[g->metric].value_percent <= PERCENT_HALF(g->useless_percent) && !is_excused(p, v, g);
}

enum verdict_reason gain_forbids(const struct policy *p, const struct view *v, const struct verdict *d,
				 const struct decide_state *s)
{
	if (GUARD(UNFILLED, gain_open(p, v, s) && !completes(d, &s->gain)))
		return VERDICT_UNFILLED;
	if (GUARD(GAIN, is_useless(p, v, d, &s->gain)))
		return VERDICT_NO_GAIN;
	return VERDICT_STEADY;
}

void gain_begin(const struct policy *p, const struct view *v, const struct verdict *d, struct decide_state *s)
{
	struct decide_gain *g = &s->gain;

	if (!gain_open(p, v, s)) {
		g->live = v->replicas;
		g->base = d->from;
	}
	if (d->trigger < 0) {
		g->live = 0;
		return;
	}
	g->metric = (uint32_t)d->trigger;
	g->value_percent = d->metric[d->trigger].value_percent;
	g->answered_milli = d->metric[d->trigger].answered_milli;
	g->filled_ns = 0;
}
