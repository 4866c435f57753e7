/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a call: made, started, told to the loop, closed, freed. */
#include "rpc/call.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <grpc/grpc_security_constants.h>
#include <grpc/support/alloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"
#include "rpc/counter.h"
#include "rpc/msg.h"
#include "rpc/status.h"

#define CALL_MAGIC 0x7263616cu

static void ended(struct rpc_tag *tag, bool ok);

struct rpc_call *rpc_call_new(const struct rpc_method *m, const struct rpc_handler *h,
			      struct rpc_call_owner *o)
{
	static const struct rpc_handler silent;
	struct rpc_call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->magic = CALL_MAGIC;
	atomic_init(&c->refs, 1);
	c->method = m;
	c->handler = h ? h : &silent;
	c->owner = o;
	c->deadline_ns = UINT64_MAX;
	c->last_out = &c->first_out;
	c->send_tag.run = rpc_call_sent;
	c->receive_tag.run = rpc_call_received;
	c->end_tag.run = ended;
	c->closed_event.deliver = rpc_call_closed;
	c->text_slice = c->status_text = grpc_empty_slice();
	c->detail.key = c->detail.value = grpc_empty_slice();
	grpc_metadata_array_init(&c->headers);
	grpc_metadata_array_init(&c->trailers);
	pthread_mutex_init(&c->lock, NULL);
	atomic_fetch_add(&o->live, 1);
	rpc_count(calls_opened, 1);
	rpc_count(calls_live, 1);
	return c;
}

static void free_call(struct rpc_call *c)
{
	grpc_metadata_array_destroy(&c->headers);
	grpc_metadata_array_destroy(&c->trailers);
	grpc_slice_unref(c->text_slice);
	grpc_slice_unref(c->status_text);
	grpc_slice_unref(c->detail.value);
	pthread_mutex_destroy(&c->lock);
	free(c->text);
	free(c->hint);
	free(c->peer);
	free(c->identity);
	free(c->fix);
	c->magic = 0;
	free(c);
}

void rpc_call_unref(struct rpc_call *c)
{
	must(c->magic == CALL_MAGIC);
	if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
		free_call(c);
}

void rpc_call_hand_over(struct rpc_call *c, struct rpc_event *e)
{
	rpc_inbox_push(c->owner->inbox, e);
}

/* `batches` was counted under the lock by the caller. An error from core here is a broken rule of
 * ours, never the peer's doing. */
void rpc_call_batch(struct rpc_call *c, const grpc_op *ops, size_t n, struct rpc_tag *tag)
{
	rpc_tag_give(tag);
	must(grpc_call_start_batch(c->core, ops, n, tag, NULL) == GRPC_CALL_OK);
}

void rpc_call_batch_done(struct rpc_call *c)
{
	bool last;

	pthread_mutex_lock(&c->lock);
	c->batches--;
	last = c->over && c->batches == 0 && !c->handed;
	c->handed = c->handed || last;
	pthread_mutex_unlock(&c->lock);
	if (last)
		rpc_call_hand_over(c, &c->closed_event);
}

static void ended(struct rpc_tag *tag, bool ok)
{
	struct rpc_call *c = rpc_owner(tag, struct rpc_call, end_tag);

	(void)ok;
	must(c->magic == CALL_MAGIC);
	pthread_mutex_lock(&c->lock);
	c->over = true;
	rpc_call_drop_queue(c);
	pthread_mutex_unlock(&c->lock);
	rpc_call_batch_done(c);
}

static void start_terminal(struct rpc_call *c)
{
	grpc_op op = { 0 };

	if (c->client) {
		op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
		op.data.recv_status_on_client.trailing_metadata = &c->trailers;
		op.data.recv_status_on_client.status = &c->status;
		op.data.recv_status_on_client.status_details = &c->status_text;
	} else {
		op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
		op.data.recv_close_on_server.cancelled = &c->cancelled;
	}
	rpc_call_batch(c, &op, 1, &c->end_tag);
}

void rpc_call_start(struct rpc_call *c)
{
	pthread_mutex_lock(&c->lock);
	c->started = true;
	c->batches++;
	pthread_mutex_unlock(&c->lock);
	start_terminal(c);
	/* Streams announce themselves; one message takes its headers along. */
	pthread_mutex_lock(&c->lock);
	c->header_wanted = c->method && rpc_call_sends_stream(c);
	rpc_call_pump(c);
}

void rpc_call_list(struct rpc_call *c)
{
	c->listed = true;
	c->next = c->owner->calls;
	if (c->next)
		c->next->prev = c;
	c->owner->calls = c;
}

static void unlist(struct rpc_call *c)
{
	if (!c->listed)
		return;
	if (c->prev)
		c->prev->next = c->next;
	else
		c->owner->calls = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->listed = false;
}

