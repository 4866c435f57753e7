/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/edge.h"

#include "base/glob.h"

static char *text(const char *s)
{
	return (char *)(uintptr_t)s; /* protobuf-c does not write what it packs */
}

static void set(Plimsoll__V1__Value **to, Plimsoll__V1__Value *v, bool known, double value, const struct graph_edge *e)
{
	plimsoll__v1__value__init(v);
	v->known = known && e->known;
	if (v->known) {
		v->value = value;
		v->age_ns = e->load.age_ns;
		v->coverage = (double)e->known / e->ends;
	}
	*to = v;
}

static void set_quantile(Plimsoll__V1__Value **to, Plimsoll__V1__Value *v, double quantile, const struct graph_edge *e)
{
	uint64_t ns = 0;
	bool known = hist_quantile(e->load.hist, quantile, &ns) == 0;

	set(to, v, known, (double)ns, e);
}

/* Of no call nobody can say how many failed, nor how long they took. */
void edge_fill(struct edge_message *to, const struct graph_edge *from)
{
	const struct graph_load *l = &from->load;
	double share = l->calls > 0 ? l->errors / l->calls : 0;

	plimsoll__v1__edge__init(&to->m);
	to->m.from = text(from->from);
	if (from->to)
		to->m.to = text(from->to);
	to->m.address = text(from->address);
	to->m.addresses = from->addresses;
	set(&to->m.calls_per_second, &to->calls, true, l->calls, from);
	set(&to->m.error_share, &to->errors, l->calls > 0, share < 1 ? share : 1, from);
	set(&to->m.mean_ns, &to->mean, l->timed > 0, l->timed > 0 ? l->ns / l->timed : 0, from);
	set_quantile(&to->m.p50_ns, &to->p50, 0.50, from);
	set_quantile(&to->m.p95_ns, &to->p95, 0.95, from);
	set_quantile(&to->m.p99_ns, &to->p99, 0.99, from);
	set(&to->m.saturation, &to->saturation, false, 0, from);
}

bool edge_is_asked_for(const struct graph_edge *e, const Plimsoll__V1__ListEdgesRequest *q)
{
	return glob_match_any(q->name, q->n_name, e->from) || glob_match_any(q->name, q->n_name, e->to ? e->to : e->address);
}
