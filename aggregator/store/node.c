/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/edges.h"
#include "aggregator/store/node_rows.h"
#include "aggregator/store/state.h"
#include "base/mem.h"
#include "decide/guard.h"

/* A batch's time is that of its pass's beginning. Victims come during it, too, and the agent may be stopped then. */
#define VICTIM_SLACK_NS (60 * CLOCK_NS_PER_S)
#define BOOTTIME_MAX_NS (1ull << 62) /* 146 years: no machine runs that long */
/* A preamble may be overtaken by a second that another stream brings: less than this is no earlier moment. */
#define BEHIND_NS (5 * CLOCK_NS_PER_S)

struct store_node *node_new(struct store *s, const char *name)
{
	struct store_node *n = mem_new(struct store_node);

	n->store = s;
	n->name = mem_strdup(name);
	n->rows = map_new();
	n->edges = map_new();
	return n;
}

struct store_node *node_free(struct store_node *n)
{
	if (!n)
		return NULL;
	node_rows_forget(n, 0);
	node_rows_expire(n, (clock_boot_t){UINT64_MAX});
	edges_forget(n);
	map_free(n->edges);
	map_free(n->rows);
	free(n->name);
	free(n->boot_id);
	free(n->agent_version);
	free(n);
	return NULL;
}

uint64_t node_time(const struct store_node *n, uint64_t agent_boottime_ns)
{
	return skew_map(&n->skew, agent_boottime_ns);
}

uint64_t node_sample_ns(const struct store_node *n)
{
	uint64_t at = n->clock.fine ? node_time(n, n->clock.fine_ns[n->clock.fine % RING_FINE]) : 0;

	return at < n->arrival_ns ? at : n->arrival_ns; /* until its first second a new clock dates those of the old one */
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

/* A machine that was taken back to an earlier moment (a snapshot of a virtual one): the run of its agent goes on, but its
 * clock is behind, and its seconds have the numbers of others that are held. */
static bool went_back(const struct store_node *n, const struct store_batch *b)
{
	return n->epoch == b->epoch && b->boottime_ns && b->boottime_ns < BOOTTIME_MAX_NS &&
	       b->boottime_ns + BEHIND_NS < n->boottime_ns;
}

static void take_source(struct store_node *n, const struct store_source *source, bool clock_anew)
{
	if (clock_anew) {
		n->skew.known = false;
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
	bool back = went_back(n, b), anew = back || n->epoch != b->epoch;
	bool clock_anew = back || (n->boot_id && strcmp(n->boot_id, source->boot_id) != 0);
	struct strmap *orphans = anew ? node_rows_orphan(n, clock_anew) : NULL;

	take_source(n, source, clock_anew);
	n->arrival_ns = arrival.ns;
	if (b->boottime_ns && b->boottime_ns < BOOTTIME_MAX_NS)
		skew_learn(&n->skew, b->boottime_ns, arrival);
	if (anew) {
		edges_forget(n);
		n->hears_edges = false;
		n->epoch = b->epoch;
		n->sequence = n->boottime_ns = 0;
		n->over_limit = 0;
		n->losses = (struct losses){0};
		memset(n->lost_ns, 0, sizeof(n->lost_ns));
		n->store->counters.epochs++;
	}
	node_rows_name(n, b, orphans, arrival);
	if (orphans)
		node_rows_end_orphans(n, orphans, arrival.ns);
	edges_sweep(n);
	return 0;
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

		if (!r)
			continue;
		waits_told(&r->waits);
		if (r->heard)
			heard_told(r->heard);
	}
}

static void put_other(struct store_row *r, uint64_t at_ns, uint32_t bucket, uint32_t count)
{
	(void)buckets_put(&r->others, bucket, count);
	if (r->heard && bucket / HIST_BUCKETS == SIGNAL_HIST_REQUEST &&
	    heard_put_bucket(r->heard, at_ns, bucket % HIST_BUCKETS, count) == -EBADMSG)
		store_refuse(r->node->store, STORE_REFUSED_DURATIONS);
}

static void put_counts(struct store_node *n, const struct store_batch *b, const struct store_counts *c)
{
	uint32_t period = (uint32_t)(b->boottime_ns / WAITS_PERIOD_NS);

	for (size_t i = 0; i < c->n; i++) {
		struct store_row *r = map_get(n->rows, b->row[c->row[i]]);

		if (r && c->bucket[i] < HIST_BUCKETS)
			(void)waits_put(&r->waits, period, c->bucket[i], c->count[i], r->began == b->sequence);
		else if (r && c->bucket[i] < SIGNAL_BUCKETS)
			put_other(r, b->boottime_ns, c->bucket[i], c->count[i]);
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

static void count_gap(struct store_node *n, const struct store_batch *b)
{
	uint64_t missing = n->sequence ? b->sequence - n->sequence - 1 : 0;

	n->gaps += missing;
	n->store->counters.gaps += missing;
	if (missing || !n->sequence) {
		node_rows_freeze(n);
		edges_freeze(n);
	}
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
	node_rows_freeze(n);
	edges_freeze(n);
	store_refuse(n->store, STORE_REFUSED_STILL);
	node_rows_end_gone(n, b);
	edges_sweep(n);
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

static void put_second(struct store_node *n, const struct store_batch *b, uint64_t before_ns, clock_boot_t arrival)
{
	n->wall_unix_ns = b->wall_unix_ns;
	node_rows_name(n, b, NULL, arrival);
	if (b->node.cpus)
		take_cpus(n, b->node.cpus);
	measure_busy(n, &b->node, b->boottime_ns - before_ns);
	put_rows(n, b, before_ns);
	put_histograms(n, b);
	put_victims(n, b);
	edges_put(n, b, before_ns);
	if (b->keyframe)
		node_rows_end_unnamed(n, b);
	node_rows_end_gone(n, b);
	edges_sweep(n);
	n->sample = b->node;
}

/* Of a second that is refused, who is there is taken: names come once, and then in the next keyframe only, and until then
 * a workload would be taken for a smaller one. When they began, a clock that may be wrong does not say. */
void node_put_names(struct store_node *n, const struct store_batch *b, clock_boot_t arrival)
{
	const struct skew clock = n->skew;
	struct store_batch there = *b;

	there.boottime_ns = n->boottime_ns;
	n->skew.known = false;
	node_rows_name(n, &there, NULL, arrival);
	n->skew = clock;
	node_rows_end_gone(n, &there);
	edges_sweep(n);
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
	if (b->boottime_ns < before_ns || b->boottime_ns >= BOOTTIME_MAX_NS || !b->boottime_ns) {
		node_put_names(n, b, arrival);
		return -EBADMSG;
	}
	count_gap(n, b);
	skew_learn(&n->skew, b->boottime_ns, arrival);
	n->arrival_ns = arrival.ns;
	n->sequence = b->sequence;
	if (GUARD(STILL, !first && stands_still(n, b))) {
		put_still(n, b);
		return 0;
	}
	ring_tick(&n->clock, b->boottime_ns, first);
	n->boottime_ns = b->boottime_ns;
	put_second(n, b, first ? b->boottime_ns : before_ns, arrival);
	put_losses(n, b, first, arrival);
	count->batches++;
	count->samples += map_size(n->rows);
	return 0;
}
