/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receiving half of a call: decode on the poller thread, at most max_inflight decoded messages
 * ahead of the loop. Above that no receive is started, so flow control stops the peer.
 */
#include <stdio.h>

#include "base/obj.h"
#include "rpc/call.h"
#include "rpc/counter.h"
#include "rpc/msg.h"

static uint32_t max_inflight(const struct rpc_call *c)
{
	return c->method->max_inflight ? c->method->max_inflight : RPC_INFLIGHT;
}

static void start_receive(struct rpc_call *c, bool first)
{
	grpc_op ops[2] = { 0 };
	size_t n = 0;

	if (first && c->client) {
		ops[n].op = GRPC_OP_RECV_INITIAL_METADATA;
		ops[n++].data.recv_initial_metadata.recv_initial_metadata = &c->headers;
	}
	ops[n].op = GRPC_OP_RECV_MESSAGE;
	ops[n++].data.recv_message.recv_message = &c->received;
	rpc_call_batch(c, ops, n, &c->receive_tag);
}

/* Locked. True: the caller unlocks and starts a receive. */
static bool wants_receive(struct rpc_call *c, uint32_t below)
{
	if (c->over || c->receiving || c->no_more_received || c->inflight >= below)
		return false;
	c->receiving = true;
	c->batches++;
	return true;
}

void rpc_call_receive(struct rpc_call *c)
{
	bool start;

	pthread_mutex_lock(&c->lock);
	start = wants_receive(c, max_inflight(c));
	pthread_mutex_unlock(&c->lock);
	if (start)
		start_receive(c, true);
}

/* Half empty before it goes on: fewer, larger wake-ups. */
void rpc_call_consumed(struct rpc_call *c)
{
	bool start;

	pthread_mutex_lock(&c->lock);
	c->inflight--;
	start = wants_receive(c, (max_inflight(c) + 1) / 2);
	pthread_mutex_unlock(&c->lock);
	if (start)
		start_receive(c, false);
}

static void deliver_message(struct rpc_event *e)
{
	struct rpc_msg *m = rpc_owner(e, struct rpc_msg, event);
	struct rpc_call *c = m->call;

	c->got_message = true;
	if (!c->muted && c->handler->message)
		c->handler->message(c, m);
	rpc_msg_release(m);
}

static void deliver_half_closed(struct rpc_event *e)
{
	struct rpc_call *c = rpc_owner(e, struct rpc_call, half_event);

	if (c->muted)
		return;
	if (!rpc_call_receives_stream(c) && !c->got_message)
		rpc_finish(c, RPC_INVALID, "the call carried no request message", NULL);
	else if (c->handler->half_closed)
		c->handler->half_closed(c);
}

static void deliver_bad(struct rpc_event *e)
{
	struct rpc_call *c = rpc_owner(e, struct rpc_call, bad_event);

	if (c->client) {
		c->muted = true;
		if (c->core)
			grpc_call_cancel_with_status(c->core, (grpc_status_code)c->bad_code,
						     c->bad_text, NULL);
		return;
	}
	rpc_finish(c, c->bad_code, c->bad_text,
		   c->bad_code == RPC_EXHAUSTED ? "send less in one message" :
						  "check that both sides use the same .proto");
}

static void stop_receiving(struct rpc_call *c)
{
	pthread_mutex_lock(&c->lock);
	c->no_more_received = true;
	pthread_mutex_unlock(&c->lock);
}

static void take_message(struct rpc_call *c, grpc_byte_buffer *bytes)
{
	const ProtobufCMessageDescriptor *as = c->client ? c->method->response :
							   c->method->request;
	struct rpc_msg *m = NULL;

	c->bad_code = rpc_msg_decode(bytes, as, c->owner->max_message, &m, c->bad_text,
				     sizeof(c->bad_text));
	if (c->bad_code != RPC_OK) {
		stop_receiving(c);
		c->bad_event.deliver = deliver_bad;
		rpc_call_hand_over(c, &c->bad_event);
		return;
	}
	m->call = c;
	m->event.deliver = deliver_message;
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	pthread_mutex_lock(&c->lock);
	c->inflight++;
	/* A server waits for one request only; more would be the client's mistake. */
	if (!c->client && !rpc_call_receives_stream(c))
		c->no_more_received = true;
	pthread_mutex_unlock(&c->lock);
	rpc_call_hand_over(c, &m->event);
}

static void take_end(struct rpc_call *c, bool ok)
{
	stop_receiving(c);
	/* A lost connection is no half-close: the loop learns of it by closed(). */
	if (c->client || !ok || grpc_call_failed_before_recv_message(c->core))
		return;
	c->half_event.deliver = deliver_half_closed;
	rpc_call_hand_over(c, &c->half_event);
}

/* `receiving` stays set until the result is handed over: the loop must not start a receive between
 * the end of the stream and our noting it, or there would be two ends. */
void rpc_call_received(struct rpc_tag *tag, bool ok)
{
	struct rpc_call *c = rpc_owner(tag, struct rpc_call, receive_tag);
	grpc_byte_buffer *bytes = c->received;
	bool again;

	c->received = NULL;
	if (ok && bytes)
		take_message(c, bytes);
	else
		take_end(c, ok);
	if (bytes)
		grpc_byte_buffer_destroy(bytes);
	pthread_mutex_lock(&c->lock);
	c->receiving = false;
	again = wants_receive(c, max_inflight(c));
	pthread_mutex_unlock(&c->lock);
	if (again)
		start_receive(c, false);
	rpc_call_batch_done(c);
}
