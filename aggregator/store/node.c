/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/seat.h"
#include "aggregator/store/state.h"
#include "aggregator/store/workload.h"
#include "base/mem.h"
#include "decide/guard.h"

/* A batch's time is that of its pass's beginning. Victims come during it, too, and the agent may be stopped then. */
#define VICTIM_SLACK_NS (60 * CLOCK_NS_PER_S)
#define BOOTTIME_MAX_NS (1ull << 62) /* 146 years: no machine runs that long */

struct store_node *node_new(struct store *s, const char *name)
{
	struct store_node *n = mem_new(struct store_node);

	n->store = s;
	n->name = mem_strdup(name);
	n->rows = map_new();
	return n;
}

struct store_node *node_free(struct store_node *n)
{
	if (!n)
		return NULL;
	node_forget_rows(n, 0);
	node_expire_gone(n, (clock_boot_t){UINT64_MAX});
	map_free(n->rows);
	free(n->name);
	free(n->boot_id);
	free(n->agent_version);
	free(n);
	return NULL;
}

uint64_t node_time(const struct store_node *n, uint64_t agent_boottime_ns)
{
	int64_t at = (int64_t)agent_boottime_ns + n->offset_ns;

	return at > 0 ? (uint64_t)at : 1;
}

uint64_t node_sample_ns(const struct store_node *n)
{
	return n->clock.fine ? node_time(n, n->clock.fine_ns[n->clock.fine % RING_FINE]) : 0;
}

uint64_t node_period_ns(const struct store_node *n)
{
	uint64_t ns = n->interval_ns > CLOCK_NS_PER_S ? n->interval_ns : CLOCK_NS_PER_S;

	return ns < STORE_PERIOD_MOST_NS ? ns : STORE_PERIOD_MOST_NS;
}

uint64_t node_fresh_ns(const struct store_node *n, uint64_t least_ns)
{
	return view_fresh_ns(node_period_ns(n), least_ns);
}

bool node_silent(const struct store_node *n, clock_boot_t now)
{
	return clock_since(now, (clock_boot_t){node_sample_ns(n)}) > node_fresh_ns(n, 0);
}

bool node_loses(const struct store_node *n, enum loss_id kind, clock_boot_t now)
{
	if (LOSS_NOW & 1 << kind)
		return n->losses.count[kind] && !node_silent(n, now);
	return n->lost_ns[kind] && now.ns - n->lost_ns[kind] < STORE_LOST_NS;
}

static void map_clock(struct store_node *n, uint64_t agent_ns, clock_boot_t arrival)
{
	int64_t offset = (int64_t)arrival.ns - (int64_t)agent_ns;
	uint64_t passed = clock_since(arrival, (clock_boot_t){n->offset_at_ns});
	int64_t leaked = n->offset_ns + (int64_t)(passed / 1000000u * NODE_DRIFT_PPM);

	if (!n->mapped || offset < leaked)
		n->offset_ns = offset;
	else if (passed >= CLOCK_NS_PER_S)
		n->offset_ns = leaked;
	else
		return; /* too soon to leak a whole microsecond's worth */
	n->offset_at_ns = arrival.ns;
	n->mapped = true;
}

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

void node_forget_rows(struct store_node *n, uint64_t now_ns)
{
	size_t cursor = 0;
	uint64_t id;
	void *r;

	while (map_next(n->rows, &cursor, &id, &r)) {
		map_del(n->rows, id);
		row_ended(n, r, now_ns);
	}
}

void node_expire_gone(struct store_node *n, clock_boot_t now)
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
	uint64_t at = agent_ns && n->mapped ? node_time(n, agent_ns) : arrival.ns;

	at = at < arrival.ns ? at : arrival.ns;
	if (!r->first_seen_ns || at < r->first_seen_ns)
		r->first_seen_ns = at;
}