void rpc_call_fail(struct rpc_call *c, enum rpc_code code, const char *text)
{
	pthread_mutex_lock(&c->lock);
	c->over = c->handed = true;
	c->code = code;
	c->text = mem_strdup(text);
	pthread_mutex_unlock(&c->lock);
	rpc_call_hand_over(c, &c->closed_event);
}

static enum rpc_code server_outcome(struct rpc_call *c, const char **ret_text)
{
	if (!c->cancelled && c->final_sent) {
		*ret_text = c->text ? c->text : "";
		return c->code;
	}
	if (clock_boot().ns >= c->deadline_ns) {
		*ret_text = "the deadline of the caller passed";
		return RPC_DEADLINE;
	}
	*ret_text = "cancelled, or the connection is gone";
	return RPC_CANCELLED;
}

static enum rpc_code client_outcome(struct rpc_call *c, const char **ret_text)
{
	scoped(freep) char *text = grpc_slice_to_c_string(c->status_text);
	enum rpc_code code = (enum rpc_code)c->status;

	c->fix = rpc_status_fix(&c->trailers);
	if (code == RPC_OK && !rpc_call_receives_stream(c) && !c->got_message) {
		*ret_text = "the server answered OK without a message";
		return RPC_INTERNAL;
	}
	free(c->text);
	c->text = rpc_status_explain(code, text, c->owner->address);
	*ret_text = c->text;
	return code;
}

void rpc_call_closed(struct rpc_event *e)
{
	struct rpc_call *c = rpc_owner(e, struct rpc_call, closed_event);
	struct rpc_call_owner *owner = c->owner;
	const char *text = c->text;
	enum rpc_code code = c->code;

	must(c->magic == CALL_MAGIC);
	if (c->started)
		code = c->client ? client_outcome(c, &text) : server_outcome(c, &text);
	if (c->handler->closed)
		c->handler->closed(c, code, text);
	unlist(c);
	if (c->core)
		grpc_call_unref(c->core);
	c->core = NULL;
	rpc_call_unref(c);
	rpc_uncount(calls_live, 1);
	atomic_fetch_sub(&owner->live, 1);
	owner->call_gone(owner);
}

/* What the user of a call asks about it. */

struct rpc_server *rpc_call_server(const struct rpc_call *c)
{
	return c->server;
}

void *rpc_data(const struct rpc_call *c)
{
	return c->data;
}

void rpc_set_data(struct rpc_call *c, void *data)
{
	c->data = data;
}

uint64_t rpc_deadline_ns(const struct rpc_call *c)
{
	return c->deadline_ns;
}

const char *rpc_fix(const struct rpc_call *c)
{
	return c->fix;
}

/* Core's form is a URI: "ipv4:1.2.3.4:5", "ipv6:%5B::1%5D:5", "unix:/path". */
static char *plain_address(const char *uri)
{
	char *text = mem_strdup(strncmp(uri, "ipv4:", 5) && strncmp(uri, "ipv6:", 5) ? uri : uri + 5);
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (strncmp(from, "%5B", 3) == 0 || strncmp(from, "%5D", 3) == 0) {
			*to++ = from[2] == 'B' ? '[' : ']';
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return text;
}

const char *rpc_peer(const struct rpc_call *c)
{
	struct rpc_call *own = (struct rpc_call *)(uintptr_t)c; /* fills a cache */
	char *uri;

	if (c->peer || !c->core)
		return c->peer ? c->peer : c->owner->address;
	uri = grpc_call_get_peer(c->core);
	own->peer = plain_address(uri);
	gpr_free(uri);
	return c->peer;
}

static char *property(const grpc_auth_context *context, const char *name)
{
	grpc_auth_property_iterator i = grpc_auth_context_find_properties_by_name(context, name);
	const grpc_auth_property *p = grpc_auth_property_iterator_next(&i);

	if (!p || memchr(p->value, '\0', p->value_length))
		return NULL; /* a name with a NUL inside would compare as another one */
	return mem_printf("%.*s", (int)p->value_length, p->value);
}

const char *rpc_identity(const struct rpc_call *c)
{
	struct rpc_call *own = (struct rpc_call *)(uintptr_t)c; /* fills a cache */
	grpc_auth_context *context;

	if (c->identity || !c->core)
		return c->identity;
	context = grpc_call_auth_context(c->core);
	if (context && grpc_auth_context_peer_is_authenticated(context)) {
		own->identity = property(context, GRPC_PEER_DNS_PROPERTY_NAME);
		if (!own->identity)
			own->identity = property(context, GRPC_X509_CN_PROPERTY_NAME);
	}
	if (context)
		grpc_auth_context_release(context);
	return c->identity;
}
