/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/decide.h"

#include "decide/gain.h"
#include "decide/guard.h"
#include "decide/measure.h"
#include "decide/wait.h"
#include "decide/window.h"

/* The metric that asks for most wins: each of them must be satisfied. */
static void ask_metrics(const struct policy *p, const struct view *v, uint64_t looked_ns, struct verdict *d)
{
	for (size_t i = 0; i < p->n_metrics; i++) {
		struct verdict_metric *m = &d->metric[i];

		measure(p, i, v, d->from, looked_ns, m);
		if (measure_speaks(p, i, m) && (d->trigger < 0 || m->asks > d->asked)) {
			d->trigger = (int)i;
			d->asked = m->asks;
		}
	}
}

/* The worst covered metric counts: what it cannot see could speak against shrinking. */
static uint32_t coverage(const struct policy *p, const struct view *v, const struct verdict *d)
{
	uint32_t least = 1000;

	for (size_t i = 0; i < p->n_metrics; i++) {
		uint32_t of_metric = measure_coverage(v, d->from, &d->metric[i]);

		if (of_metric < least)
			least = of_metric;
	}
	return least;
}

static bool has_stale_replica(const struct policy *p, const struct view *v)
{
	for (uint32_t i = 0; i < v->replicas; i++) {
		const struct view_replica *r = &v->replica[i];

		if (!view_is_fresh(r, p->fresh_ns) && r->sample_age_ns != UINT64_MAX)
			return true;
	}
	return false;
}

/* A clock that goes backwards must not make an order young for ever. */
static void forget_the_future(struct decide_state *s, uint64_t now_ns)
{
	if (s->wanted_since_ns > now_ns)
		s->wanted_since_ns = now_ns;
	if (s->silent_ns > now_ns)
		s->silent_ns = now_ns;
	if (s->fewer_ns > now_ns)
		s->fewer_ns = now_ns;
	if (s->begin_ns > now_ns)
		s->begin_ns = now_ns;
}

/* Much of the fleet silent at once is an outage of what we measure with, whatever the rest says. */
static void note_silence(const struct view *v, struct decide_state *s)
{
	if ((uint64_t)v->fleet_silent * 1000 > (uint64_t)v->fleet_nodes * DECIDE_SILENT_PERMILLE) {
		s->silent = true;
		s->silent_ns = v->boottime_ns;
	} else if (v->boottime_ns - s->silent_ns >= DECIDE_SILENCE_NS) {
		s->silent = false;
	}
}

uint64_t decide_looked(const struct view *v, const struct decide_state *s)
{
	return s->begin_ns ? v->boottime_ns - s->begin_ns : 0;
}

static void note_live(const struct view *v, struct decide_state *s)
{
	if (!s->begin_ns && v->replicas)
		s->begin_ns = v->boottime_ns ? v->boottime_ns : 1;
	if (v->replicas < s->live)
		s->fewer_ns = v->boottime_ns ? v->boottime_ns : 1;
	s->live = v->replicas;
}

static bool covers_enough(const struct policy *p, const struct verdict *d)
{
	return d->coverage_permille && d->coverage_permille >= p->min_coverage_permille;
}

/* A latency is known that asks for nothing, and nothing else is. */
static bool knows_any(const struct policy *p, const struct verdict *d)
{
	bool any = false;

	for (size_t i = 0; i < p->n_metrics; i++)
		any = any || d->metric[i].known;
	return any;
}

static enum verdict_reason why_unseen(const struct policy *p, const struct view *v)
{
	return has_stale_replica(p, v) ? VERDICT_STALE : VERDICT_COVERAGE;
}

/* There it can ask for more only because some are still seen that were ordered away. */
static bool is_below_target(const struct verdict *d)
{
	return d->metric[d->trigger].imputed_percent <= d->metric[d->trigger].target_percent;
}

/* Why fewer replicas must not follow from this view; STEADY: nothing speaks against it. However low
 * the policy sets the least coverage, a metric that nobody measured does. */
static enum verdict_reason shrinking_forbidden(const struct policy *p, const struct view *v,
					       const struct decide_state *s,
					       const struct verdict *d)
{
	if (GUARD(WARMING, wait_warming(v, s)))
		return VERDICT_WARMING;
	if (GUARD(COVERAGE, !covers_enough(p, d)))
		return why_unseen(p, v);
	if (GUARD(SILENCE, s->silent))
		return VERDICT_SILENCE;
	if (GUARD(STRAIN, gain_strain(p, v) >= DECIDE_STRAINED_PERMILLE))
		return VERDICT_STRAINED;
	return VERDICT_STEADY;
}

/* A metric is above its target and asks for nothing, because of who is measured. */
static bool is_youth_alone(const struct policy *p, const struct verdict *d)
{
	for (size_t i = 0; i < p->n_metrics; i++) {
		const struct verdict_metric *m = &d->metric[i];

		if (m->known && m->young && m->value_percent > m->target_percent &&
		    !measure_within_tolerance(p, m->value_percent, m->target_percent))
			return true;
	}
	return false;
}

static enum verdict_reason why_unchanged(const struct policy *p, const struct verdict *d)
{
	return is_youth_alone(p, d) ? VERDICT_YOUNG : VERDICT_STEADY;
}

static void hold(struct verdict *d, enum verdict_reason why)
{
	d->asked = d->from;
	d->reason = why;
}

static void judge(const struct policy *p, const struct view *v, const struct decide_state *s,
		  struct verdict *d)
{
	enum verdict_reason forbidden = VERDICT_STEADY;

