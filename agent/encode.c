/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/encode.h"

#include <stdlib.h>
#include <string.h>

#include "agent/encode_calls.h"
#include "base/mem.h"
#include "plimsoll/v1/metrics.pb-c.h"
#include "plimsoll/version.h"
#include "wire/columns.h"
#include "wire/counts.h"
#include "wire/pattern.h"

typedef Plimsoll__V1__Batch batch;
typedef Plimsoll__V1__Identity identity_message;

struct victim {
	Plimsoll__V1__OomVictim message;
	char *name;
};

struct encode {
	batch batch;
	Plimsoll__V1__Columns columns;
	Plimsoll__V1__Source source;
	Plimsoll__V1__Node node;
	Plimsoll__V1__Losses losses;
	struct counts counts;
	struct calls calls;
	size_t room_rows, room_names, room_gone, room_bytes, room_victims;
	identity_message *names;
	struct victim *victims;
	uint8_t *bytes;
	uint64_t in_use[SIGNALS]; /* 0: no row has another value than 0 */
};

struct job { /* one call of encode_batch() */
	struct encode *e;
	enum encode_form form;
	const struct encode_filter *filter;
	struct sample_row *const *rows;
	size_t n_rows;
};

bool encode_filter_match(const struct encode_filter *f, const struct sample_row *r)
{
	const struct pattern_row row = {
		.cgroup = r->cgroup,
		.container_id = r->container_id,
		.pod_namespace = r->pod_namespace ? r->pod_namespace : "",
		.pod_name = r->pod_name ? r->pod_name : "",
		.name = r->name,
		.workload = r->workload ? r->workload : "",
	};

	return !f || pattern_match(f->cgroups, f->n, &row);
}

/* Room */

static void grow(void *array, size_t n, size_t size)
{
	void **p = array;

	*p = mem_array(*p, n, size);
}

static size_t rounded(size_t n)
{
	size_t room = 64;

	while (room < n)
		room *= 2;
	return room;
}

static void make_room(struct encode *e, size_t rows, size_t names, size_t gone)
{
	Plimsoll__V1__Columns *c = &e->columns;

	if (rows > e->room_rows) {
		e->room_rows = rounded(rows);
		grow(&c->row, e->room_rows, sizeof(*c->row));
		grow(&c->flags, e->room_rows, sizeof(*c->flags));
		for (int id = 0; id < SIGNALS; id++)
			grow(columns_values(c, (enum signal_id)id), e->room_rows, sizeof(uint64_t));
	}
	if (names > e->room_names) {
		e->room_names = rounded(names);
		grow(&e->names, e->room_names, sizeof(*e->names));
		grow(&e->batch.dictionary, e->room_names, sizeof(*e->batch.dictionary));
	}
	if (gone > e->room_gone) {
		e->room_gone = rounded(gone);
		grow(&e->batch.gone, e->room_gone, sizeof(*e->batch.gone));
	}
}

/* They move when there are more, so they are pointed to once all are there. */
static void make_room_victims(struct encode *e, size_t n)
{
	if (n <= e->room_victims)
		return;
	e->room_victims = rounded(n);
	grow(&e->victims, e->room_victims, sizeof(*e->victims));
	grow(&e->batch.oom_victims, e->room_victims, sizeof(*e->batch.oom_victims));
}

/* Rows */

static void forget_victims(struct encode *e)
{
	for (size_t i = 0; i < e->batch.n_oom_victims; i++)
		free(e->victims[i].name);
	e->batch.n_oom_victims = 0;
}

static void clear(struct encode *e)
{
	batch *b = &e->batch;
	Plimsoll__V1__Columns *c = &e->columns;

	forget_victims(e);
	b->n_dictionary = b->n_gone = b->live_rows = 0;
	b->source = NULL;
	b->columns = NULL;
	b->node = NULL;
	b->losses = NULL;
	b->n_peers = 0;
	b->calls = NULL;
	c->n_row = c->n_flags = 0;
	counts_clear(&e->counts);
	memset(e->in_use, 0, sizeof(e->in_use));
}

static char *text(const char *s)
{
	return (char *)(uintptr_t)s; /* protobuf-c does not write what it packs */
}