static int add_row(struct store_node *n, const struct store_identity *id, uint64_t sequence,
		   clock_boot_t arrival)
{
	struct store *s = n->store;
	struct store_row *r = NULL;

	if (s->all_rows < s->options.rows_max)
		r = row_new(n, id);
	if (!r) {
		n->over_limit++;
		s->counters.rows_over_limit++;
		return -ENOSPC;
	}
	first_seen(n, r, id->first_seen_boottime_ns, arrival);
	r->told = sequence;
	map_put(n->rows, id->row, r);
	s->live_rows++;
	s->all_rows++;
	workload_place(s, r);
	return 0;
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

/* `orphans` are the rows of the epoch before, by path, while a new one opens; else NULL. */
static void name_rows(struct store_node *n, const struct store_batch *b, struct strmap *orphans,
		      clock_boot_t arrival)
{
	/* A preamble's rows are new in the second that follows. */
	uint64_t sequence = b->sequence ? b->sequence : n->sequence + 1;

	for (size_t i = 0; i < b->n_identities; i++) {
		const struct store_identity *id = &b->identity[i];
		struct store_row *r = map_get(n->rows, id->row);

		if (r && strcmp(row_cgroup(r), id->cgroup) != 0) {
			store_refuse(n->store, STORE_REFUSED_DICTIONARY);
			continue;
		}
		if (r) {
			rename_row(n, r, id, sequence);
			continue;
		}
		r = orphans ? strmap_del(orphans, id->cgroup) : NULL;
		if (!r) {
			add_row(n, id, sequence, arrival);
			continue;
		}
		r->id = id->row;
		map_put(n->rows, r->id, r);
		rename_row(n, r, id, sequence);
	}
}

/* Takes every row out of the table, frozen, by path. A path has one live row; should there be two,
 * one of them ends here. `rebooted`: what has a time of the machine's clock before is forgotten. */
static struct strmap *orphan_rows(struct store_node *n, bool rebooted)
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
		if (rebooted)
			(void)row_put_victim(r, NULL, 0);
		twice = strmap_put(orphans, row_cgroup(r), r);
		if (twice)
			row_ended(n, twice, n->arrival_ns);
	}
	map_free(rows);
	return orphans;
}

static void end_orphans(struct store_node *n, struct strmap *orphans, uint64_t now_ns)
{
	size_t cursor = 0;
	const char *path;
	void *r;

	while (strmap_next(orphans, &cursor, &path, &r))
		row_ended(n, r, now_ns);
	strmap_free(orphans);
}

static void copy_text(char **to, const char *from)
{
	free(*to);
	*to = mem_strdup(from);
}

static void take_cpus(struct store_node *n, uint32_t cpus)
{
	n->cpus = cpus;
	if (cpus > n->cpus_most)
		n->cpus_most = cpus;
}

static void take_source(struct store_node *n, const struct store_source *source, bool rebooted)
{
	if (rebooted) {
		n->mapped = false; /* its clock began anew */
		n->cpus_most = 0;
	}
	copy_text(&n->boot_id, source->boot_id);
	copy_text(&n->agent_version, source->agent_version);
	n->interval_ns = source->interval_ns;
	take_cpus(n, source->cpus);
	n->memory_bytes = source->memory_bytes;
}

int node_hello(struct store_node *n, const struct store_source *source, const struct store_batch *b,
	       clock_boot_t arrival)
{
	bool anew = n->epoch != b->epoch;
	bool rebooted = n->boot_id && strcmp(n->boot_id, source->boot_id) != 0;
	struct strmap *orphans = anew ? orphan_rows(n, rebooted) : NULL;

	take_source(n, source, rebooted);
	n->arrival_ns = arrival.ns;
	if (b->boottime_ns && b->boottime_ns < BOOTTIME_MAX_NS)
		map_clock(n, b->boottime_ns, arrival);
	if (anew) {
		n->epoch = b->epoch;
		n->sequence = n->boottime_ns = 0;
		n->over_limit = 0;
		n->losses = (struct losses){0};
		memset(n->lost_ns, 0, sizeof(n->lost_ns));
		n->store->counters.epochs++;
	}
	name_rows(n, b, orphans, arrival);
	if (orphans)
		end_orphans(n, orphans, arrival.ns);
	return 0;
}

