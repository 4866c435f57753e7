/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/node.h"
#include "aggregator/store/owner.h"
#include "aggregator/store/seat.h"
#include "aggregator/store/state.h"
#include "base/glob.h"
#include "base/mem.h"
#include "base/obj.h"
#include "decide/saturation.h"

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
	seat_clear(w);
	free(w->row);
	free(w->name);
	free(w->glob);
	free(w);
	return NULL;
}

/* A glob that begins with a slash is on its path; another one on its names, NAMESPACE/POD/CONTAINER, or its workload. */
static bool selects(const char *glob, const struct store_row *r)
{
	const char *const part[] = {row_pod_namespace(r), row_pod_name(r), row_name(r)};
	const size_t prefix = strlen(OWNER_PREFIX);

	if (!strncmp(glob, OWNER_PREFIX, prefix))
		return owner_made(glob + prefix, row_pod_namespace(r), row_pod_name(r));
	if (*glob == '/')
		return glob_match(glob, row_cgroup(r));
	return glob_match_parts(glob, part, sizeof(part) / sizeof(part[0])) ||
	       (*row_own_workload(r) && glob_match(glob, row_own_workload(r)));
}

static bool scales(const struct store_workload *w)
{
	return w && w->role != STORE_WATCHES;
}

void workload_place(struct store *s, struct store_row *r)
{
	if (r->kind == STORE_KIND_SANDBOX) /* part of a pod, and no replica of anything */
		return;
	for (size_t i = 0; i < s->n_workloads; i++) {
		struct store_workload *w = s->workload[i];

		if (!selects(w->glob, r))
			continue;
		s->counters.rows_ambiguous += scales(w) && scales(r->workload);
		seat_take(r, w);
	}
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
		seat_clear(s->workload[i]);
	while ((n = store_next_node(s, &cursor)))
		place_rows(s, n);
}

static char *append_tail(char *to, const char *text, size_t length, size_t skip)
{
	size_t n = length > skip ? length - skip : 0;

	memcpy(to, text + length - n, n);
	return to + n;
}

/* "node:/path", cut at the front: the end of a path tells replicas apart. Without printf: it is done for each replica
 * at each look. */
static void replica_name(const struct store_row *r, char *to, size_t size)
{
	const char *node = r->node->name, *cgroup = row_cgroup(r);
	size_t n = strlen(node), path = strlen(cgroup), all = n + 1 + path;
	size_t skip = all >= size ? all - size + 1 : 0;

	to = append_tail(to, node, n, skip);
	if (skip <= n)
		*to++ = ':';
	to = append_tail(to, cgroup, path, skip > n ? skip - n - 1 : 0);
	*to = '\0';
}

static void view_rates(const struct store_row *r, uint64_t window_ns, struct view_replica *v)
{
	struct ring_rate rate;

	if ((r->flags & SIGNAL_NO_CPU) || row_rate(r, window_ns, &rate) < 0)
		return;
	v->window_ns = rate.cover_ns;
	v->cpu_known = v->runq_known = true;
	v->cpu_milli = (uint64_t)((double)rate.cpu_ns * 1000 / (double)rate.cover_ns + 0.5);
	v->runq_permille = row_wait_permille(&rate);
}

