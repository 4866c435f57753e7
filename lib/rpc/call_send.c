/* SPDX-License-Identifier: Apache-2.0 */
/* The sending half of a call: a bounded queue, one batch out at a time. */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"
#include "rpc/call.h"
#include "rpc/counter.h"
#include "rpc/status.h"

static void add_status(struct rpc_call *c, grpc_op *op)
{
	op->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	op->data.send_status_from_server.status = (grpc_status_code)c->code;
	c->text_slice = grpc_slice_from_copied_string(c->text ? c->text : "");
	op->data.send_status_from_server.status_details = &c->text_slice;
	if (c->hint) {
		c->detail.key = grpc_slice_from_static_string(RPC_STATUS_KEY);
		c->detail.value = rpc_status_pack(c->code, c->text ? c->text : "", c->hint);
		op->data.send_status_from_server.trailing_metadata = &c->detail;
		op->data.send_status_from_server.trailing_metadata_count = 1;
	}
}

static void add_message(struct rpc_call *c, grpc_op *op)
{
	struct rpc_out *out = c->first_out;

	c->first_out = out->next;
	if (!c->first_out)
		c->last_out = &c->first_out;
	c->queued--;
	c->sent = grpc_raw_byte_buffer_create(&out->packed->slice, 1);
	op->op = GRPC_OP_SEND_MESSAGE;
	op->data.send_message.send_message = c->sent;
	rpc_count(messages_sent, 1);
	rpc_count(bytes_sent, GRPC_SLICE_LENGTH(out->packed->slice));
	rpc_packed_unref(out->packed);
	free(out);
}

/* One message may wait for the status (or half-close), so that both go in one batch. */
static bool waits_for_final(const struct rpc_call *c)
{
	return !rpc_call_sends_stream(c) && !c->final_wanted;
}

static size_t next_ops(struct rpc_call *c, grpc_op *ops)
{
	size_t n = 0;
	bool message = c->first_out && !waits_for_final(c);
	bool final = c->final_wanted && !c->final_sent &&
		     (!c->first_out || !c->first_out->next);

	if (!c->header_sent && (c->header_wanted || message || final)) {
		ops[n].flags = c->header_flags;
		ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
		c->header_sent = true;
	}
	if (message)
		add_message(c, &ops[n++]);
	if (final) {
		if (c->client)
			ops[n++].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
		else
			add_status(c, &ops[n++]);
		c->final_sent = true;
	}
	return n;
}

void rpc_call_pump(struct rpc_call *c)
{
	grpc_op ops[3] = { 0 };
	size_t n = 0;

	if (!c->sending && !c->over && c->started)
		n = next_ops(c, ops);
	if (n) {
		c->sending = true;
		c->batches++;
	}
	pthread_mutex_unlock(&c->lock);
	if (n)
		rpc_call_batch(c, ops, n, &c->send_tag);
}

void rpc_call_drop_queue(struct rpc_call *c)
{
	struct rpc_out *next;

	for (struct rpc_out *o = c->first_out; o; o = next) {
		next = o->next;
		rpc_packed_unref(o->packed);
		free(o);
	}
	c->first_out = NULL;
	c->last_out = &c->first_out;
	c->queued = 0;
}

/* The user may have filled the queue again since the event was pushed: then a later one tells it. */
static void writable(struct rpc_event *e)
{
	struct rpc_call *c = rpc_owner(e, struct rpc_call, writable_event);
	bool tell;

	pthread_mutex_lock(&c->lock);
	c->writable_event.deliver = NULL;
	tell = c->queued < RPC_SEND_QUEUE / 2;
	c->tell_writable = !tell;
	pthread_mutex_unlock(&c->lock);
	if (tell && !c->muted && c->handler->writable)
		c->handler->writable(c);
}

/* Armed by a queue half full. `deliver` is set while the event is in the inbox: once at most. */
static bool now_writable(struct rpc_call *c)
{
	if (!c->tell_writable || c->over || c->queued >= RPC_SEND_QUEUE / 2 ||
	    c->writable_event.deliver)
		return false;
	c->writable_event.deliver = writable;
	return true;
}

