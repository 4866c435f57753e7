/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/node.h"
#include "aggregator/store/state.h"
#include "base/glob.h"
#include "base/mem.h"
#include "base/obj.h"

struct store_workload *workload_new(struct store *s, const char *name, const char *glob)
{
	struct store_workload *w = mem_new(struct store_workload);

	w->store = s;
	w->name = mem_strdup(name);
	w->glob = mem_strdup(glob);
	return w;
}

struct store_workload *workload_free(struct store_workload *w)
{
	if (!w)
		return NULL;
	workload_clear(w);
	free(w->row);
	free(w->name);
	free(w->glob);
	free(w);
	return NULL;
}

static void add(struct store_workload *w, struct store_row *r)
{
	if (w->n == w->room) {
		w->room = w->room ? w->room * 2 : 16;
		w->row = mem_array(w->row, w->room, sizeof(struct store_row *));
	}
	r->workload = w;
	r->place = w->n;
	w->row[w->n++] = r;
}

void workload_place(struct store *s, struct store_row *r)
{
	for (size_t i = 0; i < s->n_workloads; i++) {
		if (!glob_match(s->workload[i]->glob, row_cgroup(r)))
			continue;
		if (r->workload)
			s->counters.rows_ambiguous++;
		else
			add(s->workload[i], r);
	}
}

void workload_remove(struct store_row *r)
{
	struct store_workload *w = r->workload;

	if (!w)
		return;
	must(w->row[r->place] == r);
	w->row[r->place] = w->row[--w->n];
	w->row[r->place]->place = r->place;
	r->workload = NULL;
}

void workload_clear(struct store_workload *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		w->row[i]->workload = NULL;
	w->n = 0;
}

static void place_rows(struct store *s, const struct store_node *n)
{
	size_t at = 0;
	uint64_t id;
	void *r;

	while (map_next(n->rows, &at, &id, &r))
		workload_place(s, r);
}

void workload_settle(struct store *s)
{
	struct store_node *n;
	size_t cursor = 0;

	if (!s->unsettled)
		return;
	s->unsettled = false;
	for (size_t i = 0; i < s->n_workloads; i++)
		workload_clear(s->workload[i]);
	while ((n = store_next_node(s, &cursor)))
		place_rows(s, n);
}

/* "node:/path", cut at the front: the end of a path tells replicas apart. */
static void replica_name(const struct store_row *r, char *to, size_t size)
{
	const char *cgroup = row_cgroup(r);
	size_t node = strlen(r->node->name), path = strlen(cgroup), skip;

	skip = node + 1 + path >= size ? node + 1 + path - size + 1 : 0;
	if (skip <= node)
		snprintf(to, size, "%s:%s", r->node->name + skip, cgroup);
	else
		snprintf(to, size, "%s", cgroup + (skip - node - 1));
}

static void view_rates(const struct store_row *r, uint64_t window_ns, struct view_replica *v)
{
	struct ring_rate rate;
	uint64_t busy_ns;

	if ((r->flags & STORE_NO_CPU) || row_rate(r, window_ns, &rate) < 0)
		return;
	busy_ns = rate.cpu_ns + rate.wait_ns;
	v->window_ns = rate.cover_ns;
	v->cpu_known = v->runq_known = true;
	v->cpu_milli = (uint64_t)((double)rate.cpu_ns * 1000 / (double)rate.cover_ns + 0.5);
	/* Neither run nor waited: nobody is kept from a CPU. */
	v->runq_permille = busy_ns ? (uint32_t)(rate.wait_ns * 1000 / busy_ns) : 0;
}

static void view_replica(const struct store_row *r, clock_boot_t now, uint64_t window_ns,
			 uint64_t fresh_ns, struct view_replica *v)
{
	*v = (struct view_replica){0};
	replica_name(r, v->name, sizeof(v->name));
	v->age_ns = clock_since(now, (clock_boot_t){r->first_seen_ns});
	v->sample_age_ns = row_sample_age(r, now);
	if (v->sample_age_ns <= fresh_ns)
		view_rates(r, window_ns, v);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct view_replica *)a)->name,
		      ((const struct view_replica *)b)->name);
}

static int make_room(struct store *s, size_t n)
{
	size_t room = n + n / 2 + 16;
	struct view_replica *more;

	if (n <= s->replica_room && s->replica)
		return 0;
	more = calloc(room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	free(s->replica);
	s->replica = more;
	s->replica_room = room;
	return 0;
}

int store_view(struct store_workload *w, clock_boot_t now, uint64_t window_ns, uint64_t fresh_ns,
	       struct view *ret)
{
	struct store *s = w->store;
	uint32_t mark = ++s->mark;

	workload_settle(s);
	if (make_room(s, w->n) < 0)
		return -ENOMEM;
	window_ns = window_ns < STORE_WINDOW_MAX_NS ? window_ns : STORE_WINDOW_MAX_NS;
	*ret = (struct view){.boottime_ns = now.ns,
			     .wall_unix_ns = clock_wall().ns,
			     .replicas = w->n,
			     .replica = s->replica};
	for (uint32_t i = 0; i < w->n; i++) {
		struct store_node *n = w->row[i]->node;

		view_replica(w->row[i], now, window_ns, fresh_ns, &s->replica[i]);
		if (n->mark == mark)
			continue;
		n->mark = mark;
		ret->nodes++;
		ret->nodes_silent += node_silent(n, now);
	}
	qsort(s->replica, w->n, sizeof(*s->replica), by_name);
	return 0;
}