/* What holds it up besides a lack of CPU: that is the run queue's, a metric of its own. */
static uint32_t strain(const struct store_row *r, uint64_t window_ns)
{
	struct saturation s;

	row_saturation(r, window_ns, &s);
	s.known &= ~(1u << SATURATION_CPU_RUNQUEUE);
	return saturation_worst(&s) < SATURATION_CAUSES ? s.permille[saturation_worst(&s)] : 0;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static void view_pod(const struct store_row *r, struct view_replica *v)
{
	v->container = or_null(row_name(r));
	v->ns = or_null(row_pod_namespace(r));
	v->pod = or_null(*row_pod_name(r) ? row_pod_name(r) : row_pod_uid(r));
}

static void view_memory(const struct store_row *r, struct view_replica *v)
{
	v->memory_known = r->first && !(r->flags & (SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET));
	v->memory_bytes = v->memory_known ? r->value[SIGNAL_MEMORY_WORKING_SET_BYTES] : 0;
}

static void view_took(const struct store_row *r, uint64_t window_ns, uint32_t *room, struct view_replica *v)
{
	if (room && row_took(r, window_ns, room, &v->took_ns) == 0)
		v->took = room;
}

static void view_replica(const struct store_row *r, clock_boot_t now, uint64_t window_ns,
			 uint64_t fresh_ns, uint32_t *took, struct view_replica *v)
{
	*v = (struct view_replica){0};
	replica_name(r, v->name, sizeof(v->name));
	view_pod(r, v);
	v->node = r->node->name;
	v->age_ns = clock_since(now, (clock_boot_t){r->first_seen_ns});
	v->sample_age_ns = row_sample_age(r, now);
	v->period_ns = node_period_ns(r->node);
	if (!view_is_fresh(v, fresh_ns))
		return;
	view_rates(r, window_ns, v);
	view_memory(r, v);
	v->strain_permille = strain(r, window_ns);
	view_took(r, window_ns, took, v);
}

static int compare(const char *a, const char *b) /* NULL first */
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int by_pod_and_name(const void *a, const void *b)
{
	const struct view_replica *x = a, *y = b;
	int r = compare(x->ns, y->ns);

	if (r == 0)
		r = compare(x->pod, y->pod);
	return r ? r : strcmp(x->name, y->name);
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

/* What is there is never moved: the views that it was for are over. */
static int make_room_to_hear(struct store *s, size_t n)
{
	if (n <= s->took_room && s->took)
		return 0;
	free(s->took);
	s->took_room = n + n / 2 + 16;
	s->took = calloc(s->took_room, HIST_BUCKETS * sizeof(*s->took));
	return s->took ? 0 : -ENOMEM;
}

/* Once for all the views of one instant. */
static uint32_t silent_nodes(struct store *s, clock_boot_t now)
{
	if (s->silent_at_ns != now.ns || !now.ns) {
		s->silent = (uint32_t)store_nodes_silent(s, now);
		s->silent_at_ns = now.ns;
	}
	return s->silent;
}

static bool sees(const struct store_workload *w, const struct store_row *r)
{
	return w->role != STORE_TAKES || r->workload == w;
}

int store_view(struct store_workload *w, clock_boot_t now, uint64_t window_ns, uint64_t fresh_ns,
	       struct view *ret)
{
	struct store *s = w->store;
	uint32_t mark = ++s->mark;

	workload_settle(s);
	if (make_room(s, w->n) < 0 || (w->hears && make_room_to_hear(s, w->n) < 0))
		return -ENOMEM;
	window_ns = window_ns < STORE_WINDOW_MAX_NS ? window_ns : STORE_WINDOW_MAX_NS;
	*ret = (struct view){.boottime_ns = now.ns,
			     .wall_unix_ns = clock_wall().ns,
			     .replica = s->replica,
			     .fleet_nodes = (uint32_t)s->n_nodes,
			     .fleet_silent = silent_nodes(s, now)};
	for (uint32_t i = 0; i < w->n; i++) {
		struct store_node *n = w->row[i]->node;

		if (!sees(w, w->row[i]))
			continue;
		view_replica(w->row[i], now, window_ns, fresh_ns,
			     w->hears ? s->took + (size_t)ret->replicas * HIST_BUCKETS : NULL,
			     &s->replica[ret->replicas]);
		ret->replicas++;
		if (n->mark == mark)
			continue;
		n->mark = mark;
		ret->nodes++;
		ret->nodes_silent += node_silent(n, now);
	}
	qsort(s->replica, ret->replicas, sizeof(*s->replica), by_pod_and_name);
	return 0;
}

/* --- rivals */

static int name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t add_rival(const struct store_workload *of, const struct store_workload *w, const char **ret, size_t n,
			size_t most)
{
	if (w == of || !scales(w) || n == most)
		return n;
	for (size_t i = 0; i < n; i++)
		if (ret[i] == w->name)
			return n;
	ret[n] = w->name;
	return n + 1;
}

size_t store_rivals(struct store_workload *w, const char **ret, size_t most)
{
	size_t n = 0;

	workload_settle(w->store);
	for (uint32_t i = 0; i < w->n && n < most; i++) {
		const struct store_row *r = w->row[i];

		n = add_rival(w, r->workload, ret, n, most);
		for (uint32_t k = 0; k < r->n_also; k++)
			n = add_rival(w, r->also[k].workload, ret, n, most);
	}
	qsort(ret, n, sizeof(*ret), name_order);
	return n;
}

size_t store_holders(struct store_workload *w, const char **ret, size_t most)
{
	size_t n = 0;

	workload_settle(w->store);
	for (uint32_t i = 0; i < w->n && n < most; i++)
		if (w->row[i]->workload->role == STORE_TAKES)
			n = add_rival(w, w->row[i]->workload, ret, n, most);
	qsort(ret, n, sizeof(*ret), name_order);
	return n;
}
