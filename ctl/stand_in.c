/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/stand_in.h"

#include <stdlib.h>

#include "base/mem.h"

enum { CPU, MEMORY, LIMIT, WAIT, STALL_CPU, STALL_MEMORY, STALL_IO, P95, VALUES };

struct one {
	Plimsoll__V1__Workload workload;
	Plimsoll__V1__Value value[VALUES];
};

struct stand_in {
	struct one *one;
	const Plimsoll__V1__Workload **list;
};

static void set(struct one *o, int which, struct fleet_value v)
{
	plimsoll__v1__value__init(&o->value[which]);
	o->value[which].known = v.known;
	o->value[which].value = v.value;
	o->value[which].coverage = 1;
}

/* As an aggregator names it; empty when nothing holds it back. */
static const char *cause(const struct one *o)
{
	static const struct {
		int value;
		const char *name;
	} causes[] = {
		{WAIT, "cpu run queue"}, {STALL_MEMORY, "memory stalls"}, {STALL_IO, "io stalls"}};
	const char *name = "";
	double highest = 0.005; /* what would show as 0 % is no cause */

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		const Plimsoll__V1__Value *v = &o->value[causes[i].value];

		if (v->known && v->value > highest) {
			highest = v->value;
			name = causes[i].name;
		}
	}
	return name;
}

static void fill(struct one *o, const struct fleet_node *n, const struct fleet_row *r)
{
	Plimsoll__V1__Workload *w = &o->workload;

	plimsoll__v1__workload__init(w);
	set(o, CPU, fleet_rate(n, r, FLEET_CPU));
	set(o, MEMORY, fleet_level(r, FLEET_WORKING_SET));
	set(o, LIMIT, fleet_level(r, FLEET_LIMIT));
	set(o, WAIT, fleet_wait_share(n, r));
	set(o, STALL_CPU, fleet_rate(n, r, FLEET_PSI_CPU));
	set(o, STALL_MEMORY, fleet_rate(n, r, FLEET_PSI_MEMORY));
	set(o, STALL_IO, fleet_rate(n, r, FLEET_PSI_IO));
	set(o, P95, fleet_wait_p95(r));
	w->name = r->cgroup;
	w->replicas = 1;
	w->cpu_cores = &o->value[CPU];
	w->memory_working_set_bytes = &o->value[MEMORY];
	w->memory_limit_bytes = &o->value[LIMIT];
	w->runq_saturation = &o->value[WAIT];
	w->psi_cpu_some = &o->value[STALL_CPU];
	w->psi_memory_some = &o->value[STALL_MEMORY];
	w->psi_io_some = &o->value[STALL_IO];
	w->runq_wait_p95_ns = &o->value[P95];
	w->by_what = (char *)(uintptr_t)cause(o);
}

static size_t count(const struct fleet *f)
{
	const struct fleet_node *n;
	size_t cursor = 0, rows = 0;

	while ((n = fleet_next(f, &cursor)))
		rows += map_size(n->rows);
	return rows;
}

struct stand_in *stand_in_new(const struct fleet *f, const Plimsoll__V1__Workload ***ret_list,
			      size_t *ret_n)
{
	struct stand_in *s = mem_new(struct stand_in);
	size_t rows = count(f), nodes = 0, n = 0;
	const struct fleet_node *node;

	s->one = mem_array(NULL, rows + 1, sizeof(*s->one));
	s->list = mem_array(NULL, rows + 1, sizeof(*s->list));
	while ((node = fleet_next(f, &nodes))) {
		size_t cursor = 0;
		uint64_t id;
		void *row;

		while (map_next(node->rows, &cursor, &id, &row)) {
			fill(&s->one[n], node, row);
			s->list[n] = &s->one[n].workload;
			n++;
		}
	}
	*ret_list = s->list;
	*ret_n = n;
	return s;
}

struct stand_in *stand_in_free(struct stand_in *s)
{
	if (!s)
		return NULL;
	free(s->one);
	free(s->list);
	free(s);
	return NULL;
}
