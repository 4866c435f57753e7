/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/stand_in.h"

#include <stdlib.h>

#include "base/mem.h"

enum { CPU, ASKED, MEMORY, LIMIT, WAIT, STALL_CPU, STALL_MEMORY, STALL_IO, P95, REQUESTS, ERRORS, REQUEST_P50, REQUEST_P95, REQUEST_P99, VALUES };

struct one {
	Plimsoll__V1__Workload workload;
	Plimsoll__V1__Value value[VALUES], cause_value[SATURATION_CAUSES];
	Plimsoll__V1__Cause cause[SATURATION_CAUSES], *causes[SATURATION_CAUSES];
};

struct stand_in {
	struct one *one;
	const Plimsoll__V1__Workload **list;
};

static char *text(const char *s)
{
	return (char *)(uintptr_t)s; /* protobuf-c has no const strings; nobody writes to these */
}

static Plimsoll__V1__Value *set_value(Plimsoll__V1__Value *v, bool known, double value)
{
	plimsoll__v1__value__init(v);
	v->known = known;
	v->value = value;
	v->coverage = 1;
	return v;
}

static void set(struct one *o, int which, struct fleet_value v)
{
	set_value(&o->value[which], v.known, v.value);
}

static struct fleet_value in_ns(struct fleet_value seconds)
{
	return (struct fleet_value){seconds.known, seconds.value * 1e9};
}

static void set_causes(struct one *o, const struct fleet_node *n, const struct fleet_row *r)
{
	struct saturation s = {0};
	enum saturation_cause worst;

	(void)fleet_saturation(n, r, &s);
	for (int c = 0; c < SATURATION_CAUSES; c++) {
		plimsoll__v1__cause__init(&o->cause[c]);
		o->cause[c].name = text(saturation_word((enum saturation_cause)c));
		o->cause[c].value = set_value(&o->cause_value[c], (s.known & 1u << c) != 0,
					      (double)s.permille[c] / SATURATION_FULL);
		o->causes[c] = &o->cause[c];
	}
	worst = saturation_worst(&s);
	o->workload.saturation = o->causes;
	o->workload.n_saturation = SATURATION_CAUSES;
	o->workload.by_what = text(worst < SATURATION_CAUSES && s.permille[worst] >= SATURATION_NAMED * SATURATION_FULL
					   ? saturation_word(worst)
					   : "");
	o->workload.advice = text(saturation_advice_word(s.advice));
}

static void set_requests(struct one *o, const struct fleet_node *n, const struct fleet_row *r)
{
	struct fleet_value requests = fleet_rate(n, r, SIGNAL_REQUESTS);

	set(o, REQUESTS, requests);
	set(o, ERRORS, fleet_part(fleet_rate(n, r, SIGNAL_REQUEST_ERRORS), requests));
	set(o, REQUEST_P50, in_ns(fleet_quantile(r, SIGNAL_HIST_REQUEST, 0.50)));
	set(o, REQUEST_P95, in_ns(fleet_quantile(r, SIGNAL_HIST_REQUEST, 0.95)));
	set(o, REQUEST_P99, in_ns(fleet_quantile(r, SIGNAL_HIST_REQUEST, 0.99)));
	o->workload.requests_per_second = &o->value[REQUESTS];
	o->workload.request_error_share = &o->value[ERRORS];
	o->workload.request_p50_ns = &o->value[REQUEST_P50];
	o->workload.request_p95_ns = &o->value[REQUEST_P95];
	o->workload.request_p99_ns = &o->value[REQUEST_P99];
}

static void fill(struct one *o, const struct fleet_node *n, const struct fleet_row *r)
{
	Plimsoll__V1__Workload *w = &o->workload;

	plimsoll__v1__workload__init(w);
	set(o, CPU, fleet_rate(n, r, SIGNAL_CPU_NS));
	set(o, ASKED, fleet_request_cores(n, r));
	set(o, MEMORY, fleet_level(r, SIGNAL_MEMORY_WORKING_SET_BYTES));
	set(o, LIMIT, fleet_level(r, SIGNAL_MEMORY_LIMIT_BYTES));
	set(o, WAIT, fleet_wait_share(n, r));
	set(o, STALL_CPU, fleet_rate(n, r, SIGNAL_PSI_CPU_SOME_NS));
	set(o, STALL_MEMORY, fleet_rate(n, r, SIGNAL_PSI_MEMORY_SOME_NS));
	set(o, STALL_IO, fleet_rate(n, r, SIGNAL_PSI_IO_SOME_NS));
	set(o, P95, in_ns(fleet_quantile(r, SIGNAL_HIST_RUNQ_WAIT, 0.95)));
	w->name = *r->pod_name ? r->title : r->cgroup;
	w->replicas = 1;
	w->cpu_cores = &o->value[CPU];
	w->cpu_request_cores = &o->value[ASKED];
	w->memory_working_set_bytes = &o->value[MEMORY];
	w->memory_limit_bytes = &o->value[LIMIT];
	w->runq_saturation = &o->value[WAIT];
	w->psi_cpu_some = &o->value[STALL_CPU];
	w->psi_memory_some = &o->value[STALL_MEMORY];
	w->psi_io_some = &o->value[STALL_IO];
	w->runq_wait_p95_ns = &o->value[P95];
	set_requests(o, n, r);
	set_causes(o, n, r);
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
