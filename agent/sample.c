/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sample.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probe/victim.h"
#include "agent/runs.h"
#include "base/mem.h"
#include "base/obj.h"

#define SAMPLE_MAGIC 0x73616d70u
#define ALL_MEMORY                                                                                 \
	(SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET | SIGNAL_NO_DETAIL | SIGNAL_NO_COMPOSITION)

/* How a row's value comes from its cgroups', by signal. */
enum scope { OWN, SUM, MAX, FIRST };
enum kind { COUNTER, GAUGE };

static const struct {
	uint8_t scope, kind;
	uint32_t group;
} rule[SIGNALS] = {
#define SIGNAL(ID, name, KIND, SCOPE, GROUP, ...) [SIGNAL_##ID] = {SCOPE, KIND, SIGNAL_NO_##GROUP},
#include "plimsoll/signals.def"
};

/* Groups that a row misses when one of its cgroups does; of the others only its own counts. */
static const uint32_t shared_groups = 0
#define SHARED_OWN(bit)	  0
#define SHARED_SUM(bit)	  bit
#define SHARED_MAX(bit)	  bit
#define SHARED_FIRST(bit) bit
#define SIGNAL(ID, name, KIND, SCOPE, GROUP, ...) | SHARED_##SCOPE(SIGNAL_NO_##GROUP)
#define NOTE(ID, name, GROUP, prose) | SIGNAL_NO_##GROUP
#include "plimsoll/signals.def"
	;

struct row {
	struct sample_row out;     /* first: rows are handed out as this */
	struct signals *base; /* summed counters of its cgroups that ended; NULL: none did */
	struct signals *last; /* what its own cgroup said at its end; NULL: it lives */
	uint64_t ran_before; /* runs of earlier cgroups of this path */
	uint64_t runs;       /* of its own cgroup */
	uint64_t attempt;    /* what its runtime says, if … */
	bool attempt_known;
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
	struct runs *runs;
	struct signals reading; /* scratch */
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
	r->out.now.missing = SIGNAL_ALL;
	r->ran_before = runs_take(s->runs, path);
	row_push(s, r);
	return r;
}

static void row_free(struct row *r)
{
	free(r->out.cgroup);
	free(r->out.pod_uid);
	free(r->out.container_id);
	free(r->out.pod_namespace);
	free(r->out.pod_name);
	free(r->out.workload);
	free(r->out.name);
	free(r->base);
	free(r->last);
	free(r);
}

static void replace(char **text, const char *by)
{
	free(*text);
	*text = mem_strdup(by);
}

/* Restarts. A pod's container that is started again has another path: only its runtime knows that it is the same. */

static bool is_pods(const struct row *r)
{
	return r->out.kind == IDENTITY_POD_CONTAINER || r->out.kind == IDENTITY_SANDBOX;
}

/* systemd makes a unit's cgroup anew for each start; what begins there one after the other are its ExecStartPre=. */
static uint64_t runs_of(const struct row *r)
{
	return r->ran_before + (r->out.kind == IDENTITY_UNIT && r->runs ? 1 : r->runs);
}

static void write_restarts(struct row *r)
{
	struct signals *now = &r->out.now;
	uint64_t runs = runs_of(r);

	now->restarts = is_pods(r) ? r->attempt : runs ? runs - 1 : 0;
	if (is_pods(r) && !r->attempt_known)
		now->missing |= SIGNAL_NO_RESTARTS;
	else if (is_pods(r))
		now->missing &= ~(uint32_t)SIGNAL_NO_RESTARTS;
}

static void note_runs(struct row *r, const struct signals *own)
{
	uint32_t runs = own->runs[0] > own->runs[1] ? own->runs[0] : own->runs[1];

	if (!(own->missing & SIGNAL_NO_RESTARTS) && runs > r->runs)
		r->runs = runs;
}

static void remember_runs(struct sample *s, const struct row *r, const char *path)
{
	if (!is_pods(r) && runs_of(r))
		runs_keep(s->runs, path, runs_of(r));
}

/* What its runtime says */

static void keep_attempt(struct row *r, const struct sample_names *n)
{
	struct signals *now = &r->out.now;
	const struct signals told = *now;

	r->attempt = n->attempt;
	r->attempt_known = n->attempt_known;
	write_restarts(r);
	if (now->restarts < told.restarts)
		now->restarts = told.restarts;
	r->out.changed = r->out.changed || memcmp(now, &told, sizeof(told)) != 0;
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
	keep_attempt(row_of(r), n);
}

static void row_end(struct sample *s, struct row *r)
{
	r->out.ended = true;
	s->live--;
}

