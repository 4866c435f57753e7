/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sample.h"

#include <stdlib.h>
#include <string.h>

#include "agent/runs.h"
#include "agent/sums.h"
#include "base/mem.h"
#include "base/obj.h"

#define SAMPLE_MAGIC 0x73616d70u
/* One cgroup of the machine. */
struct member {
	struct probe_cgroup *cgroup;
	struct sums *row; /* NULL: a plain cgroup that is no row (yet) */
	size_t index;    /* in sample.members */
	uint32_t children;
	bool own;   /* the row's own cgroup; the others are its descendants */
	bool plain; /* an IDENTITY_CGROUP: is a row by itself or not at all */
	bool branch;
};

struct departed { /* a cgroup that ended */
	uint64_t id;
	uint32_t row;
};

struct sample {
	unsigned magic;
	sample_read_fn read;
	const struct probe *probe;
	clock_boot_t at;
	uint32_t last_id, live;
	struct member **members; /* any order */
	size_t n_members, room_members;
	struct sample_row **rows; /* by id */
	size_t n_rows, room_rows;
	struct departed *departed; /* in the second that is taken, or was */
	size_t n_departed, room_departed;
	bool taken; /* that second */
	struct runs *runs;
	struct signals reading; /* scratch */
};

static struct sums *row_of(struct sample_row *out)
{
	return (struct sums *)(void *)out;
}

/* Rows */

static void row_push(struct sample *s, struct sums *r)
{
	if (s->n_rows == s->room_rows) {
		s->room_rows = s->room_rows ? 2 * s->room_rows : 64;
		s->rows = mem_array(s->rows, s->room_rows, sizeof(s->rows[0]));
	}
	s->rows[s->n_rows++] = &r->out;
	s->live++;
}

static struct sums *row_new(struct sample *s, const char *path, const struct identity *id)
{
	struct sums *r = mem_new(struct sums);

	r->out.id = ++s->last_id;
	r->out.kind = id->kind;
	r->out.runtime = id->runtime;
	r->out.qos = id->qos;
	r->out.cgroup = identity_text(path);
	r->out.pod_uid = mem_strdup(id->pod_uid);
	r->out.container_id = identity_text(id->container_id);
	r->out.name = identity_text(id->name);
	r->out.first_seen = clock_boot();
	r->out.now.missing = SIGNAL_ALL;
	r->ran_before = runs_take(s->runs, path);
	row_push(s, r);
	return r;
}

static void row_free(struct sums *r)
{
	free(r->out.cgroup);
	free(r->out.pod_uid);
	free(r->out.container_id);
	free(r->out.pod_namespace);
	free(r->out.pod_name);
	free(r->out.workload);
	free(r->out.name);
	sums_free(r);
	free(r);
}

static void replace(char **text, const char *by)
{
	free(*text);
	*text = mem_strdup(by);
}

static void remember_runs(struct sample *s, const struct sums *r, const char *path)
{
	if (!sums_is_pods(r) && sums_runs(r))
		runs_keep(s->runs, path, sums_runs(r));
}

void sample_name(struct sample_row *r, const struct sample_names *n)
{
	r->kind = n->kind;
	if (!*r->runtime)
		r->runtime = identity_runtime(n->runtime);
	if (!*r->pod_uid)
		replace(&r->pod_uid, n->pod_uid);
	replace(&r->pod_namespace, n->pod_namespace);
	replace(&r->pod_name, n->pod_name);
	replace(&r->name, n->name);
	replace(&r->workload, n->workload ? n->workload : "");
	r->named = r->renamed = true;
	sums_tell_attempt(row_of(r), n);
}

static void row_end(struct sample *s, struct sums *r)
{
	r->out.ended = true;
	s->live--;
}

/* Births and deaths, inside probe_open() and probe_pass() */

static struct sums *row_above(const struct probe_cgroup *c, size_t length)
{
	for (const struct probe_cgroup *up = c->parent; up; up = up->parent) {
		const struct member *m = up->data;

		if (strlen(up->path) == length)
			return m ? m->row : NULL;
	}
	return NULL;
}

static void join_row(struct sample *s, struct member *m)
{
	const char *path = m->cgroup->path;
	struct identity id;

	identity_parse(path, &id);
	m->own = id.row_length == strlen(path);
	m->branch = id.branch;
	m->plain = id.kind == IDENTITY_CGROUP && m->cgroup->parent;
	if (id.kind != IDENTITY_CGROUP)
		m->row = m->own ? row_new(s, path, &id) : row_above(m->cgroup, id.row_length);
}

static void member_push(struct sample *s, struct member *m)
{
	if (s->n_members == s->room_members) {
		s->room_members = s->room_members ? 2 * s->room_members : 64;
		s->members = mem_array(s->members, s->room_members, sizeof(s->members[0]));
	}
	m->index = s->n_members;
	s->members[s->n_members++] = m;
}

static void born(struct probe_cgroup *c, void *data)
{
	struct sample *s = obj_cast(struct sample, data, SAMPLE_MAGIC);
	struct member *m = mem_new(struct member), *parent = c->parent ? c->parent->data : NULL;

	m->cgroup = c;
	c->data = m;
	if (parent)
		parent->children++;
	member_push(s, m);
	join_row(s, m);
}

static void fold(struct sample *s, const struct member *m)
{
	if (!s->probe)
		return;
	s->read(s->probe, m->cgroup, &s->reading);
	sums_fold(m->row, &s->reading, m->own);
	if (m->own)
		remember_runs(s, m->row, m->cgroup->path);
}

