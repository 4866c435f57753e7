/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/wait.h"

#include "decide/gain.h"
#include "decide/measure.h"
#include "decide/window.h"

uint64_t wait_left(uint64_t since_ns, uint64_t most_ns, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - since_ns;

	return passed_ns < most_ns ? most_ns - passed_ns : 0;
}

uint64_t wait_warming(const struct view *v, const struct decide_state *s)
{
	if (!s->wanted || v->replicas >= s->wanted)
		return 0;
	return wait_left(s->wanted_since_ns, DECIDE_WARMING_NS, v->boottime_ns);
}

uint64_t wait_silence(const struct view *v, const struct decide_state *s)
{
	return s->silent ? wait_left(s->silent_ns, DECIDE_SILENCE_NS, v->boottime_ns) : 0;
}

static uint64_t longest_fresh(const struct policy *p, const struct view *v)
{
	uint64_t longest = p->fresh_ns;

	for (uint32_t i = 0; i < v->replicas; i++) {
		uint64_t ns = view_fresh_ns(v->replica[i].period_ns, p->fresh_ns);

		longest = ns > longest ? ns : longest;
	}
	return longest;
}

uint64_t wait_settling(const struct policy *p, const struct view *v, const struct decide_state *s)
{
	return s->fewer_ns ? wait_left(s->fewer_ns, p->window_ns + longest_fresh(p, v), v->boottime_ns) : 0;
}

/* Until the last of those that have begun is old enough. */
static uint64_t youth(const struct policy *p, const struct view *v, const struct decide_state *s)
{
	uint64_t looked_ns = decide_looked(v, s), longest = 0;

	for (uint32_t i = 0; i < v->replicas; i++) {
		const struct view_replica *r = &v->replica[i];
		uint64_t ns = r->age_ns > r->sample_age_ns ? wait_left(0, p->young_ns, r->age_ns - r->sample_age_ns)
							   : p->young_ns;

		if (view_is_fresh(r, p->fresh_ns) && measure_young(p, r, looked_ns) && ns > longest)
			longest = ns;
	}
	return longest;
}

uint64_t wait_held(const struct policy *p, const struct view *v, const struct decide_state *after,
		   const struct verdict *d)
{
	uint64_t open_ns = gain_open(p, v, after);

	switch (d->reason) {
	case VERDICT_STABILIZED:
		return window_held(p, after, v->boottime_ns, d->from, d->asked);
	case VERDICT_STEP_LIMIT:
		return open_ns ? open_ns : window_paced(p, after, v->boottime_ns, p->up_period_ns, d->from, true);
	case VERDICT_PACE:
		return window_paced(p, after, v->boottime_ns, p->down_period_ns, d->from, false);
	case VERDICT_WARMING:
		return wait_warming(v, after);
	case VERDICT_SILENCE:
		return wait_silence(v, after);
	case VERDICT_SETTLING:
		return wait_settling(p, v, after);
	case VERDICT_UNFILLED:
		return open_ns;
	case VERDICT_NO_GAIN:
		return wait_left(after->gain.useless_ns, DECIDE_GAIN_NS, v->boottime_ns);
	case VERDICT_YOUNG:
		return youth(p, v, after);
	default:
		return 0;
	}
}
