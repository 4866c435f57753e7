/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct fleet {
	struct strmap *nodes;
};

static void row_free(struct fleet_row *r)
{
	free(r->cgroup);
	free(r->runtime);
	free(r->pod_uid);
	free(r->container_id);
	free(r->qos);
	free(r->name);
	free(r);
}

static void drop_rows(struct fleet_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *r;

	while (map_next(n->rows, &cursor, &id, &r))
		row_free(r);
	map_free(n->rows);
	n->rows = map_new();
}

struct fleet *fleet_new(void)
{
	struct fleet *f = mem_new(struct fleet);

	f->nodes = strmap_new();
	return f;
}

struct fleet *fleet_free(struct fleet *f)
{
	size_t cursor = 0;
	struct fleet_node *n;

	if (!f)
		return NULL;
	while ((n = fleet_next(f, &cursor))) {
		drop_rows(n);
		map_free(n->rows);
		free(n->name);
		free(n->agent_version);
		free(n);
	}
	strmap_free(f->nodes);
	free(f);
	return NULL;
}

struct fleet_node *fleet_next(const struct fleet *f, size_t *cursor)
{
	const char *name;
	void *n;

	return strmap_next(f->nodes, cursor, &name, &n) ? n : NULL;
}

/* Later messages of an agent's own stream leave the source out: the epoch tells whose they are. */
static struct fleet_node *node_of(struct fleet *f, const Plimsoll__V1__Batch *b)
{
	struct fleet_node *n;
	size_t cursor = 0;

	if (!b->source) {
		while ((n = fleet_next(f, &cursor)))
			if (n->epoch == b->epoch)
				return n;
		return NULL;
	}
	n = strmap_get(f->nodes, b->source->node);
	if (!n) {
		n = mem_new(struct fleet_node);
		n->name = mem_strdup(b->source->node);
		n->rows = map_new();
		n->epoch = b->epoch;
		strmap_put(f->nodes, n->name, n);
	}
	return n;
}

static void describe(struct fleet_node *n, const Plimsoll__V1__Batch *b)
{
	if (n->epoch != b->epoch) {
		drop_rows(n);
		n->epoch = b->epoch;
		n->now_ns = n->before_ns = 0;
		n->measured = false;
	}
	if (b->source) {
		free(n->agent_version);
		n->agent_version = mem_strdup(b->source->agent_version);
		n->cpus = b->source->cpus;
		n->memory_bytes = b->source->memory_bytes;
	}
}