/* Sums only what goes on counting when a cgroup ends. */
static void add_counters(struct signals *to, const struct signals *from)
{
	for (unsigned i = 0; i < SIGNALS; i++)
		if (rule[i].scope == SUM && rule[i].kind == COUNTER)
			to->value[i] += from->value[i];
	for (unsigned i = 0; i < SIGNAL_BUCKETS; i++)
		to->hist[i] += from->hist[i];
	victim_add(&to->victim, &from->victim);
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
	if (!m->row->base)
		m->row->base = mem_new(struct signals);
	add_counters(m->row->base, &s->reading);
	if (m->own) {
		m->row->last = mem_new(struct signals);
		*m->row->last = s->reading;
		note_runs(m->row, &s->reading);
		remember_runs(s, m->row, m->cgroup->path);
	}
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

static void gone(struct probe_cgroup *c, void *data)
{
	struct sample *s = obj_cast(struct sample, data, SAMPLE_MAGIC);
	struct member *m = c->data, *parent = c->parent ? c->parent->data : NULL;

	if (!m->row && m->plain && s->probe && ran_itself(s, m))
		become_row(s, m); /* it came and went between two seconds, or ran only at its end */
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

/* Of a row that was told before, what goes on counting to the end, and the peak; of another one all there is. */
static bool is_last_word(const struct row *r, unsigned i)
{
	if (r->last->missing & rule[i].group)
		return false;
	if (!r->told)
		return rule[i].scope == OWN || rule[i].kind == GAUGE;
	return rule[i].scope == OWN && (rule[i].kind == COUNTER || i == SIGNAL_MEMORY_PEAK_BYTES);
}

static void say_last_words(struct row *r)
{
	struct signals *now = &r->out.now;

	for (unsigned i = 0; i < SIGNALS; i++)
		if (is_last_word(r, i))
			now->value[i] = r->last->value[i];
	if (!r->told)
		now->missing = r->last->missing;
}

/* Sums begin anew; an ended row keeps what its gauges were last. */
static void start_second(struct row *r)
{
	static const struct signals nothing;
	const struct signals *base = r->base ? r->base : &nothing;
	struct signals *now = &r->out.now;

	r->out.before = *now;
	r->out.fresh = !r->told;
	r->out.renamed = false;
	r->holds_others = false;
	for (unsigned i = 0; i < SIGNALS; i++)
		if (rule[i].scope == SUM && rule[i].kind == COUNTER)
			now->value[i] = base->value[i];
		else if (rule[i].scope != OWN && !r->out.ended)
			now->value[i] = 0;
	memcpy(now->hist, base->hist, sizeof(now->hist));
	now->victim = base->victim;
	if (!r->out.ended)
		now->missing = 0;
	else if (r->last)
		say_last_words(r);
}

static void join_value(uint64_t *to, uint64_t from, enum scope scope, bool own)
{
	if (scope == SUM)
		*to += from;
	else if (scope == OWN ? own : scope == MAX ? from > *to : from && (!*to || from < *to))
		*to = from;
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
	const struct signals *from = &s->reading;
	struct signals *now = &m->row->out.now;

	s->read(s->probe, m->cgroup, &s->reading);
	for (unsigned i = 0; i < SIGNALS; i++)
		join_value(&now->value[i], from->value[i], (enum scope)rule[i].scope, m->own);
	for (unsigned i = 0; i < SIGNAL_BUCKETS; i++)
		now->hist[i] += from->hist[i];
	victim_add(&now->victim, &from->victim);
	now->missing |= from->missing & (m->own ? SIGNAL_ALL : shared_groups);
	if (!m->own)
		return;
	note_runs(m->row, from);
	tell_row_above(m);
}

/* Some are estimates that may come out a hair too long: the time of a task that runs across
 * the pass, and stalls since the kernel last averaged them over its CPUs. A counter that fell would
 * be refused downstream. */
static void never_fall(struct signals *now, const struct signals *before)
{
	for (unsigned i = 0; i < SIGNALS; i++)
		if (rule[i].kind == COUNTER && now->value[i] < before->value[i])
			now->value[i] = before->value[i];
	if (now->victim.count < before->victim.count) /* one was being written */
		now->victim = before->victim;
}

/* On a hybrid machine CPU time goes to the memory cgroup of a task where it has one. A cgroup without
 * memory of its own that never ran anything may be idle, or its tasks' time may be counted elsewhere:
 * that is not known to be 0. */
static bool may_be_counted_elsewhere(const struct signals *now)
{
	return (now->missing & SIGNAL_NO_MEMORY) && !now->switches && !now->cpu_ns;
}

static void finish_second(struct row *r)
{
	struct signals *now = &r->out.now;
	uint64_t usage = now->memory_usage_bytes, idle = now->memory_inactive_file_bytes;

	write_restarts(r);
	never_fall(now, &r->out.before);
	if (!r->out.ended || !r->told) {
		if (r->holds_others)
			now->missing |= ALL_MEMORY;
		if (now->missing & SIGNAL_NO_MEMORY)
			now->missing |= SIGNAL_NO_WORKING_SET;
		if (may_be_counted_elsewhere(now))
			now->missing |= SIGNAL_NO_CPU;
		now->memory_working_set_bytes = usage > idle ? usage - idle : 0;
	}
	r->out.changed = r->out.fresh || memcmp(now, &r->out.before, sizeof(*now)) != 0;
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
	runs_free(s->runs);
	s->magic = 0;
	free(s);
	return NULL;
}
