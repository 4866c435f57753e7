/* SPDX-License-Identifier: Apache-2.0 */
#include "safety/judge.h"

#include "aggregator/standing.h"

#define SECOND	 1000000000ull
#define LOOK_S	 60u /* how far back a moment may justify an action, at least */
#define PERMILLE 1000u

static uint32_t clamp(const struct policy *p, uint64_t n)
{
	if (n < p->min_replicas)
		return p->min_replicas;
	return n > p->max_replicas ? p->max_replicas : (uint32_t)n;
}

/* Replicas that keep the load of second s at `percent_x10` tenths of a percent. */
static uint32_t need(const struct world *w, uint32_t s, uint64_t percent_x10)
{
	uint64_t each = w->policy.cpu_request_milli * (percent_x10 ? percent_x10 : 1);

	return clamp(&w->policy, ((uint64_t)w->demand_milli[s] * PERMILLE + each - 1) / each);
}

/* Percent are whole numbers, cut off: one more and one less than the tolerance's own bounds. */
static void bounds(const struct world *w, uint32_t s, uint32_t *ret_least, uint32_t *ret_most)
{
	uint64_t target = w->policy.metric[0].target_percent, off = w->policy.tolerance_permille;
	uint32_t look = (uint32_t)(w->policy.window_ns / SECOND) + 5 * w->period_s;
	uint32_t first;

	look = look < LOOK_S ? LOOK_S : look;
	first = s > look ? s - look : 0;
	*ret_least = w->policy.max_replicas;
	*ret_most = 0;
	for (uint32_t i = first; i < s; i++) {
		uint32_t low = need(w, i, target * (PERMILLE + off) / 100 + 10);
		uint32_t high = need(w, i, target * (PERMILLE - off) / 100 - 10);

		*ret_least = low < *ret_least ? low : *ret_least;
		*ret_most = high > *ret_most ? high : *ret_most;
	}
}

static bool blinds(enum fault_kind k)
{
	if (k > FAULT_FOREIGN)
		return k == FAULT_UNHEARD;
	return k != FAULT_WALL && k != FAULT_FOREIGN && k != FAULT_DUPLICATED && k != FAULT_SUSPENDED;
}

static bool is_struck(const struct world *w, const struct plant_pod *x, uint32_t s, uint32_t fresh_s)
{
	const struct fault *f = world_fault(w, x->node, s);

	if (f && f->kind == FAULT_ROWS_ZERO && !world_hides(w, f, x->born_s))
		return false;
	return f && blinds(f->kind) && (f->kind != FAULT_LATE || f->lag_s > fresh_s);
}

/* Not when it is struck and was so for longer than a sample is fresh. */
static bool is_seen(const struct world *w, const struct plant_pod *x, uint32_t s)
{
	uint32_t fresh = 4 * w->period_s;

	for (uint32_t back = 0; back <= fresh + 1; back++)
		if (back > s || !is_struck(w, x, s - back, fresh))
			return true;
	return false;
}

/* How far a step down from there may go at once. */
static uint32_t pace(const struct policy *p, uint32_t set)
{
	uint32_t step = set * p->down_permille / PERMILLE;

	step = step > DECIDE_STEP ? step : DECIDE_STEP;
	return set > step ? set - step : 0;
}

/* More count at once: the next order is a step from there. Fewer count after a minute: until then the order stands and
 * is not given again; the minute may have begun up to two samples before, when an order was on its way. */
bool judge_fights(const struct world *w, const struct hand *h, uint32_t from, uint32_t to, uint32_t s)
{
	const struct policy *p = &w->policy;

	if (!h->at_s || s - h->at_s + 2 * w->period_s >= STANDING_PATIENCE_NS / SECOND)
		return false;
	if (h->set > h->before)
		return h->can_be_seen && to < pace(p, h->set) && to < p->max_replicas;
	return h->ours && to > h->set && to > from && to <= h->ours;
}

struct judged judge(const struct world *w, const struct plant *p, uint32_t to, uint32_t s)
{
	struct judged j = {.from = p->n, .to = to, .replicas = p->n};

	bounds(w, s, &j.least, &j.most);
	for (uint32_t i = 0; i < p->n; i++)
		j.seen += is_seen(w, &p->pod[i], s);
	if (to < p->n && to < j.least)
		j.wrong = WRONG_DOWN;
	else if (to > p->n && to > j.most)
		j.wrong = WRONG_UP;
	else if (to < p->n && to < w->policy.max_replicas && j.seen * 10 < j.replicas * 9) /* bounds hold when blind */
		j.wrong = WRONG_BLIND;
	return j;
}

const char *judge_word(enum wrong w)
{
	static const char *const words[] = {"right", "down", "up", "blind", "fight", "taken"};

	return words[w];
}