static bool ran_itself(struct sample *s, const struct member *m)
{
	s->read(s->probe, m->cgroup, &s->reading);
	return !(s->reading.missing & SIGNAL_NO_CPU) && s->reading.cpu_ns > 0;
}

static void become_row(struct sample *s, struct member *m)
{
	struct identity id;

	identity_parse(m->cgroup->path, &id);
	m->row = row_new(s, m->cgroup->path, &id);
}

static void depart(struct sample *s, const struct member *m)
{
	if (s->taken)
		s->n_departed = 0;
	s->taken = false;
	if (s->n_departed == s->room_departed) {
		s->room_departed = s->room_departed ? 2 * s->room_departed : 16;
		s->departed = mem_array(s->departed, s->room_departed, sizeof(*s->departed));
	}
	s->departed[s->n_departed++] = (struct departed){m->cgroup->id, m->row->out.id};
}

static void gone(struct probe_cgroup *c, void *data)
{
	struct sample *s = obj_cast(struct sample, data, SAMPLE_MAGIC);
	struct member *m = c->data, *parent = c->parent ? c->parent->data : NULL;

	if (!m->row && m->plain && s->probe && ran_itself(s, m))
		become_row(s, m); /* it came and went between two seconds, or ran only at its end */
	if (m->row) {
		fold(s, m);
		depart(s, m);
	}
	if (m->row && m->own)
		row_end(s, m->row);
	if (parent)
		parent->children--;
	s->members[m->index] = s->members[--s->n_members];
	s->members[m->index]->index = m->index;
	free(m);
	c->data = NULL;
}

struct probe_watcher sample_watcher(struct sample *s)
{
	return (struct probe_watcher){born, gone, s};
}

/* The second */

static void forget_ended(struct sample *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_rows; i++) {
		struct sums *r = row_of(s->rows[i]);

		if (r->buried)
			row_free(r);
		else
			s->rows[kept++] = &r->out;
	}
	s->n_rows = kept;
}

/* Rule 4 of identity.h. A leaf that was a row and gets children without ever having run anything
 * was only on the way to be a branch. */
static void settle(struct sample *s, struct member *m)
{
	bool leaf = m->children == 0 && !m->branch;

	if (!m->row && (leaf || ran_itself(s, m))) {
		become_row(s, m);
	} else if (m->row && !leaf && !ran_itself(s, m)) {
		row_end(s, m->row);
		m->row = NULL;
	}
}

static void tell_row_above(const struct member *m)
{
	for (const struct probe_cgroup *up = m->cgroup->parent; up; up = up->parent) {
		const struct member *above = up->data;

		if (above && above->row && above->row != m->row) {
			above->row->holds_others = true;
			return;
		}
	}
}

static void contribute(struct sample *s, const struct member *m)
{
	s->read(s->probe, m->cgroup, &s->reading);
	sums_add(m->row, &s->reading, m->own);
	if (m->own)
		tell_row_above(m);
}

void sample_take(struct sample *s, clock_boot_t at)
{
	must(s->probe);
	s->at = at;
	s->taken = true;
	forget_ended(s);
	for (size_t i = 0; i < s->n_members; i++)
		if (s->members[i]->plain)
			settle(s, s->members[i]);
	for (size_t i = 0; i < s->n_rows; i++)
		sums_start(row_of(s->rows[i]));
	for (size_t i = 0; i < s->n_members; i++)
		if (s->members[i]->row)
			contribute(s, s->members[i]);
	for (size_t i = 0; i < s->n_rows; i++)
		sums_finish(row_of(s->rows[i]));
}

struct sample_row *const *sample_rows(const struct sample *s, size_t *ret_n)
{
	*ret_n = s->n_rows;
	return s->rows;
}

uint32_t sample_row_of(const struct sample *s, const struct probe_cgroup *c, uint64_t id)
{
	const struct member *m = c ? c->data : NULL;

	if (m)
		return m->row ? m->row->out.id : 0;
	for (size_t i = 0; i < s->n_departed; i++)
		if (s->departed[i].id == id)
			return s->departed[i].row;
	return 0;
}

static int by_id(const void *id, const void *row)
{
	uint32_t a = *(const uint32_t *)id, b = (*(struct sample_row *const *)row)->id;

	return a < b ? -1 : a > b;
}

const struct sample_row *sample_find(const struct sample *s, uint32_t id)
{
	struct sample_row *const *found = s->n_rows ? bsearch(&id, s->rows, s->n_rows, sizeof(*s->rows), by_id) : NULL;

	return found ? *found : NULL;
}

uint32_t sample_live(const struct sample *s)
{
	return s->live;
}

uint64_t sample_forgotten(const struct sample *s)
{
	return runs_forgotten(s->runs);
}

clock_boot_t sample_at(const struct sample *s)
{
	return s->at;
}

/* Life */

struct sample *sample_new(sample_read_fn read)
{
	struct sample *s = mem_new(struct sample);

	s->magic = SAMPLE_MAGIC;
	s->read = read;
	s->runs = runs_new();
	return s;
}

void sample_attach(struct sample *s, const struct probe *p)
{
	s->probe = p;
}

struct sample *sample_free(struct sample *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_members; i++)
		free(s->members[i]);
	for (size_t i = 0; i < s->n_rows; i++)
		row_free(row_of(s->rows[i]));
	free(s->members);
	free(s->rows);
	free(s->departed);
	runs_free(s->runs);
	s->magic = 0;
	free(s);
	return NULL;
}
