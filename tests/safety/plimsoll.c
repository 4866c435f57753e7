/* SPDX-License-Identifier: Apache-2.0 */
/* Our own decider: agents' seconds through the real store into decide_step(), as aggregator/scaler_step.c does it. */
#include <stdio.h>

#include "aggregator/standing.h"
#include "aggregator/store/store.h"
#include "decide/decide.h"
#include "safety/agent.h"
#include "safety/run.h"

#define BEGIN_NS (1000000 * CLOCK_NS_PER_S) /* the aggregator's clock when a world begins */

static struct agent agents[WORLD_NODES];

struct side {
	struct run run;
	struct store *store;
	struct store_workload *workload;
	struct standing standing;
	struct decide_state state;
	uint32_t ordered; /* last; 0: nothing yet */
};

static void evaluate(struct side *x, uint32_t s, uint64_t now_ns)
{
	const struct policy *p = &x->run.world->policy;
	struct verdict d;
	struct view v;
	uint32_t current;

	if (store_view(x->workload, (clock_boot_t){now_ns}, p->window_ns, p->fresh_ns, &v) < 0)
		return;
	current = standing_now(&x->standing, v.replicas, v.fleet_silent > 0, now_ns);
	x->run.result.wrong[WRONG_TAKEN] += x->standing.ordered && x->standing.ordered != x->ordered;
	decide_step(p, &v, current, &x->state, &d);
	x->run.result.evaluations++;
	if (d.to == d.from)
		return;
	standing_order(&x->standing, d.from, d.to);
	x->ordered = d.to;
	run_act(&x->run, d.from, d.to, s, verdict_word(d.reason));
}

static void second(struct side *x, uint32_t s)
{
	const struct world *w = x->run.world;
	uint64_t now_ns = BEGIN_NS + s * CLOCK_NS_PER_S + 20 * CLOCK_NS_PER_MS;

	run_second(&x->run, s);
	for (uint32_t i = 0; i < w->nodes; i++)
		agent_look(&agents[i], &x->run.plant, s);
	if (world_pause(w, s))
		return;
	for (uint32_t i = 0; i < w->nodes; i++)
		agent_send(&agents[i], x->store, s, now_ns);
	store_expire(x->store, (clock_boot_t){now_ns});
	for (uint32_t later = 0; later < w->period_s && s + later <= WORLD_SECONDS; later++)
		if (!world_pause(w, s + later))
			evaluate(x, s + later, now_ns + later * CLOCK_NS_PER_S);
}

void run_plimsoll(const struct world *w, FILE *tell, struct run_result *ret)
{
	static struct side x;

	x = (struct side){.store = store_new(&(struct store_options){WORLD_NODES, 100000})};
	x.workload = store_workload(x.store, "safety", AGENT_GLOB);
	store_set_hears(x.workload, w->hears);
	run_begin(w, "plimsoll", tell, &x.run);
	x.run.standing = &x.standing;
	for (uint32_t i = 0; i < w->nodes; i++)
		agent_begin(w, i, &agents[i]);
	for (uint32_t s = w->period_s; s <= WORLD_SECONDS; s += w->period_s)
		second(&x, s);
	store_free(x.store);
	*ret = x.run.result;
}
