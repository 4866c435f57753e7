/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/listener.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "rpc/counter.h"
#include "rpc/server.h"
#include "rpc/tls.h"

#define LISTENER_MAGIC 0x726c7374u

static const struct rpc_handler silent;

struct slot { /* one outstanding request for a call */
	struct rpc_tag tag;
	struct rpc_listener *listener;
	grpc_call *core;
	grpc_call_details details;
	grpc_metadata_array metadata;
};

struct rpc_listener {
	unsigned magic;
	struct rpc_call_owner owner;
	struct rpc_server *server;
	struct rpc_listener *next;
	grpc_server *core;
	bool retired, gone; /* loop thread */

	/* Poller thread. */
	struct slot slots[RPC_SLOTS];
	unsigned slots_out;
	bool shut;
	struct rpc_tag shut_tag;
	struct rpc_event gone_event;
};

static void maybe_free(struct rpc_listener *l)
{
	struct rpc_server *s = l->server;

	if (!l->gone || atomic_load(&l->owner.live) > 0)
		return;
	rpc_server_unlink(s, l);
	grpc_server_destroy(l->core);
	l->magic = 0;
	free(l);
	rpc_server_maybe_done(s);
}

static void call_gone(struct rpc_call_owner *o)
{
	struct rpc_listener *l = rpc_owner(o, struct rpc_listener, owner);

	atomic_fetch_sub(&l->server->live, 1);
	maybe_free(l);
}

static void gone(struct rpc_event *e)
{
	struct rpc_listener *l = rpc_owner(e, struct rpc_listener, gone_event);

	must(l->magic == LISTENER_MAGIC);
	l->gone = true;
	maybe_free(l);
}

/* Poller: core is done with this listener when its shutdown and all slots have come back. */
static void maybe_gone(struct rpc_listener *l)
{
	if (l->shut && l->slots_out == 0)
		rpc_inbox_push(l->owner.inbox, &l->gone_event);
}

static void shut(struct rpc_tag *tag, bool ok)
{
	struct rpc_listener *l = rpc_owner(tag, struct rpc_listener, shut_tag);

	(void)ok;
	l->shut = true;
	maybe_gone(l);
}

static void request(struct slot *slot)
{
	slot->core = NULL;
	grpc_call_details_init(&slot->details);
	grpc_metadata_array_init(&slot->metadata);
	rpc_tag_give(&slot->tag);
	must(grpc_server_request_call(slot->listener->core, &slot->core, &slot->details,
				      &slot->metadata, rpc_queue(), rpc_queue(),
				      &slot->tag) == GRPC_CALL_OK);
}

static uint64_t boottime_of(gpr_timespec deadline)
{
	gpr_timespec left;
	uint64_t now_ns = clock_boot().ns;

	if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
		return UINT64_MAX;
	left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
	if (left.tv_sec < 0)
		return now_ns;
	return now_ns + (uint64_t)left.tv_sec * CLOCK_NS_PER_S + (uint64_t)left.tv_nsec;
}

/* The method's handler never hears of it. */
static void refuse(struct rpc_call *c, enum rpc_code code, const char *text, const char *fix)
{
	c->handler = &silent;
	rpc_count(calls_refused, 1);
	rpc_call_start(c);
	rpc_call_end(c, code, text, fix);
}

static void opened(struct rpc_event *e)
{
	struct rpc_call *c = rpc_owner(e, struct rpc_call, open_event);
	enum rpc_code code = RPC_OK;

	rpc_call_list(c);
	if (rpc_server_stopping(c->server)) {
		c->handler = &silent; /* it never saw open() */
		rpc_finish(c, RPC_UNAVAILABLE, "shutting down", "try again");
		return;
	}
	if (c->handler->open)
		code = c->handler->open(c);
	if (code == RPC_OK)
		return;
	rpc_count(calls_refused, 1);
	rpc_finish(c, code, NULL, NULL);
}

static void accept_call(struct rpc_listener *l, grpc_call *core, const char *path,
			uint64_t deadline_ns)
{
	const struct rpc_method *m = rpc_server_method(l->server, path);
	struct rpc_call *c = rpc_call_new(m, m ? m->handler : NULL, &l->owner);
	char text[160];

	if (!c) { /* out of memory: the peer sees a cancelled call */
		grpc_call_cancel(core, NULL);
		grpc_call_unref(core);
		return;
	}
	c->core = core;
	c->server = l->server;
	c->deadline_ns = deadline_ns;
	if (atomic_fetch_add(&l->server->live, 1) >= l->server->max_calls) {
		snprintf(text, sizeof(text), "this server has %zu calls open, its limit",
			 l->server->max_calls);
		refuse(c, RPC_EXHAUSTED, text, "try again later");
	} else if (!m) {
		rpc_count(unknown_methods, 1);
		snprintf(text, sizeof(text), "this server has no method %.100s", path);
		refuse(c, RPC_UNIMPLEMENTED, text, "ask server reflection for what it has");
	} else {
		c->open_event.deliver = opened;
		rpc_call_hand_over(c, &c->open_event);
		rpc_call_start(c);
		rpc_call_receive(c);
	}
}

static void arrived(struct rpc_tag *tag, bool ok)
{
	struct slot *slot = rpc_owner(tag, struct slot, tag);
	struct rpc_listener *l = slot->listener;
	grpc_call *core = slot->core;
	char path[160] = "";
	size_t n = GRPC_SLICE_LENGTH(slot->details.method);
	uint64_t deadline_ns = UINT64_MAX;

	if (ok) {
		if (n >= sizeof(path))
			n = sizeof(path) - 1; /* no method of ours is so long */
		memcpy(path, GRPC_SLICE_START_PTR(slot->details.method), n);
		path[n] = '\0';
		deadline_ns = boottime_of(slot->details.deadline);
	}
	grpc_call_details_destroy(&slot->details);
	grpc_metadata_array_destroy(&slot->metadata);
	if (!ok || !core) {
		l->slots_out--;
		maybe_gone(l);
		return;
	}
	request(slot); /* first: without a slot new calls pile up in core without a bound */
	accept_call(l, core, path, deadline_ns);
}

