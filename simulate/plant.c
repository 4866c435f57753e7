/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/plant.h"

#include <math.h>
#include <stdlib.h>

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