static void add_name(struct encode *e, const struct sample_row *r)
{
	size_t i = e->batch.n_dictionary++;
	identity_message *m = &e->names[i];

	plimsoll__v1__identity__init(m);
	m->row = r->id;
	m->kind = (Plimsoll__V1__Kind)r->kind;
	m->cgroup = text(r->cgroup);
	m->runtime = text(r->runtime);
	m->pod_uid = text(r->pod_uid);
	m->container_id = text(r->container_id);
	m->qos = text(r->qos);
	m->name = text(r->name);
	m->first_seen_boottime_ns = r->first_seen.ns;
	if (r->named) {
		m->pod_namespace = text(r->pod_namespace);
		m->pod_name = text(r->pod_name);
		m->workload = text(r->workload);
	}
	e->batch.dictionary[i] = m;
}

/* A reader that has the row knows the buckets that did not change; any other one gets them all. */
static void add_hist(struct encode *e, const struct sample_row *r, uint32_t index, bool whole)
{
	for (uint32_t b = 0; b < SIGNAL_BUCKETS; b++)
		if (whole ? r->now.hist[b] != 0 : r->now.hist[b] != r->before.hist[b])
			counts_add(&e->counts, index, b, r->now.hist[b]);
}

static void add_values(struct encode *e, const struct sample_row *r, bool whole)
{
	Plimsoll__V1__Columns *c = &e->columns;
	uint32_t index = (uint32_t)c->n_row;

	c->row[c->n_row++] = r->id;
	c->flags[c->n_flags++] = r->now.missing;
	for (int id = 0; id < SIGNALS; id++) {
		(*columns_values(c, (enum signal_id)id))[index] = r->now.value[id];
		e->in_use[id] |= r->now.value[id];
	}
	add_hist(e, r, index, whole);
}

static void add_victim(struct encode *e, const struct sample_row *r)
{
	const struct plimsoll_victim *from = &r->now.victim;
	size_t i = e->batch.n_oom_victims++;
	struct victim *v;

	make_room_victims(e, i + 1);
	v = &e->victims[i];
	plimsoll__v1__oom_victim__init(&v->message);
	v->message.row = r->id;
	v->message.pid = from->pid;
	v->message.name = v->name = identity_text(from->comm);
	v->message.boottime_ns = from->at_ns;
	v->message.count = from->count;
}

static void point_to_victims(struct encode *e)
{
	for (size_t i = 0; i < e->batch.n_oom_victims; i++)
		e->batch.oom_victims[i] = &e->victims[i].message;
}

static void add_row(const struct job *j, const struct sample_row *r)
{
	bool filtered = j->filter && j->filter->n;
	bool now_only = j->form != ENCODE_DELTA && j->form != ENCODE_KEYFRAME;
	bool whole = j->form != ENCODE_DELTA || r->fresh || (r->renamed && filtered); /* its new name may be the first that fits */

	if ((r->ended && now_only) || !encode_filter_match(j->filter, r))
		return;
	if (!r->ended)
		j->e->batch.live_rows++;
	if (whole || r->renamed)
		add_name(j->e, r);
	if (j->form != ENCODE_PREAMBLE && (whole || r->changed))
		add_values(j->e, r, whole);
	if (j->form != ENCODE_PREAMBLE && r->now.victim.at_ns &&
	    (whole || r->now.victim.count != r->before.victim.count))
		add_victim(j->e, r);
	if (r->ended)
		j->e->batch.gone[j->e->batch.n_gone++] = r->id;
}

/* The rest */

static void add_source(struct encode *e, const struct encode_source *s, uint32_t cpus)
{
	e->source.node = text(s->node);
	e->source.boot_id = text(s->boot_id);
	e->source.agent_version = text(s->agent_version);
	e->source.interval_ns = s->interval_ns;
	e->source.cpus = cpus;
	e->source.memory_bytes = s->memory_bytes;
	e->batch.source = &e->source;
}