static void freeze_all(struct store_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *r;

	while (map_next(n->rows, &cursor, &id, &r))
		row_freeze(r);
}

static void put_rows(struct store_node *n, const struct store_batch *b, uint64_t before_ns)
{
	struct store *s = n->store;
	uint64_t at_ns = node_time(n, b->boottime_ns);
	enum store_refusal why;

	for (size_t i = 0; i < b->n_rows; i++) {
		struct store_row *r = map_get(n->rows, b->row[i]);
		uint64_t elapsed;
		int e;

		if (!r) {
			if (n->over_limit)
				s->counters.rows_over_limit++;
			else
				store_refuse(s, STORE_REFUSED_UNKNOWN_ROW);
			continue;
		}
		elapsed = r->frozen ? at_ns - (r->good_ns < at_ns ? r->good_ns : at_ns)
				    : b->boottime_ns - before_ns;
		e = row_put(r, b, i, elapsed, &why);
		if (e == -EBADMSG)
			store_refuse(s, why);
		else if (e == -ENOMEM)
			s->counters.rows_over_limit++;
	}
}

/* What a keyframe does not tell of its rows is 0. */
static void waits_are_told(struct store_node *n, const struct store_batch *b)
{
	for (size_t i = 0; i < b->n_rows; i++) {
		struct store_row *r = map_get(n->rows, b->row[i]);

		if (r)
			waits_told(&r->waits);
	}
}

static void put_counts(struct store_node *n, const struct store_batch *b, const struct store_counts *c)
{
	uint32_t period = (uint32_t)(b->boottime_ns / WAITS_PERIOD_NS);

	for (size_t i = 0; i < c->n; i++) {
		struct store_row *r = map_get(n->rows, b->row[c->row[i]]);

		if (r && c->bucket[i] < HIST_BUCKETS)
			(void)waits_put(&r->waits, period, c->bucket[i], c->count[i], r->began == b->sequence);
		else if (r && c->bucket[i] < SIGNAL_BUCKETS)
			(void)buckets_put(&r->others, c->bucket[i], c->count[i]);
	}
}

static void put_histograms(struct store_node *n, const struct store_batch *b)
{
	for (int i = 0; i < STORE_HISTS; i++)
		put_counts(n, b, &b->hist[i]);
	if (b->keyframe)
		waits_are_told(n, b);
}

static void put_victims(struct store_node *n, const struct store_batch *b)
{
	struct store *s = n->store;

	for (size_t i = 0; i < b->n_victims; i++) {
		const struct store_victim *v = &b->victim[i];
		struct store_row *r = map_get(n->rows, v->row);

		if (v->boottime_ns > b->boottime_ns + VICTIM_SLACK_NS || (!r && !n->over_limit))
			store_refuse(s, STORE_REFUSED_VICTIM);
		else if (!r || row_put_victim(r, v, b->sequence) < 0)
			s->counters.rows_over_limit++;
	}
}

/* Every live row is in a keyframe: one that is not has ended without our hearing of it. */
static void end_unnamed(struct store_node *n, const struct store_batch *b)
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

static void end_gone(struct store_node *n, const struct store_batch *b)
{
	for (size_t i = 0; i < b->n_gone; i++) {
		struct store_row *r = map_del(n->rows, b->gone[i]);

		if (r)
			row_ended(n, r, node_time(n, b->boottime_ns));
	}
}

static void count_gap(struct store_node *n, const struct store_batch *b)
{
	uint64_t missing = n->sequence ? b->sequence - n->sequence - 1 : 0;

	n->gaps += missing;
	n->store->counters.gaps += missing;
	if (missing || !n->sequence)
		freeze_all(n);
}

/* Everything that was not idle, from the last second's sample to this one's. Unknown in the second in which a CPU came or
 * went: nobody says when. */
