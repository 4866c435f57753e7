/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/batch.h"

#include <stdlib.h>
#include <string.h>

#include "aggregator/store/node.h"
#include "base/mem.h"
#include "plimsoll/version.h"
#include "wire/columns.h"
#include "wire/counts.h"
#include "wire/pattern.h"

struct batch {
	Plimsoll__V1__Batch message;
	Plimsoll__V1__Source source;
	Plimsoll__V1__Columns columns;
	Plimsoll__V1__Node node;
	Plimsoll__V1__Losses losses;
	Plimsoll__V1__Identity *identity;
	Plimsoll__V1__Identity **identity_p;
	Plimsoll__V1__OomVictim *victim;
	Plimsoll__V1__OomVictim **victim_p;
	size_t rows; /* room */
	struct counts counts;
	uint64_t *value[SIGNALS];
	uint64_t in_use[SIGNALS]; /* 0: no row has another value than 0 */
	uint32_t *row, *flags;
};

struct batch *batch_new(void)
{
	return mem_new(struct batch);
}

struct batch *batch_free(struct batch *b)
{
	if (!b)
		return NULL;
	for (size_t i = 0; i < SIGNALS; i++)
		free(b->value[i]);
	free(b->row);
	free(b->flags);
	counts_done(&b->counts);
	free(b->identity);
	free(b->identity_p);
	free(b->victim);
	free(b->victim_p);
	free(b);
	return NULL;
}

static void make_room(struct batch *b, size_t rows)
{
	if (rows <= b->rows)
		return;
	b->rows = rows + rows / 2;
	for (size_t i = 0; i < SIGNALS; i++)
		b->value[i] = mem_array(b->value[i], b->rows, sizeof(uint64_t));
	b->row = mem_array(b->row, b->rows, sizeof(*b->row));
	b->flags = mem_array(b->flags, b->rows, sizeof(*b->flags));
	b->identity = mem_array(b->identity, b->rows, sizeof(*b->identity));
	b->identity_p = mem_array(b->identity_p, b->rows, sizeof(*b->identity_p));
	b->victim = mem_array(b->victim, b->rows, sizeof(*b->victim));
	b->victim_p = mem_array(b->victim_p, b->rows, sizeof(*b->victim_p));
}

static void add_histograms(struct batch *b, const struct store_row *r, uint32_t index)
{
	uint32_t bucket, count;

	for (bucket = 0; bucket < HIST_BUCKETS; bucket++)
		if (waits_count(&r->waits, bucket))
			counts_add(&b->counts, index, bucket, waits_count(&r->waits, bucket));
	for (size_t at = 0; buckets_next(&r->others, &at, &bucket, &count);)
		counts_add(&b->counts, index, bucket, count);
}

static void add_row(struct batch *b, const struct store_row *r)
{
	size_t i = b->columns.n_row++;

	for (size_t c = 0; c < SIGNALS; c++) {
		b->value[c][i] = r->value[c];
		b->in_use[c] |= r->value[c];
	}
	b->row[i] = r->id;
	b->flags[i] = r->flags;
	add_histograms(b, r, (uint32_t)i);
}