static void add_node(struct encode *e, const struct node_reading *n)
{
	e->node.cpu_idle_ns = n->cpu_idle_ns;
	e->node.psi_cpu_some_ns = n->psi_cpu_some_ns;
	e->node.psi_memory_some_ns = n->psi_memory_some_ns;
	e->node.psi_io_some_ns = n->psi_io_some_ns;
	e->node.memory_available_bytes = n->memory_available_bytes;
	e->node.missing = n->missing;
	e->node.cpus = n->cpus;
	e->node.cpu_weights = (Plimsoll__V1__CpuWeights)n->cpu_weights;
	e->batch.node = &e->node;
}

static void add_losses(struct encode *e, const struct losses *l)
{
#define LOSS(ID, name, ...) e->losses.name = l->name;
#include "plimsoll/losses.def"
	e->batch.losses = &e->losses;
}

static void add_head(const struct job *j, const struct encode_second *s)
{
	batch *b = &j->e->batch;
	bool numbered = j->form != ENCODE_PREAMBLE && j->form != ENCODE_SNAPSHOT;

	b->wire_version = PLIMSOLL_WIRE_VERSION;
	b->tells = columns_tells();
	b->epoch = s->epoch;
	b->sequence = numbered ? s->sequence : 0;
	b->boottime_ns = s->boottime_ns;
	b->wall_unix_ns = s->wall_unix_ns;
	b->keyframe = j->form != ENCODE_PREAMBLE && j->form != ENCODE_DELTA;
	if (!numbered)
		add_source(j->e, &s->source, s->node.cpus);
	if (j->form == ENCODE_PREAMBLE)
		return;
	b->columns = &j->e->columns;
	add_node(j->e, &s->node);
	add_losses(j->e, &s->losses);
}

static void leave_out_zeros(struct encode *e)
{
	for (int id = 0; id < SIGNALS; id++)
		*columns_length(&e->columns, (enum signal_id)id) =
			e->in_use[id] ? e->columns.n_row : 0;
}

static struct encode_bytes pack(struct encode *e)
{
	size_t n = plimsoll__v1__batch__get_packed_size(&e->batch);

	if (n > e->room_bytes) {
		e->room_bytes = rounded(n);
		e->bytes = mem_array(e->bytes, e->room_bytes, 1);
	}
	plimsoll__v1__batch__pack(&e->batch, e->bytes);
	return (struct encode_bytes){e->bytes, n};
}

struct encode_bytes encode_batch(struct encode *e, enum encode_form form,
				 const struct sample *sample, const struct encode_second *second,
				 const struct encode_filter *filter, const uint32_t *extra_gone,
				 size_t n_extra_gone)
{
	struct job j = {.e = e, .form = form, .filter = filter};

	j.rows = sample_rows(sample, &j.n_rows);
	make_room(e, j.n_rows, j.n_rows, j.n_rows + n_extra_gone);
	clear(e);
	for (size_t i = 0; i < n_extra_gone; i++)
		e->batch.gone[e->batch.n_gone++] = extra_gone[i];
	for (size_t i = 0; i < j.n_rows; i++)
		add_row(&j, j.rows[i]);
	leave_out_zeros(e);
	counts_point(&e->counts, &e->columns);
	point_to_victims(e);
	if (form != ENCODE_PREAMBLE)
		encode_calls(&e->calls, form, second->peers, sample, filter, &e->batch);
	add_head(&j, second);
	return pack(e);
}

struct encode *encode_new(void)
{
	struct encode *e = mem_new(struct encode);

	plimsoll__v1__batch__init(&e->batch);
	plimsoll__v1__columns__init(&e->columns);
	plimsoll__v1__source__init(&e->source);
	plimsoll__v1__node__init(&e->node);
	plimsoll__v1__losses__init(&e->losses);
	return e;
}

struct encode *encode_free(struct encode *e)
{
	if (!e)
		return NULL;
	forget_victims(e);
	free(e->victims);
	free(e->batch.oom_victims);
	free(e->columns.row);
	free(e->columns.flags);
	for (int id = 0; id < SIGNALS; id++)
		free(*columns_values(&e->columns, (enum signal_id)id));
	counts_done(&e->counts);
	calls_done(&e->calls);
	free(e->names);
	free(e->batch.dictionary);
	free(e->batch.gone);
	free(e->bytes);
	free(e);
	return NULL;
}