static void measure_busy(struct store_node *n, const struct store_node_sample *now, uint64_t elapsed_ns)
{
	const struct store_node_sample *then = &n->sample;
	uint64_t all = n->cpus * elapsed_ns, idle = now->cpu_idle_ns - then->cpu_idle_ns;

	n->busy_known = then->known && now->known && then->cpus == now->cpus && now->cpu_idle_ns >= then->cpu_idle_ns &&
			!((then->missing | now->missing) & STORE_NODE_NO_IDLE);
	n->busy_ns = all > idle ? all - idle : 0;
}

static bool row_moved(const struct store_node *n, const struct store_batch *b, size_t i)
{
	const struct store_row *r = map_get(n->rows, b->row[i]);

	for (size_t c = 0; r && c < SIGNALS; c++)
		if (r->value[c] != (b->column[c] ? b->column[c][i] : 0))
			return true;
	return !r;
}

/* CPUs are idle or at work: time that neither adds to is time that nobody measured. */
static bool stands_still(const struct store_node *n, const struct store_batch *b)
{
	const struct store_node_sample *then = &n->sample, *now = &b->node;

	if (!then->known || !now->known || ((then->missing | now->missing) & STORE_NODE_NO_IDLE) ||
	    then->cpu_idle_ns != now->cpu_idle_ns || b->boottime_ns == n->boottime_ns)
		return false;
	for (size_t i = 0; i < b->n_rows; i++)
		if (row_moved(n, b, i))
			return false;
	return true;
}

/* As if it had not come, but for who is there. */
static void put_still(struct store_node *n, const struct store_batch *b)
{
	freeze_all(n);
	store_refuse(n->store, STORE_REFUSED_STILL);
	end_gone(n, b);
	n->boottime_ns = b->boottime_ns;
	n->wall_unix_ns = b->wall_unix_ns;
}

/* What an agent had lost before we heard of it is no news. */
static void put_losses(struct store_node *n, const struct store_batch *b, bool first, clock_boot_t arrival)
{
	for (int i = 0; i < LOSSES; i++)
		if (!first && b->losses.count[i] > n->losses.count[i])
			n->lost_ns[i] = arrival.ns;
	n->losses = b->losses;
}

int node_put(struct store_node *n, const struct store_batch *b, clock_boot_t arrival,
	     enum store_refusal *ret_why)
{
	struct store_counters *count = &n->store->counters;
	uint64_t before_ns = n->boottime_ns;
	bool first = !n->sequence;

	*ret_why = STORE_REFUSED_EPOCH;
	if (b->epoch != n->epoch)
		return -EBADMSG;
	if (b->sequence <= n->sequence) {
		count->duplicates++;
		return 1;
	}
	*ret_why = STORE_REFUSED_TIME;
	if (b->boottime_ns < before_ns || b->boottime_ns >= BOOTTIME_MAX_NS || !b->boottime_ns)
		return -EBADMSG;
	count_gap(n, b);
	map_clock(n, b->boottime_ns, arrival);
	n->arrival_ns = arrival.ns;
	n->sequence = b->sequence;
	if (GUARD(STILL, !first && stands_still(n, b))) {
		put_still(n, b);
		return 0;
	}
	ring_tick(&n->clock, b->boottime_ns, first);
	n->boottime_ns = b->boottime_ns;
	n->wall_unix_ns = b->wall_unix_ns;
	name_rows(n, b, NULL, arrival);
	if (b->node.cpus)
		take_cpus(n, b->node.cpus);
	measure_busy(n, &b->node, first ? 0 : b->boottime_ns - before_ns);
	put_rows(n, b, first ? b->boottime_ns : before_ns);
	put_histograms(n, b);
	put_victims(n, b);
	if (b->keyframe)
		end_unnamed(n, b);
	end_gone(n, b);
	n->sample = b->node;
	put_losses(n, b, first, arrival);
	count->batches++;
	count->samples += map_size(n->rows);
	return 0;
}