void rpc_call_sent(struct rpc_tag *tag, bool ok)
{
	struct rpc_call *c = rpc_owner(tag, struct rpc_call, send_tag);
	grpc_byte_buffer *sent;
	bool tell;

	pthread_mutex_lock(&c->lock);
	sent = c->sent;
	c->sent = NULL;
	c->sending = false;
	if (!ok) /* the transport is gone; the terminal batch says so next */
		rpc_call_drop_queue(c);
	tell = ok && now_writable(c);
	pthread_mutex_unlock(&c->lock);
	if (sent)
		grpc_byte_buffer_destroy(sent);
	if (tell)
		rpc_call_hand_over(c, &c->writable_event);
	pthread_mutex_lock(&c->lock);
	rpc_call_pump(c);
	rpc_call_batch_done(c);
}

static int may_send_locked(struct rpc_call *c)
{
	if (c->over || c->final_wanted || c->muted)
		return -EPIPE;
	if (!rpc_call_sends_stream(c) && c->queued)
		return -EPIPE; /* this kind of call has one answer */
	return c->queued >= RPC_SEND_QUEUE ? -ENOBUFS : 0;
}

static void enqueue(struct rpc_call *c, struct rpc_packed *p)
{
	struct rpc_out *out = mem_new(struct rpc_out);

	out->packed = rpc_packed_ref(p);
	*c->last_out = out;
	c->last_out = &out->next;
	if (++c->queued >= RPC_SEND_QUEUE / 2)
		c->tell_writable = true;
	if (c->client && !rpc_call_sends_stream(c))
		c->final_wanted = true;
}

int rpc_send_packed(struct rpc_call *c, struct rpc_packed *p)
{
	int r;

	pthread_mutex_lock(&c->lock);
	r = may_send_locked(c);
	if (r == 0)
		enqueue(c, p);
	else if (r == -ENOBUFS)
		rpc_count(send_queue_full, 1);
	rpc_call_pump(c); /* unlocks */
	return r;
}

/* Asks before packing: a full queue should cost nothing. */
static int may_send(struct rpc_call *c)
{
	int r;

	pthread_mutex_lock(&c->lock);
	r = may_send_locked(c);
	pthread_mutex_unlock(&c->lock);
	if (r == -ENOBUFS)
		rpc_count(send_queue_full, 1);
	return r;
}

int rpc_send(struct rpc_call *c, const ProtobufCMessage *m)
{
	struct rpc_packed *p;
	int r = may_send(c);

	if (r < 0)
		return r;
	p = rpc_pack(m);
	r = rpc_send_packed(c, p);
	rpc_packed_unref(p);
	return r;
}

size_t rpc_send_queued(const struct rpc_call *c)
{
	struct rpc_call *own = (struct rpc_call *)(uintptr_t)c; /* takes the lock */
	size_t n;

	pthread_mutex_lock(&own->lock);
	n = c->queued + (c->sending && c->sent);
	pthread_mutex_unlock(&own->lock);
	return n;
}

void rpc_call_end(struct rpc_call *c, enum rpc_code code, const char *text, const char *hint)
{
	pthread_mutex_lock(&c->lock);
	if (c->final_wanted || c->over) {
		pthread_mutex_unlock(&c->lock);
		return;
	}
	if (code != RPC_OK && !rpc_call_sends_stream(c))
		rpc_call_drop_queue(c); /* an error has no answer beside it */
	c->final_wanted = true;
	c->code = code;
	c->text = mem_strdup(text);
	c->hint = mem_strdup(hint);
	rpc_call_pump(c);
}

void rpc_finish(struct rpc_call *c, enum rpc_code code, const char *message, const char *fix)
{
	if (c->client) {
		rpc_cancel(c);
		return;
	}
	rpc_call_end(c, code, message, fix);
	c->muted = true;
}

void rpc_send_done(struct rpc_call *c)
{
	if (c->client && rpc_call_sends_stream(c))
		rpc_call_end(c, RPC_OK, NULL, NULL);
}

void rpc_cancel(struct rpc_call *c)
{
	c->muted = true;
	if (c->core)
		grpc_call_cancel(c->core, NULL);
}
