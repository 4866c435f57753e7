/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/explain_limits.h"

#include "aggregator/explain.h"
#include "base/clock.h"
#include "decide/measure.h"
#include "decide/window.h"

void explain_limits_windows(struct buf *to, const struct record *r)
{
	const struct policy *p = &r->policy;
	const struct verdict *d = &r->verdict;
	bool up = d->asked > d->from;

	explain_line(to, "windows");
	if (d->stabilized == d->asked)
		buf_printf(to, "scaleUp %.0f s, scaleDown %.0f s: nothing in them holds %u back\n",
			   clock_seconds(p->up_stabilization_ns), clock_seconds(p->down_stabilization_ns),
			   d->asked);
	else if (d->stabilized == d->from)
		buf_printf(to, "%s %.0f s: as %s was asked for in it, %u stays\n",
			   up ? "scaleUp" : "scaleDown",
			   clock_seconds(up ? p->up_stabilization_ns : p->down_stabilization_ns),
			   up ? "no more" : "no less", d->from);
	else
		buf_printf(to, "%s %.0f s: the %s that was asked for in it is %u\n",
			   up ? "scaleUp" : "scaleDown",
			   clock_seconds(up ? p->up_stabilization_ns : p->down_stabilization_ns),
			   up ? "least" : "most", d->stabilized);
}

/* "up to 1 + max(4, 100 %) = 5: 1 is the least it was set to in 15 s" */
static void add_growth(struct buf *to, const struct record *r)
{
	const struct policy *p = &r->policy;
	uint32_t from = r->verdict.from, least = window_least(p, &r->state, r->view.boottime_ns, p->up_period_ns, from);
	uint32_t most = decide_largest_step(least);

	buf_printf(to, "up to %u + max(%d, 100 %%) = %u", least, DECIDE_STEP, most);
	if (p->up_period_ns)
		buf_printf(to, ": %u is the least it was set to in %.0f s", least, clock_seconds(p->up_period_ns));
	buf_printf(to, "%s\n", most < from ? "; above that, nothing is added" : "");
	if (r->verdict.to > from && r->verdict.reason == VERDICT_STEP_LIMIT && r->verdict.to < most) {
		explain_line(to, "");
		buf_printf(to, "the step from %u is not yet measured: until then up to %u + max(%d, 100 %%) = %u\n",
			   r->state.gain.base, r->state.gain.base, DECIDE_STEP, r->verdict.to);
	}
}

static void add_shrinkage(struct buf *to, const struct record *r)
{
	const struct policy *p = &r->policy;
	uint64_t now_ns = r->view.boottime_ns;
	uint32_t from = r->verdict.from, most = window_most(p, &r->state, now_ns, p->down_period_ns, from);
	uint32_t least = decide_lowest(p, &r->state, now_ns, most);

	if (!p->down_period_ns)
		return;
	explain_line(to, "");
	buf_printf(to, "down to %u - max(%d, %g %%) = %u: %u is the most it was set to in %.0f s%s\n", most, DECIDE_STEP,
		   p->down_permille / 10.0, least, most, clock_seconds(p->down_period_ns),
		   least > from ? "; below that, nothing is taken away" : "");
}

/* "2 that just began, counted at 100 % each: 44 % of request, so not below 5" */
static void add_youth(struct buf *to, const struct record *r)
{
	for (size_t i = 0; i < r->policy.n_metrics; i++) {
		const struct verdict_metric *m = &r->verdict.metric[i];
		uint32_t least = measure_least(&r->policy, m, r->verdict.from);

		if (!least || r->verdict.asked >= r->verdict.from)
			continue;
		explain_line(to, "");
		buf_printf(to, "%u that just began, counted at %u %% each: %u %%, so not below %u\n", m->young,
			   measure_filled_percent(m), m->young_percent, least);
	}
}

void explain_limits_bounds(struct buf *to, const struct record *r)
{
	explain_line(to, "limits");
	buf_printf(to, "min %u, max %u\n", r->policy.min_replicas, r->policy.max_replicas);
	explain_line(to, "");
	add_growth(to, r);
	add_shrinkage(to, r);
	add_youth(to, r);
	explain_line(to, "coverage");
	buf_printf(to, "%.1f %% of replicas measured; below %.1f %% nothing shrinks\n",
		   r->verdict.coverage_permille / 10.0, r->policy.min_coverage_permille / 10.0);
}

void explain_limits_budget(struct buf *to, const struct view *v, uint32_t from, uint32_t wanted)
{
	uint32_t to_now = view_affordable(v, from, wanted);

	if (!v->fleet_budget)
		return;
	explain_line(to, "fleet budget");
	buf_printf(to, "%u new replicas a minute over all policies, %u left for this one", v->fleet_budget, v->fleet_room);
	if (to_now != wanted)
		buf_printf(to, ": %u -> %u instead of %u", from, to_now, wanted);
	buf_printf(to, "\n");
}
