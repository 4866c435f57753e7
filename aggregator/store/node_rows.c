/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/node_rows.h"

#include <string.h>

#include "aggregator/store/seat.h"
#include "aggregator/store/state.h"
#include "aggregator/store/workload.h"

/* Not in the node's table any more. */
static void row_ended(struct store_node *n, struct store_row *r, uint64_t now_ns)
{
	seat_leave_all(r);
	row_freeze(r);
	r->gone = true;
	r->gone_ns = now_ns;
	r->next_gone = n->gone;
	n->gone = r;
	n->store->live_rows--;
}

void node_rows_forget(struct store_node *n, uint64_t now_ns)
{
	size_t cursor = 0;
	uint64_t id;
	void *r;

	while (map_next(n->rows, &cursor, &id, &r)) {
		map_del(n->rows, id);
		row_ended(n, r, now_ns);
	}
}

void node_rows_expire(struct store_node *n, clock_boot_t now)
{
	for (struct store_row **at = &n->gone, *r; (r = *at);) {
		if (clock_since(now, (clock_boot_t){r->gone_ns}) < STORE_GONE_KEEP_NS) {
			at = &r->next_gone;
			continue;
		}
		*at = r->next_gone;
		row_free(r);
		n->store->all_rows--;
	}
}

static void first_seen(struct store_node *n, struct store_row *r, uint64_t agent_ns,
		       clock_boot_t arrival)
{
	uint64_t at = agent_ns && n->skew.known ? node_time(n, agent_ns) : arrival.ns;

	at = at < arrival.ns ? at : arrival.ns;
	if (!r->first_seen_ns || at < r->first_seen_ns)
		r->first_seen_ns = at;
}

static void add_row(struct store_node *n, const struct store_identity *id, uint64_t sequence, clock_boot_t arrival)
{
	struct store *s = n->store;
	struct store_row *r = NULL;

	if (s->all_rows < s->options.rows_max)
		r = row_new(n, id);
	if (!r) {
		n->over_limit++;
		s->counters.rows_over_limit++;
		return;
	}
	first_seen(n, r, id->first_seen_boottime_ns, arrival);
	r->told = sequence;
	map_put(n->rows, id->row, r);
	s->live_rows++;
	s->all_rows++;
	workload_place(s, r);
}

/* By what the container runtime said meanwhile, say. */
static void rename_row(struct store_node *n, struct store_row *r, const struct store_identity *id,
		       uint64_t sequence)
{
	if (!row_rename(r, id))
		return;
	r->told = sequence;
	n->store->counters.rows_renamed++;
	seat_leave_all(r);
	workload_place(n->store, r);
}

static struct store_row *adopt(struct store_node *n, const struct store_identity *id, struct strmap *orphans)
{
	struct store_row *r = strmap_del(orphans, id->cgroup);

	if (!r)
		return NULL;
	r->id = id->row;
	map_put(n->rows, r->id, r);
	return r;
}

static void name_row(struct store_node *n, const struct store_identity *id, uint64_t sequence, struct strmap *orphans,
		     clock_boot_t arrival)
{
	struct store_row *r = map_get(n->rows, id->row);

	if (r && strcmp(row_cgroup(r), id->cgroup) != 0) {
		store_refuse(n->store, STORE_REFUSED_DICTIONARY);
		return;
	}
	if (!r && orphans)
		r = adopt(n, id, orphans);
	if (r)
		rename_row(n, r, id, sequence);
	else
		add_row(n, id, sequence, arrival);
}

void node_rows_name(struct store_node *n, const struct store_batch *b, struct strmap *orphans, clock_boot_t arrival)
{
	/* A preamble's rows are new in the second that follows. */
	uint64_t sequence = b->sequence ? b->sequence : n->sequence + 1;

	for (size_t i = 0; i < b->n_identities; i++)
		name_row(n, &b->identity[i], sequence, orphans, arrival);
}

struct strmap *node_rows_orphan(struct store_node *n, bool clock_anew)
{
	struct strmap *orphans = strmap_new();
	struct map *rows = n->rows;
	struct store_row *twice;
	size_t cursor = 0;
	uint64_t id;
	void *at;

	n->rows = map_new();
	while (map_next(rows, &cursor, &id, &at)) {
		struct store_row *r = at;

		row_freeze(r);
		r->rebase = true;
		r->named = 0;
		buckets_done(&r->others); /* the new agent counts from 0 */
		if (clock_anew)
			(void)row_put_victim(r, NULL, 0);
		twice = strmap_put(orphans, row_cgroup(r), r);
		if (twice)
			row_ended(n, twice, n->arrival_ns);
	}
	map_free(rows);
	return orphans;
}

void node_rows_end_orphans(struct store_node *n, struct strmap *orphans, uint64_t now_ns)
{
	size_t cursor = 0;
	const char *path;
	void *r;

	while (strmap_next(orphans, &cursor, &path, &r))
		row_ended(n, r, now_ns);
	strmap_free(orphans);
}

void node_rows_freeze(struct store_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *r;

	while (map_next(n->rows, &cursor, &id, &r))
		row_missed(r);
}

void node_rows_end_unnamed(struct store_node *n, const struct store_batch *b)
{
	size_t cursor = 0;
	uint64_t id;
	void *r;

	while (map_next(n->rows, &cursor, &id, &r))
		if (((struct store_row *)r)->named != b->sequence) {
			map_del(n->rows, id);
			row_ended(n, r, node_time(n, b->boottime_ns));
		}
}

void node_rows_end_gone(struct store_node *n, const struct store_batch *b)
{
	for (size_t i = 0; i < b->n_gone; i++) {
		struct store_row *r = map_del(n->rows, b->gone[i]);

		if (r)
			row_ended(n, r, node_time(n, b->boottime_ns));
	}
}