static void rename_to(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

static void name_row(struct fleet_node *n, const Plimsoll__V1__Identity *d)
{
	struct fleet_row *r = map_get(n->rows, d->row);

	if (!r) {
		r = mem_new(struct fleet_row);
		r->id = d->row;
		map_put(n->rows, d->row, r);
	}
	r->kind = d->kind;
	r->named = true;
	rename_to(&r->cgroup, d->cgroup);
	rename_to(&r->runtime, d->runtime);
	rename_to(&r->pod_uid, d->pod_uid);
	rename_to(&r->container_id, d->container_id);
	rename_to(&r->qos, d->qos);
	rename_to(&r->name, d->name);
}

/* In the order of enum fleet_column. */
static uint64_t cell(const Plimsoll__V1__Columns *c, enum fleet_column column, size_t i)
{
	const struct {
		const uint64_t *values;
		size_t n;
	} of[FLEET_COLUMNS] = {
		{c->cpu_ns, c->n_cpu_ns},
		{c->runq_wait_ns, c->n_runq_wait_ns},
		{c->psi_cpu_some_ns, c->n_psi_cpu_some_ns},
		{c->psi_memory_some_ns, c->n_psi_memory_some_ns},
		{c->psi_io_some_ns, c->n_psi_io_some_ns},
		{c->memory_usage_bytes, c->n_memory_usage_bytes},
		{c->memory_working_set_bytes, c->n_memory_working_set_bytes},
		{c->memory_limit_bytes, c->n_memory_limit_bytes},
	};
	return i < of[column].n ? of[column].values[i] : 0;
}

static void fill_row(struct fleet_row *r, const Plimsoll__V1__Columns *c, size_t i)
{
	for (int column = 0; column < FLEET_COLUMNS; column++)
		r->now[column] = cell(c, (enum fleet_column)column, i);
	r->flags = i < c->n_flags ? c->flags[i] : 0;
	if (!r->samples) {
		memcpy(r->before, r->now, sizeof(r->before));
		r->flags_before = r->flags;
		r->samples = 1;
	}
}

static void fill_waits(struct fleet_node *n, const Plimsoll__V1__Columns *c)
{
	for (size_t i = 0; i < c->n_hist_row && i < c->n_hist_bucket && i < c->n_hist_count; i++) {
		struct fleet_row *r =
			c->hist_row[i] < c->n_row ? map_get(n->rows, c->row[c->hist_row[i]]) : NULL;

		if (r && c->hist_bucket[i] < HIST_BUCKETS)
			r->waits[c->hist_bucket[i]] = c->hist_count[i];
	}
}

static bool idled(const struct fleet_node *n)
{
	return n->measured && !(n->missing & PLIMSOLL__V1__NODE_MISSING__NODE_MISSING_IDLE);
}

/* A new second: what was now is before, also for rows that this second leaves out as unchanged. */
static void step(struct fleet_node *n, uint64_t at_ns)
{
	size_t cursor = 0;
	uint64_t id;
	void *value;

	n->before_ns = n->now_ns;
	n->now_ns = at_ns;
	n->idle_before_ns = n->idle_ns;
	n->idled_before = idled(n);
	while (map_next(n->rows, &cursor, &id, &value)) {
		struct fleet_row *r = value;

		memcpy(r->before, r->now, sizeof(r->before));
		memcpy(r->waits_before, r->waits, sizeof(r->waits_before));
		r->flags_before = r->flags;
		r->samples += r->samples > 0;
	}
}

static void measure(struct fleet_node *n, const Plimsoll__V1__Batch *b)
{
	if (b->boottime_ns > n->now_ns)
		step(n, b->boottime_ns);
	if (b->columns) {
		for (size_t i = 0; i < b->columns->n_row; i++) {
			struct fleet_row *r = map_get(n->rows, b->columns->row[i]);

			if (r)
				fill_row(r, b->columns, i);
		}
		fill_waits(n, b->columns);
	}
	n->wall_unix_ns = b->wall_unix_ns;
	n->sequence = b->sequence;
	if (b->node) {
		n->measured = true;
		n->missing = b->node->missing;
		n->idle_ns = b->node->cpu_idle_ns;
		n->available_bytes = b->node->memory_available_bytes;
	}
	if (b->losses)
		n->lost = b->losses->slots_full + b->losses->spool_dropped +
			  b->losses->read_errors + b->losses->late_ticks;
}

static void forget(struct fleet_node *n, uint64_t id)
{
	struct fleet_row *r = map_del(n->rows, id);

	if (r)
		row_free(r);
}

/* A keyframe names every live row: others have ended. */
static void sweep(struct fleet_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *value;

	while (map_next(n->rows, &cursor, &id, &value))
		if (!((struct fleet_row *)value)->named)
			forget(n, id);
}

static void unname(struct fleet_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *value;

	while (map_next(n->rows, &cursor, &id, &value))
		((struct fleet_row *)value)->named = false;
}

struct fleet_node *fleet_apply(struct fleet *f, const Plimsoll__V1__Batch *b)
{
	struct fleet_node *n = node_of(f, b);

	if (!n)
		return NULL; /* a stream that did not begin with its source */
	describe(n, b);
	if (b->keyframe)
		unname(n);
	for (size_t i = 0; i < b->n_dictionary; i++)
		name_row(n, b->dictionary[i]);
	if (b->sequence || b->columns)
		measure(n, b);
	n->live_rows = b->live_rows;
	for (size_t i = 0; i < b->n_gone; i++)
		forget(n, b->gone[i]);
	if (b->keyframe)
		sweep(n);
	return n;
}

size_t fleet_size(const struct fleet *f)
{
	return strmap_size(f->nodes);
}

bool fleet_rated(const struct fleet *f)
{
	struct fleet_node *n;
	size_t cursor = 0;

	while ((n = fleet_next(f, &cursor)))
		if (!n->before_ns)
			return false;
	return strmap_size(f->nodes) > 0;
}

static const struct fleet_value unknown = {false, 0};

static uint32_t needs(enum fleet_column c)
{
	switch (c) {
	case FLEET_CPU:
	case FLEET_WAIT:
		return PLIMSOLL__V1__MISSING__MISSING_CPU;
	case FLEET_PSI_CPU:
	case FLEET_PSI_MEMORY:
	case FLEET_PSI_IO:
		return PLIMSOLL__V1__MISSING__MISSING_PSI;
	case FLEET_WORKING_SET:
		return PLIMSOLL__V1__MISSING__MISSING_WORKING_SET |
		       PLIMSOLL__V1__MISSING__MISSING_MEMORY;
	default:
		return PLIMSOLL__V1__MISSING__MISSING_MEMORY;
	}
}

/* Counters go on while nobody can read them: over such a gap there is no rate. */
static bool is_gap(const struct fleet_row *r, uint32_t needed)
{
	return r->samples < 2 || ((r->flags | r->flags_before) & needed);
}

struct fleet_value fleet_rate(const struct fleet_node *n, const struct fleet_row *r,
			      enum fleet_column c)
{
	if (is_gap(r, needs(c)) || n->now_ns <= n->before_ns || r->now[c] < r->before[c])
		return unknown;
	return (struct fleet_value){true, (double)(r->now[c] - r->before[c]) /
						  (double)(n->now_ns - n->before_ns)};
}

struct fleet_value fleet_level(const struct fleet_row *r, enum fleet_column c)
{
	if (!r->samples || (r->flags & needs(c)) || (c == FLEET_LIMIT && !r->now[c]))
		return unknown;
	return (struct fleet_value){true, (double)r->now[c]};
}

struct fleet_value fleet_wait_share(const struct fleet_node *n, const struct fleet_row *r)
{
	struct fleet_value cpu = fleet_rate(n, r, FLEET_CPU), wait = fleet_rate(n, r, FLEET_WAIT);
	double runnable = cpu.value + wait.value;

	if (!cpu.known || !wait.known)
		return unknown;
	return (struct fleet_value){true, runnable > 0 ? wait.value / runnable : 0};
}

struct fleet_value fleet_wait_p95(const struct fleet_row *r)
{
	uint64_t delta[HIST_BUCKETS], ns;

	if (is_gap(r, PLIMSOLL__V1__MISSING__MISSING_CPU))
		return unknown;
	for (int i = 0; i < HIST_BUCKETS; i++)
		delta[i] = (uint32_t)(r->waits[i] - r->waits_before[i]); /* counters of 32 bits */
	if (hist_quantile(delta, 0.95, &ns) < 0)
		return unknown;
	return (struct fleet_value){true, (double)ns};
}

struct fleet_value fleet_cpu_used(const struct fleet_node *n)
{
	double span = (double)(n->now_ns - n->before_ns) * n->cpus;

	if (!idled(n) || !n->idled_before || span <= 0 || n->idle_ns < n->idle_before_ns)
		return unknown;
	double used = 1 - (double)(n->idle_ns - n->idle_before_ns) / span;
	return (struct fleet_value){true, used < 0 ? 0 : used};
}