	if (d->trigger < 0)
		forbidden = knows_any(p, d) ? why_unseen(p, v) : VERDICT_BLIND;
	else if (d->asked < d->from)
		forbidden = shrinking_forbidden(p, v, s, d);
	else if (d->asked > d->from && GUARD(BELOW, is_below_target(d)))
		forbidden = VERDICT_SETTLING;
	else if (d->asked > d->from)
		forbidden = gain_forbids(p, v, d, s);
	if (forbidden != VERDICT_STEADY)
		hold(d, forbidden);
	else
		d->reason = d->asked == d->from ? why_unchanged(p, d) : VERDICT_METRIC;
}

static void limit(struct verdict *d, uint32_t to, enum verdict_reason why)
{
	if (d->to == to)
		return;
	d->to = to;
	d->reason = why;
}

/* HorizontalPodAutoscaler v2's default: 100 % or 4 replicas, whichever is more. */
uint32_t decide_largest_step(uint32_t from)
{
	uint64_t most = (uint64_t)from + (from > DECIDE_STEP ? from : DECIDE_STEP);

	return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

uint32_t decide_highest(const struct policy *p, const struct decide_state *s, uint64_t now_ns, uint32_t from)
{
	uint32_t most = decide_largest_step(window_least(p, s, now_ns, p->up_period_ns, from));

	return most > from ? most : from;
}

uint32_t decide_lowest(const struct policy *p, const struct decide_state *s, uint64_t now_ns, uint32_t from)
{
	uint32_t base = window_most(p, s, now_ns, p->down_period_ns, from);
	uint64_t share = (uint64_t)base * p->down_permille / 1000;
	uint32_t step = share > DECIDE_STEP ? (uint32_t)share : DECIDE_STEP;
	uint32_t least = base > step ? base - step : 0;

	if (!p->down_period_ns)
		return 0;
	return least < from ? least : from;
}

void decide_afford(const struct view *v, struct verdict *d)
{
	uint32_t to = view_affordable(v, d->from, d->to);

	if (GUARD(BUDGET, d->to > to)) {
		d->lacks = d->to - to;
		limit(d, to, VERDICT_BUDGET);
	}
}

/* Fewer are live than were ordered: lost, taken away by hand, or not there yet. What asks for fewer than that, and for
 * more than are live, is above its target, or the pace; whoever carries the order out would start some. */
static bool starts(const struct view *v, const struct verdict *d)
{
	return d->to > v->replicas;
}

/* Somebody else may have started those that are young because the others have too much to do. */
static uint32_t least_with_the_young(const struct policy *p, const struct verdict *d)
{
	uint32_t most = 0;

	for (size_t i = 0; i < p->n_metrics; i++) {
		uint32_t least = measure_least(p, &d->metric[i], d->from);

		most = least > most ? least : most;
	}
	return most < d->from ? most : d->from;
}

static void apply_limits(const struct policy *p, const struct view *v, const struct decide_state *s,
			 struct verdict *d)
{
	uint64_t now_ns = v->boottime_ns;
	uint32_t most = gain_most(p, v, s);

	d->to = d->asked;
	limit(d, d->stabilized, VERDICT_STABILIZED);
	if (GUARD(STEP, d->to > d->from && d->to > decide_highest(p, s, now_ns, d->from)))
		limit(d, decide_highest(p, s, now_ns, d->from), VERDICT_STEP_LIMIT);
	if (GUARD(UNFILLED, d->to > d->from && d->to > most))
		limit(d, most, VERDICT_STEP_LIMIT);
	if (GUARD(PACE, d->to < d->from && d->to < decide_lowest(p, s, now_ns, d->from)))
		limit(d, decide_lowest(p, s, now_ns, d->from), VERDICT_PACE);
	if (GUARD(SETTLING, d->to < d->from && wait_settling(p, v, s)))
		limit(d, d->from, VERDICT_SETTLING);
	if (GUARD(YOUNG, d->to < least_with_the_young(p, d)))
		limit(d, least_with_the_young(p, d), VERDICT_YOUNG);
	if (GUARD(GONE, d->to < d->from && starts(v, d)))
		limit(d, d->from, VERDICT_WARMING);
	if (d->to < p->min_replicas)
		limit(d, p->min_replicas, VERDICT_MIN);
	if (d->to > p->max_replicas)
		limit(d, p->max_replicas, VERDICT_MAX);
	decide_afford(v, d);
}

/* An order is open until its replicas are seen. Who only observes orders nothing. */
static void expect_replicas(const struct policy *p, const struct view *v, const struct verdict *d,
			    struct decide_state *s)
{
	if (p->enforce && d->to > d->from) {
		gain_begin(p, v, d, s);
		s->wanted = d->to;
		s->wanted_since_ns = v->boottime_ns;
		s->wanted_step = d->to - s->gain.base;
	} else if (!wait_warming(v, s) || d->to < d->from) {
		s->wanted = 0;
	}
}

void decide_step(const struct policy *p, const struct view *v, uint32_t current,
		 struct decide_state *state, struct verdict *ret_v)
{
	struct verdict d = {.from = current, .to = current, .asked = current, .trigger = -1};

	forget_the_future(state, v->boottime_ns);
	note_silence(v, state);
	note_live(v, state);
	ask_metrics(p, v, decide_looked(v, state), &d);
	gain_look(p, v, &d, state);
	d.coverage_permille = coverage(p, v, &d);
	judge(p, v, state, &d);
	window_remember(p, state, v->boottime_ns, current, d.asked);
	d.stabilized = window_stabilize(p, state, v->boottime_ns, current, d.asked);
	if (current > 0) /* at 0 it is switched off, as for a HorizontalPodAutoscaler */
		apply_limits(p, v, state, &d);
	expect_replicas(p, v, &d, state);
	*ret_v = d;
}
