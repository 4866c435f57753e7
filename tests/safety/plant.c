/* SPDX-License-Identifier: Apache-2.0 */
#include "safety/plant.h"

#include <string.h>

#include "base/hist.h"

#define NS_PER_MILLI_S 1000000ull /* a thousandth of a core for a second */
#define NS_PER_US      1000ull

static bool serves(const struct plant *p, const struct plant_pod *x, uint32_t s)
{
	return (int64_t)s >= x->born_s + (int64_t)p->world->startup_s;
}

void plant_order(struct plant *p, uint32_t replicas, int32_t s)
{
	while (p->n < replicas && p->n < WORLD_PODS) {
		p->pod[p->n++] = (struct plant_pod){
			.number = p->born, .node = p->born % p->world->nodes, .born_s = s};
		p->born++;
	}
	if (replicas < p->n)
		p->n = replicas;
}

void plant_begin(const struct world *w, uint32_t replicas, struct plant *p)
{
	memset(p, 0, sizeof(*p));
	p->world = w;
	plant_order(p, replicas, -100000);
	for (uint32_t i = 0; i < p->n; i++) { /* they have been there for long */
		p->pod[i].cpu_ns = 1000000000000ull * (i + 1);
		p->pod[i].wait_ns = 1000000000ull;
	}
}

/* What a p95 says of requests that are all in that bucket. */
static uint64_t told_ns(unsigned bucket)
{
	return hist_lower_ns(bucket) + (hist_upper_ns(bucket) - hist_lower_ns(bucket)) * 95 / 100;
}

static void answer(const struct world *w, struct plant_pod *x, uint32_t n)
{
	const struct policy *p = &w->policy;
	uint64_t target_milli = p->cpu_request_milli * p->metric[0].target_percent / 100;
	uint64_t ns = p->metric[1].target_us * NS_PER_US * 9 / 10 * x->use_milli / target_milli;
	uint32_t at = 0;

	while (at + 1 < WORLD_TIMES && told_ns(WORLD_TIMES_FROM + at + 1) <= ns)
		at++;
	x->requests += n;
	x->took[at] += n;
}

void plant_run(struct plant *p, uint32_t s)
{
	uint32_t serving = 0, period = p->world->period_s, each, over;

	for (uint32_t i = 0; i < p->n; i++)
		serving += serves(p, &p->pod[i], s);
	each = serving ? p->world->demand_milli[s - 1] / serving : 0;
	over = each > WORLD_POD_MILLI ? each - WORLD_POD_MILLI : 0;
	each -= over;
	for (uint32_t i = 0; i < p->n; i++) {
		struct plant_pod *x = &p->pod[i];

		x->use_milli = serves(p, x, s) ? each : p->world->startup_milli;
		x->cpu_ns += (uint64_t)x->use_milli * period * NS_PER_MILLI_S;
		if (serves(p, x, s))
			x->wait_ns += (uint64_t)over * period * NS_PER_MILLI_S;
		if (serves(p, x, s) && p->world->hears)
			answer(p->world, x, WORLD_REQUESTS_S * period);
	}
}