static grpc_server *new_core(const struct rpc_server *s)
{
	int age_ms = (int)(s->connection_age_ns / CLOCK_NS_PER_MS);
	grpc_arg args[] = {
#define NUMBER(name, number) { .type = GRPC_ARG_INTEGER, .key = name, .value.integer = (number) }
		NUMBER(GRPC_ARG_MAX_CONCURRENT_STREAMS, RPC_MAX_STREAMS),
		/* Twice ours: what is a little too large is refused by us, with words. */
		NUMBER(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)(2 * s->max_message)),
		NUMBER(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10),
		/* A dead peer is noticed after 80 s at most. */
		NUMBER(GRPC_ARG_KEEPALIVE_TIME_MS, 60000),
		NUMBER(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000),
		/* Our clients ping every 30 s; less than 10 s apart is abuse. */
		NUMBER(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000),
		NUMBER(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
		NUMBER(GRPC_ARG_MAX_CONNECTION_AGE_MS, age_ms),
		NUMBER(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 30000),
		NUMBER(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 30000), /* see ATTEMPT_MS in client.c */
		/* Two daemons on one port must be an error, not a lottery. */
		NUMBER(GRPC_ARG_ALLOW_REUSEPORT, 0),
		NUMBER(GRPC_ARG_ENABLE_CHANNELZ, 0),
		/* Many small streams: probing cost a fifth of the CPU; the window stays 64 KiB. */
		NUMBER(GRPC_ARG_HTTP2_BDP_PROBE, 0),
#undef NUMBER
	};
	grpc_channel_args all = { sizeof(args) / sizeof(args[0]), args };
	grpc_server *core = grpc_server_create(&all, NULL);

	grpc_server_register_completion_queue(core, rpc_queue(), NULL);
	return core;
}

static int bind_port(struct rpc_server *s, grpc_server *core, bool again, struct err *e)
{
	grpc_server_credentials *creds = NULL;
	int r = rpc_tls_server(&s->tls, &creds, e);

	if (r == 0) {
		r = rpc_address_bind(&s->address, core, creds, again, e);
		grpc_server_credentials_release(creds);
	}
	return r;
}

static void fill(struct rpc_listener *l, struct rpc_server *s, grpc_server *core)
{
	l->magic = LISTENER_MAGIC;
	l->server = s;
	l->core = core;
	l->owner.inbox = s->inbox;
	l->owner.max_message = s->max_message;
	l->owner.address = s->address.text;
	l->owner.call_gone = call_gone;
	l->shut_tag.run = shut;
	l->gone_event.deliver = gone;
	l->slots_out = RPC_SLOTS;
}

struct burial {
	struct rpc_tag tag;
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool done;
};

static void buried(struct rpc_tag *tag, bool ok)
{
	struct burial *b = rpc_owner(tag, struct burial, tag);

	(void)ok;
	pthread_mutex_lock(&b->lock);
	b->done = true;
	pthread_cond_signal(&b->over);
	pthread_mutex_unlock(&b->lock);
}

/* Even a server that never started may be destroyed only after its shutdown; waits for that. */
static void bury(grpc_server *core)
{
	struct burial b = { .tag.run = buried,
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .over = PTHREAD_COND_INITIALIZER };

	rpc_tag_give(&b.tag);
	grpc_server_shutdown_and_notify(core, rpc_queue(), &b.tag);
	pthread_mutex_lock(&b.lock);
	while (!b.done)
		pthread_cond_wait(&b.over, &b.lock);
	pthread_mutex_unlock(&b.lock);
	pthread_mutex_destroy(&b.lock);
	grpc_server_destroy(core);
}

int rpc_listener_start(struct rpc_server *s, bool again, struct rpc_listener **ret_l,
		       struct err *e)
{
	grpc_server *core = new_core(s);
	struct rpc_listener *l;
	int r = bind_port(s, core, again, e);

	if (r < 0) {
		bury(core);
		return r;
	}
	l = mem_new(struct rpc_listener);
	fill(l, s, core);
	grpc_server_start(core);
	for (size_t i = 0; i < RPC_SLOTS; i++) {
		l->slots[i].tag.run = arrived;
		l->slots[i].listener = l;
		request(&l->slots[i]);
	}
	rpc_server_link(s, l);
	*ret_l = l;
	return 0;
}

void rpc_listener_retire(struct rpc_listener *l)
{
	if (l->retired)
		return;
	l->retired = true;
	rpc_tag_give(&l->shut_tag);
	grpc_server_shutdown_and_notify(l->core, rpc_queue(), &l->shut_tag);
}

void rpc_listener_cancel(struct rpc_listener *l)
{
	grpc_server_cancel_all_calls(l->core);
}

void rpc_listener_each(struct rpc_listener *l, void (*f)(struct rpc_call *c))
{
	struct rpc_call *next;

	for (struct rpc_call *c = l->owner.calls; c; c = next) {
		next = c->next;
		f(c);
	}
}

struct rpc_listener *rpc_listener_next(struct rpc_listener *l)
{
	return l->next;
}

void rpc_listener_link(struct rpc_listener *l, struct rpc_listener *next)
{
	l->next = next;
}
