/* SPDX-License-Identifier: Apache-2.0 */
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "rpc/call.h"
#include "rpc/tls.h"

#define CLIENT_MAGIC 0x72636c69u
#define BACKOFF_MIN_NS (200 * CLOCK_NS_PER_MS)
#define BACKOFF_MAX_NS (10 * CLOCK_NS_PER_S)
/* What one attempt to connect may take: an aggregator that 5,000 agents come back to at once needs
 * about 16 s for their handshakes on two cores, and giving up in between only makes more of them. */
#define ATTEMPT_MS 30000

struct rpc_client {
	unsigned magic;
	struct rpc_call_owner owner;
	char *address;
	grpc_channel *channel;
	grpc_channel_credentials *creds; /* shared */
	bool closing;
	struct rpc_event close_event;
	void (*done)(void *data);
	void *done_data;
};

static void maybe_done(struct rpc_client *c)
{
	void (*done)(void *) = c->done;
	void *data = c->done_data;

	if (!c->closing || atomic_load(&c->owner.live) > 0)
		return;
	grpc_channel_destroy(c->channel);
	rpc_tls_client_done(c->creds);
	rpc_inbox_close(c->owner.inbox);
	free(c->address);
	c->magic = 0;
	free(c);
	if (done)
		done(data);
}

static void call_gone(struct rpc_call_owner *o)
{
	maybe_done(rpc_owner(o, struct rpc_client, owner));
}

static int backoff_ms(uint64_t wanted_ns, uint64_t otherwise_ns)
{
	return (int)((wanted_ns ? wanted_ns : otherwise_ns) / CLOCK_NS_PER_MS);
}

static grpc_channel *new_channel(const struct rpc_client_options *o, size_t max_message,
				 grpc_channel_credentials *creds)
{
	char *name = (char *)(uintptr_t)o->tls.server_name;
	grpc_arg args[] = {
#define NUMBER(key_, number) { .type = GRPC_ARG_INTEGER, .key = key_, .value.integer = (number) }
		NUMBER(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)(2 * max_message)),
		/* A dead server is noticed after 50 s at most, and only while calls are open. */
		NUMBER(GRPC_ARG_KEEPALIVE_TIME_MS, o->no_keepalive ? INT_MAX : 30000),
		NUMBER(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000),
		NUMBER(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 0),
		NUMBER(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
		NUMBER(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
		       backoff_ms(o->backoff_min_ns, BACKOFF_MIN_NS)),
		NUMBER(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, ATTEMPT_MS),
		NUMBER(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
		       backoff_ms(o->backoff_max_ns, BACKOFF_MAX_NS)),
		/* No TXT look-ups, no hidden retries, no proxy from the environment: this is one
		 * machine talking to another of the same owner. */
		NUMBER(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
		NUMBER(GRPC_ARG_ENABLE_RETRIES, 0),
		NUMBER(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
		/* Two clients never share a connection, so never a certificate. */
		NUMBER(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
		NUMBER(GRPC_ARG_ENABLE_CHANNELZ, 0),
		NUMBER(GRPC_ARG_HTTP2_BDP_PROBE, 0),
#undef NUMBER
		{ .type = GRPC_ARG_STRING, .key = GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
		  .value.string = name },
		{ .type = GRPC_ARG_STRING, .key = GRPC_ARG_DEFAULT_AUTHORITY,
		  .value.string = name },
	};
	size_t n = sizeof(args) / sizeof(args[0]) - (name ? 0 : 2);
	grpc_channel_args all = { n, args };

	return grpc_channel_create(o->address, creds, &all);
}

static void cancel_all(struct rpc_event *e)
{
	struct rpc_client *c = rpc_owner(e, struct rpc_client, close_event);

	must(c->magic == CLIENT_MAGIC);
	c->closing = true;
	for (struct rpc_call *call = c->owner.calls; call; call = call->next)
		rpc_cancel(call);
	maybe_done(c);
}

int rpc_client_new(struct loop *l, const struct rpc_client_options *o, struct rpc_client **ret_c,
		   struct err *e)
{
	grpc_channel_credentials *creds = NULL;
	struct rpc_client *c;
	int r;

	(void)rpc_queue(); /* before anything else of core's */
	r = rpc_tls_client(&o->tls, &creds, e);
	if (r < 0)
		return r;
	c = mem_new(struct rpc_client);
	c->magic = CLIENT_MAGIC;
	c->address = mem_strdup(o->address);
	c->owner.inbox = rpc_inbox_open(l);
	c->owner.max_message = o->max_message ? o->max_message : RPC_MAX_MESSAGE;
	c->owner.address = c->address;
	c->owner.call_gone = call_gone;
	c->close_event.deliver = cancel_all;
	c->channel = new_channel(o, c->owner.max_message, creds);
	c->creds = creds;
	*ret_c = c;
	return 0;
}

/* By way of the inbox, so that done() never comes inside this call. */
void rpc_client_close(struct rpc_client *c, void (*done)(void *data), void *data)
{
	must(c->magic == CLIENT_MAGIC && !c->done && !c->closing);
	c->done = done;
	c->done_data = data;
	rpc_inbox_push(c->owner.inbox, &c->close_event);
}

static gpr_timespec deadline(uint64_t timeout_ns)
{
	if (!timeout_ns)
		return gpr_inf_future(GPR_CLOCK_MONOTONIC);
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
			    gpr_time_from_nanos((int64_t)timeout_ns, GPR_TIMESPAN));
}

struct rpc_call *rpc_open(struct rpc_client *c, const struct rpc_method *m,
			  const struct rpc_handler *h, uint64_t timeout_ns, bool wait_for_ready,
			  void *data)
{
	struct rpc_call *call = rpc_call_new(m, h, &c->owner);

	must(c->magic == CLIENT_MAGIC && call);
	call->client = true;
	call->data = data;
	rpc_call_list(call);
	if (c->closing) {
		rpc_call_fail(call, RPC_UNAVAILABLE, "this client is closing");
		return call;
	}
	if (timeout_ns)
		call->deadline_ns = clock_boot().ns + timeout_ns;
	if (wait_for_ready)
		call->header_flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY |
				     GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET;
	call->core = grpc_channel_create_call(c->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
					      rpc_queue(), grpc_slice_from_static_string(m->path),
					      NULL, deadline(timeout_ns), NULL);
	rpc_call_start(call);
	rpc_call_receive(call);
	return call;
}
