/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/edges.h"
#include "aggregator/store/node_rows.h"
#include "aggregator/store/state.h"
#include "aggregator/store/workload.h"
#include "base/mem.h"
#include "base/obj.h"

const char *store_refusal_meaning(enum store_refusal r)
{
	static const char *const meanings[] = {
#define X(id, word, meaning) [STORE_REFUSED_##id] = meaning,
		STORE_REFUSALS_X(X)
#undef X
	};

	return r < STORE_REFUSALS ? meanings[r] : "unknown";
}

struct store *store_new(const struct store_options *o)
{
	struct store *s = mem_new(struct store);

	s->options = *o;
	s->node_by_name = strmap_new();
	s->meet = meet_new(EDGES_NUMBERS);
	return s;
}

struct store *store_free(struct store *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < s->n_nodes; i++)
		node_free(s->node[i]);
	for (size_t i = 0; i < s->n_workloads; i++)
		workload_free(s->workload[i]);
	strmap_free(s->node_by_name);
	free(s->node);
	free(s->workload);
	meet_free(s->meet);
	free(s->replica);
	free(s->took);
	free(s);
	return NULL;
}

const struct store_counters *store_counters(const struct store *s)
{
	return &s->counters;
}

size_t store_nodes(const struct store *s)
{
	return s->n_nodes;
}

size_t store_rows(const struct store *s)
{
	return s->live_rows;
}

size_t store_nodes_silent(const struct store *s, clock_boot_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_nodes; i++)
		n += node_silent(s->node[i], now);
	return n;
}

uint64_t store_newest_age(const struct store *s, clock_boot_t now)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < s->n_nodes; i++) {
		uint64_t at = node_sample_ns(s->node[i]);

		newest = at > newest ? at : newest;
	}
	return newest ? clock_since(now, (clock_boot_t){newest}) : UINT64_MAX;
}

struct store_node *store_node(const struct store *s, const char *name)
{
	return strmap_get(s->node_by_name, name);
}

struct store_node *store_next_node(const struct store *s, size_t *cursor)
{
	return *cursor < s->n_nodes ? s->node[(*cursor)++] : NULL;
}

static struct store_node *add_node(struct store *s, const char *name)
{
	struct store_node *n;

	if (s->n_nodes >= s->options.agents_max) {
		s->counters.agents_over_limit++;
		return NULL;
	}
	if (s->n_nodes == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->node = mem_array(s->node, s->room, sizeof(struct store_node *));
	}
	n = node_new(s, name);
	s->node[s->n_nodes++] = n;
	strmap_put(s->node_by_name, name, n);
	return n;
}

int store_hello(struct store *s, const struct store_source *source, const struct store_batch *b,
		clock_boot_t arrival, struct store_node **ret_node, uint64_t *ret_sequence)
{
	struct store_node *n = store_node(s, source->node);

	if (!n)
		n = add_node(s, source->node);
	if (!n)
		return -ENOSPC;
	node_hello(n, source, b, arrival);
	*ret_node = n;
	*ret_sequence = n->sequence;
	return 0;
}

int store_put(struct store *s, struct store_node *n, const struct store_batch *b,
	      clock_boot_t arrival, enum store_refusal *ret_why)
{
	enum store_refusal why;
	int r = node_put(n, b, arrival, &why);

	if (r == -EBADMSG) {
		store_refuse(s, why);
		*ret_why = why;
	}
	return r;
}

void store_put_names(struct store_node *n, const struct store_batch *b, clock_boot_t arrival)
{
	if (b->epoch == n->epoch && b->sequence > n->sequence)
		node_put_names(n, b, arrival);
}

void store_refuse(struct store *s, enum store_refusal why)
{
	s->counters.refused[why]++;
}

/* The rows go first; the node itself when no stream holds it. An agent that comes back to it must
 * begin with a keyframe, because its rows are unknown then. */
static bool expire_node(struct store *s, struct store_node *n, clock_boot_t now)
{
	node_rows_expire(n, now);
	if (clock_since(now, (clock_boot_t){n->arrival_ns}) < STORE_SILENT_KEEP_NS)
		return false;
	s->counters.rows_expired += map_size(n->rows);
	node_rows_forget(n, now.ns);
	edges_forget(n);
	n->epoch = n->sequence = 0;
	if (n->stream || n->gone)
		return false;
	s->counters.nodes_expired++;
	strmap_del(s->node_by_name, n->name);
	node_free(n);
	return true;
}

void store_expire(struct store *s, clock_boot_t now)
{
	for (size_t i = 0; i < s->n_nodes;)
		if (expire_node(s, s->node[i], now))
			s->node[i] = s->node[--s->n_nodes];
		else
			i++;
}

struct store_workload *store_find_workload(const struct store *s, const char *name)
{
	for (size_t i = 0; i < s->n_workloads; i++)
		if (!strcmp(s->workload[i]->name, name))
			return s->workload[i];
	return NULL;
}

struct store_workload *store_workload(struct store *s, const char *name, const char *glob)
{
	struct store_workload *w = store_find_workload(s, name);

	if (w && !strcmp(w->glob, glob))
		return w;
	s->unsettled = true;
	if (w) {
		free(w->glob);
		w->glob = mem_strdup(glob);
		return w;
	}
	s->workload = mem_array(s->workload, s->n_workloads + 1, sizeof(struct store_workload *));
	w = workload_new(s, name, glob);
	s->workload[s->n_workloads++] = w;
	return w;
}

void store_set_role(struct store_workload *w, enum store_role role)
{
	w->store->unsettled |= w->role != role;
	w->role = role;
}

void store_set_hears(struct store_workload *w, bool hears)
{
	w->hears = hears;
}

void store_arrange(struct store *s, struct store_workload *const *order, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) /* bring each to its place, the others keep their order behind */
		for (size_t k = at; k < s->n_workloads; k++)
			if (s->workload[k] == order[i]) {
				s->unsettled |= k != at;
				memmove(&s->workload[at + 1], &s->workload[at], (k - at) * sizeof(order[i]));
				s->workload[at++] = order[i];
				break;
			}
}

void store_forget(struct store *s, struct store_workload *w)
{
	for (size_t i = 0; i < s->n_workloads; i++) {
		if (s->workload[i] != w)
			continue;
		memmove(&s->workload[i], &s->workload[i + 1],
			(s->n_workloads - i - 1) * sizeof(struct store_workload *));
		s->n_workloads--;
		workload_free(w);
		s->unsettled = true;
		return;
	}
}
