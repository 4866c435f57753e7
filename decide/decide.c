/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/decide.h"

#include "decide/measure.h"
#include "decide/window.h"

/* The metric that asks for most wins: each of them must be satisfied. */
static void ask_metrics(const struct policy *p, const struct view *v, struct verdict *d)
{
	for (size_t i = 0; i < p->n_metrics; i++) {
		struct verdict_metric *m = &d->metric[i];

		measure(p, i, v, d->from, m);
		if (m->known && (d->trigger < 0 || m->asks > d->asked)) {
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
		uint32_t of_metric = measure_coverage(v, &d->metric[i]);

		if (of_metric < least)
			least = of_metric;
	}
	return least;
}

static bool has_stale_replica(const struct policy *p, const struct view *v)
{
	for (uint32_t i = 0; i < v->replicas; i++) {
		uint64_t age = v->replica[i].sample_age_ns;

		if (age > p->fresh_ns && age != UINT64_MAX)
			return true;
	}
	return false;
}

/* A clock that goes backwards must not make an order young for ever. */
static void forget_the_future(struct decide_state *s, uint64_t now_ns)
{
	if (s->wanted_since_ns > now_ns)
		s->wanted_since_ns = now_ns;
}

static bool is_warming(const struct view *v, const struct decide_state *s)
{
	return s->wanted && v->replicas < s->wanted &&
	       v->boottime_ns - s->wanted_since_ns < DECIDE_WARMING_NS;
}

/* Above its target a metric can ask for fewer only because fewer are live than were ordered. */
static bool is_above_target(const struct policy *p, const struct verdict *d)
{
	for (size_t i = 0; i < p->n_metrics; i++)
		if (d->metric[i].known && d->metric[i].value_percent > d->metric[i].target_percent)
			return true;
	return false;
}

/* Why fewer replicas must not follow from this view; STEADY: nothing speaks against it. However low
 * the policy sets the least coverage, a metric that nobody measured does. */
static enum verdict_reason shrinking_forbidden(const struct policy *p, const struct view *v,
					       const struct decide_state *s,
					       const struct verdict *d)
{
	if (is_warming(v, s) || is_above_target(p, d))
		return VERDICT_WARMING;
	if (d->coverage_permille && d->coverage_permille >= p->min_coverage_permille)
		return VERDICT_STEADY;
	return has_stale_replica(p, v) ? VERDICT_STALE : VERDICT_COVERAGE;
}

static void hold(struct verdict *d, enum verdict_reason why)
{
	d->asked = d->from;
	d->reason = why;
}

static void judge(const struct policy *p, const struct view *v, const struct decide_state *s,
		  struct verdict *d)
{
	enum verdict_reason forbidden = shrinking_forbidden(p, v, s, d);

	if (d->trigger < 0)
		hold(d, VERDICT_BLIND);
	else if (d->asked < d->from && forbidden != VERDICT_STEADY)
		hold(d, forbidden);
	else
		d->reason = d->asked == d->from ? VERDICT_STEADY : VERDICT_METRIC;
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

static void apply_limits(const struct policy *p, struct verdict *d)
{
	d->to = d->asked;
	limit(d, d->stabilized, VERDICT_STABILIZED);
	if (d->to > decide_largest_step(d->from))
		limit(d, decide_largest_step(d->from), VERDICT_STEP_LIMIT);
	if (d->to < p->min_replicas)
		limit(d, p->min_replicas, VERDICT_MIN);
	if (d->to > p->max_replicas)
		limit(d, p->max_replicas, VERDICT_MAX);
}

/* An order is open until its replicas are seen. Who only observes orders nothing. */
static void expect_replicas(const struct policy *p, const struct view *v, const struct verdict *d,
			    struct decide_state *s)
{
	if (p->enforce && d->to > d->from) {
		s->wanted = d->to;
		s->wanted_since_ns = v->boottime_ns;
	} else if (!is_warming(v, s) || d->to < d->from) {
		s->wanted = 0;
	}
}

void decide_step(const struct policy *p, const struct view *v, uint32_t current,
		 struct decide_state *state, struct verdict *ret_v)
{
	struct verdict d = {.from = current, .to = current, .asked = current, .trigger = -1};

	forget_the_future(state, v->boottime_ns);
	ask_metrics(p, v, &d);
	d.coverage_permille = coverage(p, v, &d);
	judge(p, v, state, &d);
	window_remember(p, state, v->boottime_ns, current, d.asked);
	d.stabilized = window_stabilize(p, state, v->boottime_ns, current, d.asked);
	if (current > 0) /* at 0 it is switched off, as for a HorizontalPodAutoscaler */
		apply_limits(p, &d);
	expect_replicas(p, v, &d, state);
	*ret_v = d;
}
