/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/watch.h"

#include <stdlib.h>

#include "agent/feed.h"
#include "agent/metrics.h"
#include "agent/query.h"
#include "agent/second.h"
#include "base/mem.h"
#include "base/obj.h"

#define WATCH_MAGIC 0x77617463u
#define GONE_MAX    65536 /* more ends than a slow reader may miss singly: the keyframe says it too \
			   */

struct watch {
	unsigned magic;
	struct agent *agent;
	struct rpc_call *call;
	struct watch *next;
	bool whole; /* reads the spool */
	struct feed feed;
	/* Of a watch that is encoded for itself: */
	struct encode_filter filter;
	uint64_t min_interval_ns, sent_at_ns;
	bool behind; /* was not given the second before: needs the state */
	uint32_t *gone;
	size_t n_gone, room_gone;
};

static size_t count(const struct agent *a)
{
	size_t n = 0;

	for (const struct watch *w = a->watches; w; w = w->next)
		n++;
	return n;
}

static void watch_free(struct watch *w)
{
	for (size_t i = 0; i < w->filter.n; i++)
		free(w->filter.cgroups[i]);
	free((void *)(uintptr_t)w->filter.cgroups);
	free(w->gone);
	w->magic = 0;
	free(w);
}

/* Readers of the spool */

static void follow(struct watch *w)
{
	uint64_t before = w->feed.skipped;

	(void)feed_pump(&w->feed, w->agent->spool, w->call); /* -EPIPE: closed() comes */
	agent_count(agent_watch_skipped_total, w->feed.skipped - before);
}

static bool can_resume(const struct watch *w, const Plimsoll__V1__Query *q)
{
	const struct spool *s = w->agent->spool;

	return q->since_sequence && q->epoch == w->agent->second.epoch &&
	       spool_resume(s, q->since_sequence) == q->since_sequence + 1;
}

/* Encoded for themselves */

static void note_gone(struct watch *w, const struct sample_row *r)
{
	if (w->n_gone == GONE_MAX || !encode_filter_match(&w->filter, r))
		return;
	if (w->n_gone == w->room_gone) {
		w->room_gone = w->room_gone ? 2 * w->room_gone : 16;
		w->gone = mem_array(w->gone, w->room_gone, sizeof(w->gone[0]));
	}
	w->gone[w->n_gone++] = r->id;
}

static void miss_second(struct watch *w)
{
	size_t n;
	struct sample_row *const *rows = sample_rows(w->agent->sample, &n);

	for (size_t i = 0; i < n; i++)
		if (rows[i]->ended)
			note_gone(w, rows[i]);
	w->behind = true;
}

/* What was not taken, because it is too large or the queue is full, is owed: a state, and who went. */
static void send(struct watch *w, enum encode_form form)
{
	struct rpc_packed *p = second_pack(w->agent, form, &w->filter, w->gone, w->n_gone);
	bool taken = rpc_send_packed(w->call, p) == 0;

	rpc_packed_unref(p);
	agent_count(agent_watch_skipped_total, !taken);
	w->behind = !taken;
	if (taken)
		w->n_gone = 0;
	else if (form == ENCODE_DELTA)
		miss_second(w);
}

/* Half an interval early is still on time: seconds do not come to the microsecond. */
static bool due(const struct watch *w)
{
	uint64_t now = w->agent->second.boottime_ns;

	return now + w->agent->options->interval / 2 >= w->sent_at_ns + w->min_interval_ns;
}

static void encode_own(struct watch *w)
{
	bool slow = rpc_send_queued(w->call) >= WATCH_QUEUED;

	if (slow || !due(w)) {
		agent_count(agent_watch_skipped_total, slow);
		miss_second(w);
		return;
	}
	if (w->behind)
		miss_second(w); /* this second's ends: the state does not show them */
	w->sent_at_ns = w->agent->second.boottime_ns;
	send(w, w->behind ? ENCODE_STATE : ENCODE_DELTA);
}

void watch_second(struct agent *a)
{
	for (struct watch *w = a->watches; w; w = w->next)
		w->whole ? follow(w) : encode_own(w);
}

/* The call */

static void copy_filter(struct watch *w, const Plimsoll__V1__Query *q)
{
	char **patterns = q->n_cgroup ? mem_array(NULL, q->n_cgroup, sizeof(char *)) : NULL;

	for (size_t i = 0; i < q->n_cgroup; i++)
		patterns[i] = mem_strdup(q->cgroup[i]);
	w->filter = (struct encode_filter){patterns, q->n_cgroup};
}

static void start(struct watch *w, const Plimsoll__V1__Query *q)
{
	uint64_t newest = w->agent->second.sequence;

	send(w, ENCODE_PREAMBLE);
	if (w->whole && can_resume(w, q)) {
		w->feed.next = q->since_sequence + 1;
		follow(w);
		return;
	}
	w->feed.next = newest + 1;
	w->sent_at_ns = w->agent->second.boottime_ns;
	if (newest)
		send(w, ENCODE_STATE);
}

static void message(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__Query *q = (const Plimsoll__V1__Query *)rpc_msg_get(m);
	struct agent *a = rpc_server_data(rpc_call_server(c));
	struct watch *w;

	if (!query_accept(c, a, q)) {
		agent_count(agent_watches_refused_total, 1);
		return;
	}
	w = mem_new(struct watch);
	w->magic = WATCH_MAGIC;
	w->agent = a;
	w->call = c;
	w->min_interval_ns = q->min_interval_ns;
	w->whole = q->n_cgroup == 0 && q->min_interval_ns <= a->options->interval;
	copy_filter(w, q);
	w->next = a->watches;
	a->watches = w;
	rpc_set_data(c, w);
	agent_set(agent_watches, count(a));
	start(w, q);
}

static enum rpc_code open(struct rpc_call *c)
{
	if (count(rpc_server_data(rpc_call_server(c))) < WATCH_MAX)
		return RPC_OK;
	agent_count(agent_watches_refused_total, 1);
	rpc_finish(c, RPC_EXHAUSTED, "this agent has as many Watch readers as it takes",
		   "watch the aggregator, which serves many");
	return RPC_EXHAUSTED;
}

static void writable(struct rpc_call *c)
{
	struct watch *w = rpc_data(c);

	if (w && w->whole)
		follow(w);
}

static void closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	struct watch *w = rpc_data(c);

	(void)code;
	(void)text;
	if (!w)
		return; /* closed before it asked */
	must(w->magic == WATCH_MAGIC);
	for (struct watch **at = &w->agent->watches; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	agent_set(agent_watches, count(w->agent));
	watch_free(w);
}

const struct rpc_handler watch_handler = {
	.open = open,
	.message = message,
	.writable = writable,
	.closed = closed,
};
