/* SPDX-License-Identifier: Apache-2.0 */
#include "safety/run.h"

#include <string.h>

static uint32_t first_replicas(const struct world *w)
{
	const struct policy *p = &w->policy;
	uint64_t each = p->cpu_request_milli * p->metric[0].target_percent / 100;
	uint64_t n = (w->demand_milli[0] + each - 1) / each;

	n = n < p->min_replicas ? p->min_replicas : n;
	return n > p->max_replicas ? p->max_replicas : (uint32_t)n;
}

void run_begin(const struct world *w, const char *name, FILE *tell, struct run *r)
{
	memset(r, 0, sizeof(*r));
	r->world = w;
	r->name = name;
	r->tell = tell;
	plant_begin(w, first_replicas(w), &r->plant);
}

static void tell_faults(const struct run *r, uint32_t s)
{
	for (uint32_t i = 0; i < r->world->n_faults; i++) {
		const struct fault *f = &r->world->fault[i];

		if (f->begins_s <= s && s < f->ends_s + 60)
			fprintf(r->tell, " %s(%u-%u nodes %x)", world_fault_word(f->kind), f->begins_s, f->ends_s,
				f->nodes);
	}
}

static struct judged judge_all(const struct run *r, uint32_t from, uint32_t to, uint32_t s)
{
	struct judged j = judge(r->world, &r->plant, to, s);

	if (j.wrong == RIGHT && judge_fights(r->world, &r->hand, from, to, s))
		j.wrong = WRONG_FIGHT;
	return j;
}

void run_act(struct run *r, uint32_t from, uint32_t to, uint32_t s, const char *why)
{
	struct judged j = judge_all(r, from, to, s);

	r->hand.ours = 0; /* it has ordered since, be it as many as the hand had set */
	if (to == r->plant.n)
		return;
	r->result.wrong[j.wrong]++;
	*(to > j.from ? &r->result.ups : &r->result.downs) += 1;
	r->result.actions_hash = (r->result.actions_hash ^ (s * 1000u + to)) * 0x100000001b3ull;
	if (r->tell) {
		fprintf(r->tell, "%s %5u s: %u -> %u (%s, set to %u), %s; right were %u to %u, measured %u of %u;",
			r->name, s, j.from, to, why, from, judge_word(j.wrong), j.least, j.most, j.seen, j.replicas);
		tell_faults(r, s);
		fprintf(r->tell, "\n");
	}
	plant_order(&r->plant, to, (int32_t)s);
}

static void lay_hand(struct run *r, uint32_t replicas, uint32_t s)
{
	const struct standing *x = r->standing;

	if (replicas == r->plant.n)
		return;
	r->hand = (struct hand){.at_s = s, .before = r->plant.n, .set = replicas, .ours = x ? x->ordered : 0,
				.can_be_seen = !x || replicas > x->most};
	if (r->tell)
		fprintf(r->tell, "%s %5u s: somebody else sets %u, where %u were\n", r->name, s, replicas, r->plant.n);
	plant_order(&r->plant, replicas, (int32_t)s);
}

/* Since the second before. */
static bool is_now(const struct run *r, uint32_t at_s, uint32_t s)
{
	return at_s <= s && s < at_s + r->world->period_s;
}

static void lay_hands(struct run *r, uint32_t s)
{
	for (uint32_t i = 0; i < r->world->n_faults; i++) {
		const struct fault *f = &r->world->fault[i];

		if (f->kind != FAULT_FOREIGN || !world_strikes_all(r->world, f))
			continue;
		if (is_now(r, f->begins_s, s))
			lay_hand(r, f->replicas, s);
		else if (f->back && is_now(r, f->ends_s, s) && r->hand.set == r->plant.n)
			lay_hand(r, r->hand.before, s);
	}
}

void run_second(struct run *r, uint32_t s)
{
	lay_hands(r, s);
	plant_run(&r->plant, s);
	r->result.replica_s += r->plant.n * r->world->period_s;
	if (r->world->demand_milli[s - 1] > r->plant.n * WORLD_POD_MILLI)
		r->result.short_s += r->world->period_s;
}

void run_add(struct run_result *to, const struct run_result *of)
{
	to->evaluations += of->evaluations;
	to->ups += of->ups;
	to->downs += of->downs;
	for (int i = 0; i < WRONGS; i++)
		to->wrong[i] += of->wrong[i];
	to->short_s += of->short_s;
	to->replica_s += of->replica_s;
}

uint64_t run_wrong(const struct run_result *r)
{
	uint64_t n = 0;

	for (int i = RIGHT + 1; i < WRONGS; i++)
		n += r->wrong[i];
	return n;
}
