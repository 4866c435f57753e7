/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/rpc: one call, server or client side. Three kinds of batches run in core: sends (one at
 * a time), receives (one at a time) and the terminal one that completes when the call is over. The
 * poller owns completions, the loop owns policy; `lock` guards what both touch, and no core function
 * and no callback runs under it. The call goes to the loop's closed() when the terminal batch and
 * every other one have completed, because only then may core's call be given up.
 */
#ifndef RPC_CALL_H
#define RPC_CALL_H

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "rpc/inbox.h"
#include "rpc/packed.h"
#include "rpc/queue.h"
#include "rpc/rpc.h"

/* What a call belongs to: a listener or a client. */
struct rpc_call_owner {
	struct rpc_inbox *inbox;
	struct rpc_call *calls;        /* loop thread: from open to closed */
	_Atomic size_t live;           /* up on the poller, down on the loop */
	size_t max_message;
	const char *address;
	void (*call_gone)(struct rpc_call_owner *o); /* loop thread, after each closed() */
};

struct rpc_out { /* one message in the send queue */
	struct rpc_out *next;
	struct rpc_packed *packed;
};

struct rpc_call {
	unsigned magic;
	_Atomic unsigned refs; /* the loop's, and one a live message */
	bool client;
	const struct rpc_method *method; /* NULL: a call of an unknown method */
	const struct rpc_handler *handler; /* never NULL */
	struct rpc_call_owner *owner;
	struct rpc_server *server;
	grpc_call *core; /* NULL: never started */
	uint64_t deadline_ns;

	/* Loop thread. */
	void *data;
	struct rpc_call *prev, *next;
	bool listed, muted; /* muted: finished or cancelled here, so its messages are dropped */
	bool got_message;
	char *peer, *identity, *fix;

	pthread_mutex_t lock;
	unsigned batches;    /* started and not completed */
	bool over, handed;   /* the terminal batch completed; closed event pushed */
	bool sending, started, header_wanted, header_sent, final_wanted, final_sent;
	bool tell_writable, receiving, no_more_received;
	uint32_t inflight, header_flags;
	size_t queued;
	struct rpc_out *first_out, **last_out;
	enum rpc_code code; /* server: what we finish with */
	char *text, *hint;

	struct rpc_tag send_tag, receive_tag, end_tag;
	struct rpc_event open_event, half_event, writable_event, bad_event, closed_event;
	enum rpc_code bad_code;
	char bad_text[160];

	/* Core writes here while a batch is out. */
	grpc_byte_buffer *received, *sent;
	grpc_metadata_array headers, trailers;
	grpc_metadata detail;
	grpc_slice text_slice, status_text;
	grpc_status_code status;
	int cancelled;
};

struct rpc_call *rpc_call_new(const struct rpc_method *m, const struct rpc_handler *h,
			      struct rpc_call_owner *o); /* NULL: out of memory */
void rpc_call_unref(struct rpc_call *c);
/* Starts the terminal batch and what the kind of call can do at once. */
void rpc_call_start(struct rpc_call *c);
void rpc_call_receive(struct rpc_call *c); /* starts the first receive */
void rpc_call_consumed(struct rpc_call *c); /* loop: a message was released */
void rpc_call_hand_over(struct rpc_call *c, struct rpc_event *e);
void rpc_call_end(struct rpc_call *c, enum rpc_code code, const char *text, const char *hint);
void rpc_call_list(struct rpc_call *c); /* loop: into owner->calls */
void rpc_call_fail(struct rpc_call *c, enum rpc_code code, const char *text); /* never started */

/* For call_*.c alone. */
void rpc_call_batch(struct rpc_call *c, const grpc_op *ops, size_t n, struct rpc_tag *tag);
void rpc_call_batch_done(struct rpc_call *c);
void rpc_call_pump(struct rpc_call *c); /* locked on entry, unlocked on return */
void rpc_call_sent(struct rpc_tag *tag, bool ok);
void rpc_call_received(struct rpc_tag *tag, bool ok);
void rpc_call_drop_queue(struct rpc_call *c); /* locked */
void rpc_call_closed(struct rpc_event *e);

static inline bool rpc_call_sends_stream(const struct rpc_call *c)
{
	enum rpc_kind kind = c->method ? c->method->kind : RPC_UNARY;

	return kind == RPC_BIDI || kind == (c->client ? RPC_CLIENT_STREAM : RPC_SERVER_STREAM);
}

static inline bool rpc_call_receives_stream(const struct rpc_call *c)
{
	enum rpc_kind kind = c->method ? c->method->kind : RPC_UNARY;

	return kind == RPC_BIDI || kind == (c->client ? RPC_SERVER_STREAM : RPC_CLIENT_STREAM);
}

#endif
