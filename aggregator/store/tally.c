/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/node.h"
#include "aggregator/store/state.h"
#include "aggregator/store/workload.h"
#include "base/buf.h"
#include "base/mem.h"

static uint64_t older(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void add_rates(struct tally *t, const struct store_row *r, uint64_t window_ns, uint64_t age)
{
	struct ring_rate rate;

	if (row_rate(r, window_ns, &rate) < 0)
		return;
	if (!(r->flags & SIGNAL_NO_CPU)) {
		t->cpu_known++;
		t->cpu_age_ns = older(t->cpu_age_ns, age);
		t->cores += (double)rate.cpu_ns / (double)rate.cover_ns;
		t->wait_permille += row_wait_permille(&rate);
	}
	if ((r->flags & SIGNAL_NO_PSI) || !rate.psi_cover_ns)
		return;
	t->psi_known++;
	t->psi_age_ns = older(t->psi_age_ns, age);
	for (unsigned i = 0; i < RING_PSIS; i++) {
		double share = (double)rate.psi_ns[i] / (double)rate.psi_cover_ns;

		if (share > t->psi[i])
			t->psi[i] = share < 1 ? share : 1;
	}
}

static void add_causes(struct tally *t, const struct store_row *r, uint64_t window_ns, uint64_t age)
{
	struct saturation s;

	row_saturation(r, window_ns, &s);
	for (int c = 0; c < SATURATION_CAUSES; c++) {
		if (!(s.known & 1u << c))
			continue;
		t->cause_known[c]++;
		t->cause_permille[c] += s.permille[c];
		t->cause_age_ns = older(t->cause_age_ns, age);
		if (s.permille[c] > t->most[c].permille) {
			t->most[c].permille = s.permille[c];
			t->most[c].advice = saturation_advise(&s, (enum saturation_cause)c);
		}
	}
}

static void add_memory(struct tally *t, const struct store_row *r, uint64_t age)
{
	if (!r->first)
		return;
	if (!(r->flags & (SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET))) {
		t->memory_known++;
		t->memory_age_ns = older(t->memory_age_ns, age);
		t->memory_bytes += (double)r->value[SIGNAL_MEMORY_WORKING_SET_BYTES];
	}
	if (!(r->flags & SIGNAL_NO_MEMORY) && r->value[SIGNAL_MEMORY_LIMIT_BYTES]) {
		t->limit_known++;
		t->limit_bytes += (double)r->value[SIGNAL_MEMORY_LIMIT_BYTES];
	}
}

static void add_heard(struct tally *t, const struct store_row *r, uint64_t age)
{
	struct heard_rate rate;

	if (row_heard(r, &rate, t->heard_hist) < 0)
		return;
	t->heard_known++;
	t->heard_age_ns = older(t->heard_age_ns, age);
	t->heard.requests += rate.requests;
	t->heard.errors += rate.errors;
}

void tally_add(struct tally *t, struct store_row *r, clock_boot_t now, uint64_t window_ns,
	       uint64_t fresh_ns)
{
	uint64_t age = row_sample_age(r, now);

	t->replicas++;
	if (r->node->mark != t->mark) {
		r->node->mark = t->mark;
		t->nodes++;
	}
	if (age > node_fresh_ns(r->node, fresh_ns))
		return;
	add_rates(t, r, window_ns, age);
	add_memory(t, r, age);
	add_causes(t, r, window_ns, age);
	add_heard(t, r, age);
	waits_add_recent(&r->waits, (uint32_t)(r->node->boottime_ns / WAITS_PERIOD_NS), t->hist);
}

static struct store_value value(const struct tally *t, double v, uint32_t known, uint64_t age)
{
	if (!known)
		return (struct store_value){.age_ns = UINT64_MAX};
	return (struct store_value){
		.known = true, .value = v, .age_ns = age, .coverage = (double)known / t->replicas};
}

static struct store_value duration(const struct tally *t, double quantile)
{
	uint64_t ns;

	if (hist_quantile(t->heard_hist, quantile, &ns) < 0)
		return value(t, 0, 0, 0);
	return value(t, (double)ns, t->heard_known, t->heard_age_ns);
}

/* Of no request nobody can say how many failed. */
static void finish_heard(const struct tally *t, struct store_summary *ret)
{
	double share = t->heard.requests > 0 ? t->heard.errors / t->heard.requests : 0;

	ret->requests_per_second = value(t, t->heard.requests, t->heard_known, t->heard_age_ns);
	ret->request_error_share = value(t, share < 1 ? share : 1, t->heard.requests > 0 ? t->heard_known : 0,
					 t->heard_age_ns);
	ret->request_p50_ns = duration(t, 0.50);
	ret->request_p95_ns = duration(t, 0.95);
	ret->request_p99_ns = duration(t, 0.99);
}

static void finish_causes(const struct tally *t, struct store_summary *ret)
{
	double most = SATURATION_NAMED;

	ret->by_what = SATURATION_CAUSES;
	for (int c = 0; c < SATURATION_CAUSES; c++) {
		uint32_t known = t->cause_known[c];
		double mean = known ? t->cause_permille[c] / 1e3 / known : 0;

		ret->saturation[c] = value(t, mean, known, t->cause_age_ns);
		if (mean > most) {
			most = mean;
			ret->by_what = (enum saturation_cause)c;
			ret->advice = t->most[c].advice;
		}
	}
}

void tally_finish(const struct tally *t, struct store_summary *ret)
{
	uint64_t p95 = 0;

	ret->replicas = t->replicas;
	ret->nodes = t->nodes;
	ret->cpu_cores = value(t, t->cores, t->cpu_known, t->cpu_age_ns);
	ret->runq = value(t, t->cpu_known ? t->wait_permille / 1e3 / t->cpu_known : 0, t->cpu_known, t->cpu_age_ns);
	ret->memory_working_set_bytes =
		value(t, t->memory_bytes, t->memory_known, t->memory_age_ns);
	ret->memory_limit_bytes = value(t, t->limit_bytes, t->limit_known, t->memory_age_ns);
	ret->psi_cpu = value(t, t->psi[RING_PSI_CPU], t->psi_known, t->psi_age_ns);
	ret->psi_memory = value(t, t->psi[RING_PSI_MEMORY], t->psi_known, t->psi_age_ns);
	ret->psi_io = value(t, t->psi[RING_PSI_IO], t->psi_known, t->psi_age_ns);
	finish_causes(t, ret);
	ret->runq_wait_p95_ns = value(t, 0, 0, 0);
	if (hist_quantile(t->hist, 0.95, &p95) == 0)
		ret->runq_wait_p95_ns = value(t, (double)p95, t->cpu_known, t->cpu_age_ns);
	finish_heard(t, ret);
}

void store_summarize(struct store_workload *w, clock_boot_t now, uint64_t window_ns,
		     uint64_t fresh_ns, struct store_summary *ret)
{
	struct tally t = {.mark = ++w->store->mark};

	workload_settle(w->store);
	*ret = (struct store_summary){.name = w->name, .selected = w};
	for (uint32_t i = 0; i < w->n; i++)
		if (w->row[i]->workload == w) /* nothing is listed twice */
			tally_add(&t, w->row[i], now, window_ns, fresh_ns);
	tally_finish(&t, ret);
}

struct group { /* rows without a policy that share a name */
	char *name;
	struct store_row **row;
	uint32_t n, room;
};

static int group_order(const void *a, const void *b)
{
	return strcmp((*(struct group *const *)a)->name, (*(struct group *const *)b)->name);
}

static int workload_order(const void *a, const void *b)
{
	return strcmp((*(struct store_workload *const *)a)->name,
		      (*(struct store_workload *const *)b)->name);
}

static const char *pod_name(const struct store_row *r, struct buf *scratch)
{
	if (*row_pod_name(r))
		buf_printf(scratch, "%s/%s", row_pod_namespace(r), row_pod_name(r));
	else if (*row_pod_uid(r))
		buf_printf(scratch, "pod/%s", row_pod_uid(r));
	else
		return row_name(r);
	return buf_text(scratch);
}

/* Pods by uid, until names are known; containers by what they are replicas of, else, as units, by their own name; other cgroups not. */
static const char *own_name(const struct store_row *r, struct buf *scratch)
{
	buf_clear(scratch);
	switch ((enum store_kind)r->kind) {
	case STORE_KIND_POD_CONTAINER:
		return pod_name(r, scratch);
	case STORE_KIND_CONTAINER:
		return *row_own_workload(r) ? row_own_workload(r) : row_name(r);
	case STORE_KIND_UNIT:
		return row_name(r);
	case STORE_KIND_UNSPECIFIED:
	case STORE_KIND_CGROUP:
	case STORE_KIND_SANDBOX:
		break;
	}
	return NULL;
}

const char *workload_owner(const struct store_row *r, struct buf *scratch)
{
	const char *name = r->workload ? r->workload->name : own_name(r, scratch);

	return name && *name ? name : row_cgroup(r);
}

static void group_row(struct strmap *groups, struct store_row *r, struct buf *scratch)
{
	const char *name = r->workload ? NULL : own_name(r, scratch);
	struct group *g;

	if (!name || !*name)
		return;
	g = strmap_get(groups, name);
	if (!g) {
		g = mem_new(struct group);
		g->name = mem_strdup(name);
		strmap_put(groups, name, g);
	}
	if (g->n == g->room) {
		g->room = g->room ? g->room * 2 : 2;
		g->row = mem_array(g->row, g->room, sizeof(*g->row));
	}
	g->row[g->n++] = r;
}

static struct strmap *group_rows(struct store *s)
{
	struct strmap *groups = strmap_new();
	struct buf scratch = {0};
	struct store_node *n;
	size_t cursor = 0;

	while ((n = store_next_node(s, &cursor))) {
		size_t at = 0;
		uint64_t id;
		void *r;

		while (map_next(n->rows, &at, &id, &r))
			group_row(groups, r, &scratch);
	}
	buf_done(&scratch);
	return groups;
}

/* The map's values, sorted by name; the caller frees the array. */
static struct group **sorted(const struct strmap *groups, size_t *ret_n)
{
	struct group **all = mem_array(NULL, strmap_size(groups) + 1, sizeof(struct group *));
	size_t cursor = 0, n = 0;
	const char *name;
	void *g;

	while (strmap_next(groups, &cursor, &name, &g))
		all[n++] = g;
	qsort(all, n, sizeof(struct group *), group_order);
	*ret_n = n;
	return all;
}

void store_each_selected(struct store *s, clock_boot_t now, uint64_t window_ns, uint64_t fresh_ns,
			 void (*each)(const struct store_summary *w, void *data), void *data)
{
	size_t n = s->n_workloads;
	struct store_workload **w = mem_array(NULL, n + 1, sizeof(*w));
	struct store_summary summary;

	if (n)
		memcpy(w, s->workload, n * sizeof(struct store_workload *));
	qsort(w, n, sizeof(struct store_workload *), workload_order);
	for (size_t i = 0; i < n; i++) {
		store_summarize(w[i], now, window_ns, fresh_ns, &summary);
		if (summary.replicas || w[i]->role != STORE_WATCHES)
			each(&summary, data);
	}
	free(w);
}

void store_each(struct store *s, clock_boot_t now, uint64_t window_ns, uint64_t fresh_ns,
		void (*each)(const struct store_summary *w, void *data), void *data)
{
	struct store_summary summary;
	struct strmap *groups;
	struct group **all;
	size_t n;

	workload_settle(s);
	groups = group_rows(s);
	store_each_selected(s, now, window_ns, fresh_ns, each, data);
	all = sorted(groups, &n);
	for (size_t i = 0; i < n; i++) {
		struct tally t = {.mark = ++s->mark};

		for (uint32_t k = 0; k < all[i]->n; k++)
			tally_add(&t, all[i]->row[k], now, window_ns, fresh_ns);
		summary = (struct store_summary){.name = all[i]->name};
		tally_finish(&t, &summary);
		each(&summary, data);
		free(all[i]->row);
		free(all[i]->name);
		free(all[i]);
	}
	free(all);
	strmap_free(groups);
}
