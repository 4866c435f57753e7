/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/scope.h"
#include "ctl/figure.h"
#include "wire/columns.h"
#include "wire/counts.h"

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
	free(r->pod_namespace);
	free(r->pod_name);
	free(r->workload);
	free(r->title);
	free(r->victim.name);
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
		free(n->boot_id);
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

static void rename_to(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

static void describe(struct fleet_node *n, const Plimsoll__V1__Batch *b)
{
	if (n->epoch != b->epoch) {
		drop_rows(n);
		n->epoch = b->epoch;
		n->now_ns = n->before_ns = 0;
		n->cpus = n->cpus_before = 0;
		n->measured = false;
	}
	if (b->source) {
		rename_to(&n->boot_id, b->source->boot_id);
		rename_to(&n->agent_version, b->source->agent_version);
		n->cpus = n->cpus ? n->cpus : b->source->cpus;
		n->memory_bytes = b->source->memory_bytes;
	}
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
	rename_to(&r->pod_namespace, d->pod_namespace);
	rename_to(&r->pod_name, d->pod_name);
	rename_to(&r->workload, d->workload);
	free(r->title);
	r->title = *d->pod_name ? mem_printf("%s/%s/%s", d->pod_namespace, d->pod_name, d->name)
				: mem_strdup(d->name);
}

static void fill_row(struct fleet_row *r, const Plimsoll__V1__Columns *c, size_t i, uint32_t unknown)
{
	for (int s = 0; s < SIGNALS; s++)
		r->now[s] = columns_get(c, (enum signal_id)s, i);
	r->flags = unknown | (i < c->n_flags ? c->flags[i] : 0);
	r->told = true;
	if (!r->samples) {
		memcpy(r->before, r->now, sizeof(r->before));
		r->flags_before = r->flags;
		r->samples = 1;
	}
}

static void fill_hist(struct fleet_node *n, const Plimsoll__V1__Columns *c, enum counts_part which)
{
	struct counts_list l;

	if (counts_of(c, which, &l) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		struct fleet_row *r = l.row[i] < c->n_row ? map_get(n->rows, c->row[l.row[i]]) : NULL;

		if (r && l.bucket[i] < SIGNAL_BUCKETS)
			r->hist[l.bucket[i]] = l.count[i];
	}
}

static void fill_victims(struct fleet_node *n, const Plimsoll__V1__Batch *b)
{
	for (size_t i = 0; i < b->n_oom_victims; i++) {
		const Plimsoll__V1__OomVictim *v = b->oom_victims[i];
		struct fleet_row *r = map_get(n->rows, v->row);

		if (!r)
			continue;
		rename_to(&r->victim.name, v->name);
		r->victim.pid = v->pid;
		r->victim.boottime_ns = v->boottime_ns;
		r->victim.count = v->count;
	}
}

/* At both samples. */
static bool has_both(const struct fleet_node *n, uint32_t figure)
{
	return n->measured && n->measured_before && !((n->missing | n->missing_before) & figure);
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
	n->cpus_before = n->cpus;
	n->measured_before = n->measured;
	n->missing_before = n->missing;
	memcpy(n->psi_before_ns, n->psi_ns, sizeof(n->psi_ns));
	while (map_next(n->rows, &cursor, &id, &value)) {
		struct fleet_row *r = value;

		memcpy(r->before, r->now, sizeof(r->before));
		memcpy(r->hist_before, r->hist, sizeof(r->hist_before));
		r->flags_before = r->flags;
		r->samples += r->samples > 0;
	}
}

/* Online at the sample; an agent that does not tell tells it of itself, in keyframes. */
static uint32_t cpus_of(const struct fleet_node *n, const Plimsoll__V1__Batch *b)
{
	if (b->node && b->node->cpus)
		return b->node->cpus;
	return b->source ? b->source->cpus : n->cpus;
}

static void measure(struct fleet_node *n, const Plimsoll__V1__Batch *b)
{
	if (b->boottime_ns > n->now_ns)
		step(n, b->boottime_ns);
	n->cpus = cpus_of(n, b);
	if (b->columns) {
		uint32_t unknown = columns_unknown(b->wire_version, b->tells);

		for (size_t i = 0; i < b->columns->n_row; i++) {
			struct fleet_row *r = map_get(n->rows, b->columns->row[i]);

			if (r)
				fill_row(r, b->columns, i, unknown);
		}
		fill_hist(n, b->columns, COUNTS_FIRST);
		fill_hist(n, b->columns, COUNTS_LATER);
	}
	fill_victims(n, b);
	n->wall_unix_ns = b->wall_unix_ns;
	n->sequence = b->sequence;
	if (b->node) {
		n->measured = true;
		n->missing = b->node->missing;
		n->idle_ns = b->node->cpu_idle_ns;
		n->available_bytes = b->node->memory_available_bytes;
		n->cpu_weights = (enum shares_scale)b->node->cpu_weights;
		n->psi_ns[FLEET_CPU] = b->node->psi_cpu_some_ns;
		n->psi_ns[FLEET_MEMORY] = b->node->psi_memory_some_ns;
		n->psi_ns[FLEET_IO] = b->node->psi_io_some_ns;
	}
	if (b->losses)
		n->losses = (struct losses){
#define LOSS(ID, name, ...) .name = b->losses->name,
#include "plimsoll/losses.def"
		};
}

static void forget(struct fleet_node *n, uint64_t id)
{
	struct fleet_row *r = map_del(n->rows, id);

	if (r)
		row_free(r);
}

/* Whoever lived between two seconds is told by the batch that says that it is gone, too. */
static void end_row(struct fleet_node *n, uint64_t id)
{
	struct fleet_row *r = map_get(n->rows, id);

	if (r && r->told)
		r->over = true;
	else
		forget(n, id);
}

/* A keyframe names every live row: others have ended. */
static void sweep(struct fleet_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *value;

	while (map_next(n->rows, &cursor, &id, &value)) {
		const struct fleet_row *r = value;

		if (!r->named && !r->over)
			forget(n, id);
	}
}

static void begin_batch(struct fleet_node *n, bool keyframe)
{
	size_t cursor = 0;
	uint64_t id;
	void *value;

	while (map_next(n->rows, &cursor, &id, &value)) {
		struct fleet_row *r = value;

		r->told = false;
		r->named = r->named && !keyframe;
		if (r->over)
			forget(n, id);
	}
}

struct fleet_node *fleet_apply(struct fleet *f, const Plimsoll__V1__Batch *b)
{
	struct fleet_node *n = node_of(f, b);

	if (!n)
		return NULL; /* a stream that did not begin with its source */
	describe(n, b);
	begin_batch(n, b->keyframe);
	for (size_t i = 0; i < b->n_dictionary; i++)
		name_row(n, b->dictionary[i]);
	if (b->sequence || b->columns)
		measure(n, b);
	n->live_rows = b->live_rows;
	for (size_t i = 0; i < b->n_gone; i++)
		end_row(n, b->gone[i]);
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

struct fleet_value fleet_part(struct fleet_value v, struct fleet_value of)
{
	if (!v.known || !of.known || of.value <= 0)
		return unknown;
	return (struct fleet_value){true, v.value / of.value};
}

static const struct {
	uint32_t group;
	double scale;
} rule[SIGNALS] = {
#define SIGNAL(ID, name, KIND, SCOPE, GROUP, unit, scale, ...) \
	[SIGNAL_##ID] = {SIGNAL_NO_##GROUP, scale},
#include "plimsoll/signals.def"
};

static const uint32_t hist_group[SIGNAL_HISTS] = {
#define HISTOGRAM(ID, name, GROUP, ...) [SIGNAL_HIST_##ID] = SIGNAL_NO_##GROUP,
#include "plimsoll/signals.def"
};

static uint32_t needs(enum signal_id s)
{
	uint32_t group = rule[s].group;

	return group == SIGNAL_NO_WORKING_SET ? group | SIGNAL_NO_MEMORY : group;
}

/* Counters go on while nobody can read them: over such a gap there is no rate. */
static bool is_gap(const struct fleet_row *r, uint32_t needed)
{
	return r->samples < 2 || ((r->flags | r->flags_before) & needed);
}

struct fleet_value fleet_rate(const struct fleet_node *n, const struct fleet_row *r,
			      enum signal_id c)
{
	double seconds = (double)(n->now_ns - n->before_ns) / 1e9;

	if (is_gap(r, needs(c)) || n->now_ns <= n->before_ns || r->now[c] < r->before[c])
		return unknown;
	return (struct fleet_value){true, (double)(r->now[c] - r->before[c]) / rule[c].scale / seconds};
}

struct fleet_value fleet_level(const struct fleet_row *r, enum signal_id c)
{
	bool limit = c == SIGNAL_MEMORY_LIMIT_BYTES || c == SIGNAL_MEMORY_HIGH_BYTES ||
		     c == SIGNAL_CPU_QUOTA_NS;

	if (!r->samples || (r->flags & needs(c)) || (limit && !r->now[c]))
		return unknown;
	return (struct fleet_value){true, (double)r->now[c] / rule[c].scale};
}

struct shares_request fleet_request(const struct fleet_node *n, const struct fleet_row *r)
{
	struct shares_container of;

	if (r->kind != PLIMSOLL__V1__KIND__KIND_POD_CONTAINER || !fleet_level(r, SIGNAL_CPU_WEIGHT).known)
		return (struct shares_request){.known = false};
	of = shares_container(r->now[SIGNAL_CPU_WEIGHT], r->now[SIGNAL_CPU_QUOTA_NS], r->now[SIGNAL_CPU_PERIOD_NS], r->qos);
	return shares_request(n->cpu_weights, &of);
}

struct fleet_value fleet_request_cores(const struct fleet_node *n, const struct fleet_row *r)
{
	struct shares_request asked = fleet_request(n, r);

	return (struct fleet_value){asked.known, (double)(asked.least_milli + asked.most_milli) / 2e3};
}

struct fleet_value fleet_wait_share(const struct fleet_node *n, const struct fleet_row *r)
{
	struct saturation s;

	if (!fleet_saturation(n, r, &s) || !(s.known & 1u << SATURATION_CPU_RUNQUEUE))
		return unknown;
	return (struct fleet_value){true, (double)s.permille[SATURATION_CPU_RUNQUEUE] / SATURATION_FULL};
}

struct fleet_value fleet_quantile(const struct fleet_row *r, enum signal_histogram h, double quantile)
{
	uint64_t delta[HIST_BUCKETS], ns;
	unsigned first = (unsigned)h * HIST_BUCKETS;

	if (is_gap(r, hist_group[h]))
		return unknown;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		delta[i] = (uint32_t)(r->hist[first + i] - r->hist_before[first + i]);
	if (hist_quantile(delta, quantile, &ns) < 0)
		return unknown;
	return (struct fleet_value){true, (double)ns / 1e9};
}

struct fleet_value fleet_mean(const struct fleet_row *r, enum signal_id total, enum signal_id count)
{
	if (is_gap(r, needs(total)) || r->now[total] < r->before[total] ||
	    r->now[count] <= r->before[count])
		return unknown;
	return (struct fleet_value){true, (double)(r->now[total] - r->before[total]) /
						  rule[total].scale /
						  (double)(r->now[count] - r->before[count])};
}

struct fleet_value fleet_victim_age(const struct fleet_node *n, const struct fleet_row *r)
{
	uint64_t at_ns = r->victim.boottime_ns;

	if (!r->victim.name)
		return unknown;
	return (struct fleet_value){true, n->now_ns > at_ns ? (double)(n->now_ns - at_ns) / 1e9 : 0};
}

void fleet_victim(const struct fleet_node *n, const struct fleet_row *r, struct buf *to)
{
	uint64_t age_ns = (uint64_t)(fleet_victim_age(n, r).value * 1e9);

	if (r->victim.name)
		buf_printf(to, "%s (%u), %s ago", r->victim.name, r->victim.pid, figure_age(age_ns).text);
	else
		buf_printf(to, "%s", !r->samples || (r->flags & SIGNAL_NO_OOM) ? FIGURE_NONE : "none");
}

bool fleet_saturation(const struct fleet_node *n, const struct fleet_row *r, struct saturation *ret)
{
	struct fleet_value used = fleet_cpu_used(n);
	const struct saturation_input in = {
		.before = r->before,
		.now = r->now,
		.missing = r->flags | r->flags_before,
		.elapsed_ns = n->now_ns - n->before_ns,
		.cpus = n->cpus ? n->cpus : 1,
		.node_known = used.known,
		.node_busy_ns = (uint64_t)(used.value * n->cpus * (double)(n->now_ns - n->before_ns)),
	};

	if (r->samples < 2 || !n->before_ns || n->now_ns <= n->before_ns)
		return false;
	saturation_of(&in, ret);
	return true;
}

void fleet_here(struct fleet_here *ret)
{
	scoped(fclosep) FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	*ret = (struct fleet_here){.boot = clock_boot(), .wall = clock_wall()};
	if (f && fscanf(f, "%36s", ret->boot_id) != 1)
		ret->boot_id[0] = '\0';
}

struct fleet_value fleet_age(const struct fleet_node *n, const struct fleet_here *here)
{
	bool same = n->boot_id && *n->boot_id && strcmp(n->boot_id, here->boot_id) == 0;
	uint64_t taken = same ? n->now_ns : n->wall_unix_ns, now = same ? here->boot.ns : here->wall.ns;

	return (struct fleet_value){taken != 0, now > taken ? (double)(now - taken) / 1e9 : 0};
}

struct fleet_value fleet_cpu_used(const struct fleet_node *n)
{
	double span = (double)(n->now_ns - n->before_ns) * n->cpus;

	if (!has_both(n, PLIMSOLL__V1__NODE_MISSING__NODE_MISSING_IDLE) || n->cpus != n->cpus_before || span <= 0 ||
	    n->idle_ns < n->idle_before_ns)
		return unknown;
	double used = 1 - (double)(n->idle_ns - n->idle_before_ns) / span;
	return (struct fleet_value){true, used < 0 ? 0 : used};
}

struct fleet_value fleet_pressure(const struct fleet_node *n, enum fleet_resource r)
{
	double span = (double)(n->now_ns - n->before_ns), share;

	if (!has_both(n, PLIMSOLL__V1__NODE_MISSING__NODE_MISSING_PSI_CPU << r) || !n->before_ns || span <= 0 ||
	    n->psi_ns[r] < n->psi_before_ns[r])
		return unknown;
	share = (double)(n->psi_ns[r] - n->psi_before_ns[r]) / span;
	return (struct fleet_value){true, share > 1 ? 1 : share};
}
