/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "agent/feed.h"
#include "agent/metrics.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "plimsoll/v1/metrics.pb-c.h"

#define STREAM_MAGIC     0x73747265u
/* Half of the nodes of a fleet come back within the first wait, none hammers: the wait doubles and
 * each is drawn between half of it and all. */
#define BACKOFF_LEAST_NS (250 * CLOCK_NS_PER_MS)
#define BACKOFF_MOST_NS  (5 * CLOCK_NS_PER_S)
/* A stream that held this long was a good one. Two agents under one name end each other's at once: they
 * must not do it five times a second. */
#define GOOD_NS (10 * CLOCK_NS_PER_S)
#define RESUME_WITHIN_NS (10 * CLOCK_NS_PER_S) /* else the other side is no aggregator of ours */
#define STOP_WITHIN_NS   (500 * CLOCK_NS_PER_MS)

enum state {
	WAITING,    /* for the next attempt */
	CONNECTING, /* preamble sent, no Resume yet */
	STREAMING,
	STOPPING,
};

struct stream {
	unsigned magic;
	struct stream_options options;
	char *address;
	enum state state;
	struct rpc_client *client;
	struct rpc_call *call;    /* NULL: none open */
	struct loop_timer *timer; /* of the state: next attempt, Resume overdue, patience at stop */
	struct feed feed;
	uint64_t backoff_ns;
	clock_boot_t resumed; /* STREAMING: since when */
	bool told_away; /* the log knows that it cannot be reached */
	void (*done)(void *data);
	void *done_data;
};

static void attempt(struct stream *s);

static uint64_t jittered(uint64_t ns)
{
	uint32_t dice;

	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != (ssize_t)sizeof(dice))
		dice = (uint32_t)clock_boot().ns; /* early boot: any spread will do */
	return ns / 2 + (ns / 2) * dice / UINT32_MAX;
}

static void wait_and_retry(struct stream *s)
{
	s->state = WAITING;
	loop_timer_start(s->timer, jittered(s->backoff_ns), 0);
	s->backoff_ns = s->backoff_ns * 2 < BACKOFF_MOST_NS ? s->backoff_ns * 2 : BACKOFF_MOST_NS;
}

static void finished(void *data)
{
	struct stream *s = obj_cast(struct stream, data, STREAM_MAGIC);
	void (*done)(void *) = s->done;
	void *done_data = s->done_data;

	loop_timer_close(s->timer);
	free(s->address);
	s->magic = 0;
	free(s);
	if (done)
		done(done_data);
}

static void close_client(struct stream *s)
{
	struct rpc_client *c = s->client;

	s->client = NULL;
	if (c)
		rpc_client_close(c, finished, s);
}

static void timer_fired(void *data)
{
	struct stream *s = obj_cast(struct stream, data, STREAM_MAGIC);

	switch (s->state) {
	case WAITING:
		attempt(s);
		break;
	case CONNECTING:
		rpc_cancel(s->call); /* closed() says so */
		break;
	case STOPPING:
		close_client(s);
		break;
	case STREAMING:
		break;
	}
}

/* What the aggregator says */

static void resume(struct stream *s, const Plimsoll__V1__Resume *r)
{
	uint64_t has = r->epoch == s->options.epoch ? r->sequence : 0;

	if (s->state != CONNECTING)
		return;
	s->state = STREAMING;
	s->resumed = clock_boot();
	s->told_away = false;
	s->feed.next = spool_resume(s->options.spool, has);
	loop_timer_stop(s->timer);
	spool_acked(s->options.spool, has);
	agent_set(agent_stream_connected, 1);
	log_info("streaming to %s from second %llu on, now at %llu", s->address,
		 (unsigned long long)s->feed.next,
		 (unsigned long long)spool_newest(s->options.spool));
	stream_pump(s);
}

static void message(struct rpc_call *c, struct rpc_msg *m)
{
	struct stream *s = obj_cast(struct stream, rpc_data(c), STREAM_MAGIC);
	const Plimsoll__V1__Directive *d = (const Plimsoll__V1__Directive *)rpc_msg_get(m);

	if (d->resume)
		resume(s, d->resume);
	if (d->ack && d->ack->epoch == s->options.epoch) {
		spool_acked(s->options.spool, d->ack->sequence);
		agent_set(agent_acked_sequence, d->ack->sequence);
	}
}

