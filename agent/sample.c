/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"

#define SAMPLE_MAGIC 0x73616d70u
#define ALL_MEMORY   (PROBE_NO_MEMORY | PROBE_NO_WORKING_SET)
#define ALL          (PROBE_NO_CPU | ALL_MEMORY | PROBE_NO_PSI)

struct row {
	struct sample_row out;     /* first: rows are handed out as this */
	struct sample_values base; /* counters of its cgroups that ended */
	uint64_t inactive_file_bytes;
	bool told;         /* was in the rows of a second */
	bool buried;       /* and its end was too */
	bool holds_others; /* other rows are below it */
};

/* One cgroup of the machine. */
struct member {
	struct probe_cgroup *cgroup;
	struct row *row; /* NULL: a plain cgroup that is no row (yet) */
	size_t index;    /* in sample.members */
	uint32_t children;
	bool own;   /* the row's own cgroup; the others are its descendants */
	bool plain; /* an IDENTITY_CGROUP: is a row by itself or not at all */
	bool branch;
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
	struct probe_reading reading; /* scratch */
};

static struct row *row_of(struct sample_row *out)
{
	return (struct row *)(void *)out;
}

/* Rows */

static void row_push(struct sample *s, struct row *r)
{
	if (s->n_rows == s->room_rows) {
		s->room_rows = s->room_rows ? 2 * s->room_rows : 64;
		s->rows = mem_array(s->rows, s->room_rows, sizeof(s->rows[0]));
	}
	s->rows[s->n_rows++] = &r->out;
	s->live++;
}

static struct row *row_new(struct sample *s, const char *path, const struct identity *id)
{
	struct row *r = mem_new(struct row);

	r->out.id = ++s->last_id;
	r->out.kind = id->kind;
	r->out.runtime = id->runtime;
	r->out.qos = id->qos;
	r->out.cgroup = identity_text(path);
	r->out.pod_uid = mem_strdup(id->pod_uid);
	r->out.container_id = identity_text(id->container_id);
	r->out.name = identity_text(id->name);
	r->out.first_seen = clock_boot();
	r->out.now.missing = ALL;
	row_push(s, r);
	return r;
}

static void row_free(struct row *r)
{
	free(r->out.cgroup);
	free(r->out.pod_uid);
	free(r->out.container_id);
	free(r->out.name);
	free(r);
}

static void row_end(struct sample *s, struct row *r)
{
	r->out.ended = true;
	s->live--;
}

static void add(struct sample_values *to, const struct probe_reading *from)
{
	to->cpu_ns += from->cpu_ns;
	to->runq_wait_ns += from->runq_wait_ns;
	to->switches += from->switches;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		to->hist[i] += from->hist[i];
}

/* Births and deaths, inside probe_open() and probe_pass() */

static struct row *row_above(const struct probe_cgroup *c, size_t length)
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

/* What the cgroup counted stays with its row, which may outlive it. */
static void fold(struct sample *s, const struct member *m)
{
	if (!s->probe)
		return;
	s->read(s->probe, m->cgroup, &s->reading);
	if (!(s->reading.missing & PROBE_NO_CPU))
		add(&m->row->base, &s->reading);
}

static void gone(struct probe_cgroup *c, void *data)
{
	struct sample *s = obj_cast(struct sample, data, SAMPLE_MAGIC);
	struct member *m = c->data, *parent = c->parent ? c->parent->data : NULL;

	if (m->row)
		fold(s, m);
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
		struct row *r = row_of(s->rows[i]);

		if (r->buried)
			row_free(r);
		else
			s->rows[kept++] = &r->out;
	}
	s->n_rows = kept;
}

static bool ran_itself(struct sample *s, const struct member *m)
{
	s->read(s->probe, m->cgroup, &s->reading);
	return !(s->reading.missing & PROBE_NO_CPU) && s->reading.cpu_ns > 0;
}

