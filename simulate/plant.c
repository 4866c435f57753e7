/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/plant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void plant_begin(const struct plant_model *m, uint32_t replicas, struct plant *p)
{
	*p = (struct plant){.model = *m, .born_s = mem_array(NULL, PLANT_REPLICAS, sizeof(*p->born_s))};
	while (p->n < replicas && p->n < PLANT_REPLICAS)
		p->born_s[p->n++] = INT32_MIN;
	p->serving = p->n;
}

void plant_set(struct plant *p, uint32_t replicas, uint32_t s)
{
	while (p->n < replicas && p->n < PLANT_REPLICAS)
		p->born_s[p->n++] = s;
	if (replicas < p->n)
		p->n = replicas;
	if (p->serving > p->n)
		p->serving = p->n;
}

void plant_second(struct plant *p, uint32_t s, uint32_t load_milli)
{
	double capacity = (double)p->model.capacity_milli, room, wanted;

	while (p->serving < p->n && p->born_s[p->serving] + (int64_t)p->model.startup_s <= (int64_t)s)
		p->serving++;
	room = capacity * p->serving;
	wanted = load_milli + p->backlog_milli_s;
	p->backlog_milli_s = fmax(0, wanted - room);
	p->use_milli = p->serving ? fmin(capacity, wanted / p->serving) : 0;
	p->wait_permille = p->backlog_milli_s > 0 ? 1000 : (uint32_t)(1000 * p->use_milli / capacity);
	p->missed = load_milli > 0 && (!p->serving || p->backlog_milli_s > 0 ||
				       capacity > p->model.slo * (capacity - p->use_milli));
}

/* Of the exponential distribution with that mean, what is below `us`. */
static double below(double us, double mean_us)
{
	return us > 0 ? 1 - exp(-us / mean_us) : 0;
}

void plant_took(const struct plant *p, uint32_t ret[HIST_BUCKETS])
{
	double capacity = (double)p->model.capacity_milli, use = p->use_milli / capacity;
	double idle_us = p->model.idle_us ? p->model.idle_us : PLANT_IDLE_US;
	double mean_us = idle_us / fmax(1 - use, 1e-3), n = use * 1e6 / idle_us, told = 0;
	double queue_us = p->serving ? 1e6 * p->backlog_milli_s / (capacity * p->serving) : 0;

	memset(ret, 0, HIST_BUCKETS * sizeof(*ret));
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		double upper_us = i + 1 < HIST_BUCKETS ? (double)hist_upper_ns(i) / 1e3 : INFINITY;
		double until = floor(n * below(upper_us - queue_us, mean_us) + 0.5);

		ret[i] = (uint32_t)(until - told); /* of a cumulative count, so that no rounding adds up */
		told = until;
	}
}

void plant_done(struct plant *p)
{
	free(p->born_s);
	p->born_s = NULL;
}

/* 1 / (1 - u / C) <= slo, so u <= C (1 - 1 / slo). */
uint32_t plant_need(const struct plant_model *m, uint32_t load_milli)
{
	double each = (double)m->capacity_milli * (1 - 1 / m->slo);

	return (uint32_t)fmin(PLANT_REPLICAS, ceil(load_milli / each - 1e-9));
}