static void writable(struct rpc_call *c)
{
	stream_pump(obj_cast(struct stream, rpc_data(c), STREAM_MAGIC));
}

static bool may_not_use_socket(const char *address)
{
	return strncmp(address, "unix:", 5) == 0 && access(address + 5, W_OK) < 0 && errno == EACCES;
}

static void tell_end(struct stream *s, enum rpc_code code, const char *text, const char *fix)
{
	const char *why = text && *text ? text : rpc_code_name(code);

	if (!fix && may_not_use_socket(s->address))
		fix = "push to ingest.sock beside the aggregator's own socket: it is open to the group plimsoll, which "
		      "the user plimsoll is in";

	if (s->state == STREAMING)
		log_warn("the stream to %s broke (%s), keeping samples and connecting again",
			 s->address, why);
	else if (!s->told_away)
		log_warn("cannot stream to %s (%s)%s%s, keeping samples and trying again",
			 s->address, why, fix ? "; " : "", fix ? fix : "");
	else
		log_debug("still cannot stream to %s (%s)", s->address, why);
	s->told_away = true;
}

static void closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	struct stream *s = obj_cast(struct stream, rpc_data(c), STREAM_MAGIC);

	s->call = NULL;
	agent_set(agent_stream_connected, 0);
	if (s->state == STOPPING) {
		close_client(s);
		return;
	}
	if (s->state == STREAMING)
		agent_count(agent_stream_reconnects_total, 1);
	if (s->state == STREAMING && clock_since(clock_boot(), s->resumed) >= GOOD_NS)
		s->backoff_ns = BACKOFF_LEAST_NS;
	tell_end(s, code,
		 s->state == CONNECTING && code == RPC_CANCELLED ? "it did not answer the preamble"
								 : text,
		 rpc_fix(c));
	wait_and_retry(s);
}

static const struct rpc_handler handler = {
	.message = message, .writable = writable, .closed = closed};

static const struct rpc_method report = {
	.path = "/plimsoll.v1.Ingest/Report",
	.kind = RPC_BIDI,
	.request = &plimsoll__v1__batch__descriptor,
	.response = &plimsoll__v1__directive__descriptor,
};

static void attempt(struct stream *s)
{
	struct rpc_packed *preamble = s->options.preamble(s->options.data);

	s->state = CONNECTING;
	agent_count(agent_stream_connects_total, 1);
	s->call = rpc_open(s->client, &report, &handler, 0, false, s);
	(void)rpc_send_packed(s->call, preamble); /* a call that failed says so in closed() */
	rpc_packed_unref(preamble);
	loop_timer_start(s->timer, RESUME_WITHIN_NS, 0);
}

void stream_pump(struct stream *s)
{
	uint64_t before;

	if (!s || s->state != STREAMING)
		return;
	before = s->feed.skipped;
	(void)feed_pump(&s->feed, s->options.spool, s->call); /* -EPIPE: closed() comes */
	agent_count(agent_stream_skipped_total, s->feed.skipped - before);
}

int stream_start(const struct stream_options *o, struct stream **ret_s, struct err *e)
{
	struct stream *s = mem_new(struct stream);
	struct rpc_client_options client = {.address = o->address,
					    .tls = o->tls,
					    .backoff_min_ns = BACKOFF_LEAST_NS,
					    .backoff_max_ns = BACKOFF_MOST_NS};
	int r;

	s->magic = STREAM_MAGIC;
	s->options = *o;
	s->backoff_ns = BACKOFF_LEAST_NS;
	r = rpc_client_new(o->loop, &client, &s->client, e);
	if (r < 0) {
		free(s);
		return r;
	}
	s->address = mem_strdup(o->address);
	s->timer = loop_timer_new(o->loop, timer_fired, s);
	spool_expect_acks(o->spool);
	attempt(s);
	*ret_s = s;
	return 0;
}

void stream_stop(struct stream *s, void (*done)(void *data), void *data)
{
	s->done = done;
	s->done_data = data;
	s->state = STOPPING;
	agent_set(agent_stream_connected, 0);
	if (s->call)
		rpc_send_done(s->call);
	loop_timer_start(s->timer, s->call ? STOP_WITHIN_NS : 0, 0);
}