static void become_row(struct sample *s, struct member *m)
{
	struct identity id;

	identity_parse(m->cgroup->path, &id);
	m->row = row_new(s, m->cgroup->path, &id);
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

static void start_second(struct row *r)
{
	struct sample_values *now = &r->out.now;

	r->out.before = *now;
	r->out.fresh = !r->told;
	r->inactive_file_bytes = 0;
	r->holds_others = false;
	now->cpu_ns = r->base.cpu_ns;
	now->runq_wait_ns = r->base.runq_wait_ns;
	now->switches = r->base.switches;
	memcpy(now->hist, r->base.hist, sizeof(now->hist));
	if (!r->out.ended) /* an ended row keeps what its memory was last */
		now->missing = 0;
}

static void copy_own(struct sample_values *now, const struct probe_reading *from)
{
	now->memory_usage_bytes = from->memory_usage_bytes;
	now->memory_limit_bytes = from->memory_limit_bytes;
	now->psi_cpu_some_ns = from->psi_cpu_some_ns;
	now->psi_cpu_full_ns = from->psi_cpu_full_ns;
	now->psi_memory_some_ns = from->psi_memory_some_ns;
	now->psi_memory_full_ns = from->psi_memory_full_ns;
	now->psi_io_some_ns = from->psi_io_some_ns;
	now->psi_io_full_ns = from->psi_io_full_ns;
	now->missing |= from->missing & (PROBE_NO_MEMORY | PROBE_NO_PSI);
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
	const struct probe_reading *from = &s->reading;
	struct sample_values *now = &m->row->out.now;

	s->read(s->probe, m->cgroup, &s->reading);
	if (!(from->missing & PROBE_NO_CPU))
		add(now, from);
	m->row->inactive_file_bytes += from->inactive_file_bytes;
	now->missing |= from->missing & (PROBE_NO_CPU | PROBE_NO_WORKING_SET);
	if (!m->own)
		return;
	copy_own(now, from);
	tell_row_above(m);
}

/* Two of them are estimates that may come out a hair too long: the time of a task that runs across
 * the pass, and stalls since the kernel last averaged them over its CPUs. A counter that fell would
 * be refused downstream. */
static void never_fall(struct sample_values *now, const struct sample_values *before)
{
	static const size_t counters[] = {
		offsetof(struct sample_values, cpu_ns),
		offsetof(struct sample_values, runq_wait_ns),
		offsetof(struct sample_values, switches),
		offsetof(struct sample_values, psi_cpu_some_ns),
		offsetof(struct sample_values, psi_cpu_full_ns),
		offsetof(struct sample_values, psi_memory_some_ns),
		offsetof(struct sample_values, psi_memory_full_ns),
		offsetof(struct sample_values, psi_io_some_ns),
		offsetof(struct sample_values, psi_io_full_ns),
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		uint64_t *value = (uint64_t *)((char *)now + counters[i]);
		uint64_t least = *(const uint64_t *)((const char *)before + counters[i]);

		if (*value < least)
			*value = least;
	}
}

/* On a hybrid machine CPU time goes to the memory cgroup of a task where it has one. A cgroup without
 * memory of its own that never ran anything may be idle, or its tasks' time may be counted elsewhere:
 * that is not known to be 0. */
static bool may_be_counted_elsewhere(const struct sample_values *now)
{
	return (now->missing & PROBE_NO_MEMORY) && !now->switches && !now->cpu_ns;
}

static void finish_second(struct row *r)
{
	struct sample_values *now = &r->out.now;
	uint64_t usage = now->memory_usage_bytes;

	never_fall(now, &r->out.before);
	if (!r->out.ended) {
		if (r->holds_others)
			now->missing |= ALL_MEMORY;
		if (now->missing & PROBE_NO_MEMORY)
			now->missing |= PROBE_NO_WORKING_SET;
		if (may_be_counted_elsewhere(now))
			now->missing |= PROBE_NO_CPU;
		now->memory_working_set_bytes =
			usage > r->inactive_file_bytes ? usage - r->inactive_file_bytes : 0;
	}
	r->out.changed = r->out.fresh || memcmp(now, &r->out.before,
						offsetof(struct sample_values, missing) +
							sizeof(now->missing)) != 0;
	r->told = true;
	r->buried = r->out.ended;
}

void sample_take(struct sample *s, clock_boot_t at)
{
	must(s->probe);
	s->at = at;
	forget_ended(s);
	for (size_t i = 0; i < s->n_members; i++)
		if (s->members[i]->plain)
			settle(s, s->members[i]);
	for (size_t i = 0; i < s->n_rows; i++)
		start_second(row_of(s->rows[i]));
	for (size_t i = 0; i < s->n_members; i++)
		if (s->members[i]->row)
			contribute(s, s->members[i]);
	for (size_t i = 0; i < s->n_rows; i++)
		finish_second(row_of(s->rows[i]));
}

struct sample_row *const *sample_rows(const struct sample *s, size_t *ret_n)
{
	*ret_n = s->n_rows;
	return s->rows;
}

uint32_t sample_live(const struct sample *s)
{
	return s->live;
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
	s->magic = 0;
	free(s);
	return NULL;
}
