/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/cost.h"

#include <string.h>

enum payer { OURS, OTHERS };

static const struct {
	const char *part;
	enum payer payer;
} programs[PLIMSOLL_PROGRAMS] = {
#define PROGRAM(ID, name, part, payer, when) {#part, payer},
#include "plimsoll/programs.def"
};

void cost_init(struct cost_meter *m, const volatile struct plimsoll_cost *array, uint32_t cpus,
	       volatile uint32_t *wanted)
{
	*m = (struct cost_meter){.array = array, .cpus = cpus, .wanted = wanted};
}

static struct plimsoll_cost sum_of(const struct cost_meter *m, enum plimsoll_program program)
{
	struct plimsoll_cost sum = {0};

	for (uint32_t cpu = 0; cpu < m->cpus; cpu++) {
		const volatile struct plimsoll_cost *c = &m->array[cpu * PLIMSOLL_PROGRAMS + program];

		sum.ns += c->ns;
		sum.clock_ns += c->clock_ns;
		sum.runs += c->runs;
	}
	return sum;
}

void cost_start(struct cost_meter *m, clock_boot_t now)
{
	if (m->since.ns)
		return;
	for (int i = 0; i < PLIMSOLL_PROGRAMS; i++)
		m->before[i] = sum_of(m, i);
	m->since = now;
	*m->wanted = 1;
}

/* Without what reading the clock took, which may be more than a short run. */
static struct cost difference(const struct plimsoll_cost *a, const struct plimsoll_cost *b, uint64_t elapsed_ns)
{
	uint64_t gross = b->ns - a->ns, clock = b->clock_ns - a->clock_ns, runs = b->runs - a->runs;
	double net = gross > clock ? (double)(gross - clock) : 0;

	return (struct cost){.ns_per_run = runs ? net / (double)runs : 0,
			     .share = elapsed_ns ? net / (double)elapsed_ns : 0};
}

void cost_stop(struct cost_meter *m, clock_boot_t now)
{
	uint64_t elapsed = m->since.ns ? clock_since(now, m->since) : 0;

	if (!m->since.ns)
		return;
	*m->wanted = 0;
	for (int i = 0; i < PLIMSOLL_PROGRAMS; i++) {
		struct plimsoll_cost after = sum_of(m, i);

		m->of[i] = difference(&m->before[i], &after, elapsed);
	}
	m->since.ns = 0;
	m->results++;
}

double cost_of_part(const struct cost_meter *m, const char *part)
{
	double share = 0;

	for (int i = 0; i < PLIMSOLL_PROGRAMS; i++)
		if (programs[i].payer == OTHERS && strcmp(programs[i].part, part) == 0)
			share += m->of[i].share;
	return share;
}

bool cost_paid_by_others(enum plimsoll_program i)
{
	return programs[i].payer == OTHERS;
}