/* protobuf-c has no const strings; nothing writes to these. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void add_name(struct batch *b, const struct store_row *r)
{
	Plimsoll__V1__Identity *d = &b->identity[b->message.n_dictionary];

	plimsoll__v1__identity__init(d);
	d->row = r->id;
	d->kind = (Plimsoll__V1__Kind)r->kind;
	d->cgroup = text(row_cgroup(r));
	d->runtime = text(r->runtime);
	d->pod_uid = text(row_pod_uid(r));
	d->container_id = text(row_container_id(r));
	d->qos = text(r->qos);
	d->name = text(row_name(r));
	d->pod_namespace = text(row_pod_namespace(r));
	d->pod_name = text(row_pod_name(r));
	d->workload = text(row_own_workload(r));
	b->identity_p[b->message.n_dictionary++] = d;
}

static void add_victim(struct batch *b, const struct store_row *r)
{
	Plimsoll__V1__OomVictim *v = &b->victim[b->message.n_oom_victims];

	plimsoll__v1__oom_victim__init(v);
	v->row = r->id;
	v->pid = r->victim->pid;
	v->name = r->victim->name;
	v->boottime_ns = r->victim->boottime_ns;
	v->count = r->victim->count;
	b->victim_p[b->message.n_oom_victims++] = v;
}

static bool wanted(const struct store_row *r, char *const *globs, size_t n)
{
	const struct pattern_row row = {
		.cgroup = row_cgroup(r),
		.container_id = row_container_id(r),
		.pod_namespace = row_pod_namespace(r),
		.pod_name = row_pod_name(r),
		.name = row_name(r),
		.workload = row_own_workload(r),
	};

	return pattern_match(globs, n, &row);
}

static void point_columns(struct batch *b)
{
	Plimsoll__V1__Columns *c = &b->columns;

	c->row = b->row;
	c->flags = b->flags;
	c->n_flags = c->n_row;
	for (int i = 0; i < SIGNALS; i++) {
		*columns_values(c, (enum signal_id)i) = b->value[i];
		*columns_length(c, (enum signal_id)i) = b->in_use[i] ? c->n_row : 0;
	}
	counts_point(&b->counts, c);
}

static void add_node(struct batch *b, const struct store_node *n)
{
	plimsoll__v1__source__init(&b->source);
	b->source.node = n->name;
	b->source.boot_id = n->boot_id;
	b->source.agent_version = n->agent_version;
	b->source.interval_ns = n->interval_ns;
	b->source.cpus = n->cpus;
	b->source.memory_bytes = n->memory_bytes;
	b->message.source = &b->source;
	plimsoll__v1__losses__init(&b->losses);
#define LOSS(ID, name, ...) b->losses.name = n->losses.name;
#include "plimsoll/losses.def"
	b->message.losses = &b->losses;
	if (!n->sample.known)
		return;
	plimsoll__v1__node__init(&b->node);
	b->node.missing = n->sample.missing;
	b->node.cpu_idle_ns = n->sample.cpu_idle_ns;
	b->node.psi_cpu_some_ns = n->sample.psi_cpu_some_ns;
	b->node.psi_memory_some_ns = n->sample.psi_memory_some_ns;
	b->node.psi_io_some_ns = n->sample.psi_io_some_ns;
	b->node.memory_available_bytes = n->sample.memory_available_bytes;
	b->node.cpus = n->cpus;
	b->node.cpu_weights = (Plimsoll__V1__CpuWeights)n->sample.cpu_weights;
	b->message.node = &b->node;
}

const Plimsoll__V1__Batch *batch_build(struct batch *b, struct store_node *n, enum batch_form form,
				       const uint32_t *gone, size_t n_gone, char *const *globs,
				       size_t n_globs)
{
	Plimsoll__V1__Batch *m = &b->message;
	size_t cursor = 0;
	uint64_t id;
	void *p;

	make_room(b, map_size(n->rows) + 1);
	plimsoll__v1__batch__init(m);
	plimsoll__v1__columns__init(&b->columns);
	memset(b->in_use, 0, sizeof(b->in_use));
	counts_clear(&b->counts);
	m->wire_version = PLIMSOLL_WIRE_VERSION;
	m->tells = columns_tells();
	m->epoch = n->epoch;
	m->sequence = n->sequence;
	m->boottime_ns = n->boottime_ns;
	m->wall_unix_ns = n->wall_unix_ns;
	m->keyframe = form == BATCH_STATE && !n_globs;
	m->dictionary = b->identity_p;
	m->oom_victims = b->victim_p;
	while (map_next(n->rows, &cursor, &id, &p)) {
		const struct store_row *r = p;

		if (!wanted(r, globs, n_globs))
			continue;
		m->live_rows++;
		/* A row that was named and never measured has nothing to tell. */
		if (r->first && (form == BATCH_STATE || r->named == n->sequence))
			add_row(b, r);
		if (form == BATCH_STATE || r->told == n->sequence)
			add_name(b, r);
		if (r->victim && (form == BATCH_STATE || r->victim->told == n->sequence))
			add_victim(b, r);
	}
	point_columns(b);
	add_node(b, n);
	m->columns = &b->columns;
	m->gone = (uint32_t *)(uintptr_t)gone;
	m->n_gone = n_gone;
	return m;
}
