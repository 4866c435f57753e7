/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything above gRPC core; no grpc/ header is included by users of this file. A poller thread
 * receives, decodes and sends; every callback runs on the loop thread, in order, never nested.
 *
 * Rules: (1) an rpc_call is made by this layer and valid from open() until closed() returns;
 * (2) closed() comes exactly once, also after a refused or failed call (on a server only after open()); (3) a message is the layer's
 * after message() unless kept with rpc_msg_keep(); (4) kept and undelivered messages count against
 * max_inflight, and above it nothing more is read from that call: that is the back-pressure;
 * (5) everything here is loop-thread-only; nothing blocks; (6) servers are stopped and clients closed,
 * with their done() come, before loop_free().
 */
#ifndef RPC_RPC_H
#define RPC_RPC_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

struct rpc_server;
struct rpc_call;
struct rpc_client;
struct rpc_msg;    /* a decoded message and the arena it lives in */
struct rpc_packed; /* a serialised message, reference counted, for fan-out */

struct rpc_span {
	const uint8_t *p;
	size_t n;
};

enum rpc_kind { RPC_UNARY, RPC_CLIENT_STREAM, RPC_SERVER_STREAM, RPC_BIDI };

enum rpc_code { /* gRPC's own numbers */
	RPC_OK = 0,
	RPC_CANCELLED = 1,
	RPC_UNKNOWN = 2,
	RPC_INVALID = 3,
	RPC_DEADLINE = 4,
	RPC_NOT_FOUND = 5,
	RPC_EXISTS = 6,
	RPC_DENIED = 7,
	RPC_EXHAUSTED = 8,
	RPC_PRECONDITION = 9,
	RPC_ABORTED = 10,
	RPC_OUT_OF_RANGE = 11,
	RPC_UNIMPLEMENTED = 12,
	RPC_INTERNAL = 13,
	RPC_UNAVAILABLE = 14,
	RPC_DATA_LOSS = 15,
	RPC_UNAUTHENTICATED = 16,
};
const char *rpc_code_name(enum rpc_code code); /* "UNAVAILABLE" */

/* Any member may be NULL. */
struct rpc_handler {
	/* Server only; not RPC_OK refuses the call (rpc_finish() first, to say why). */
	enum rpc_code (*open)(struct rpc_call *c);
	void (*message)(struct rpc_call *c, struct rpc_msg *m);
	/* Server, client streams and bidi: the client sends no more. Not after a lost connection. */
	void (*half_closed)(struct rpc_call *c);
	void (*writable)(struct rpc_call *c);    /* the send queue fell below half of RPC_SEND_QUEUE */
	void (*closed)(struct rpc_call *c, enum rpc_code code, const char *message);
};

struct rpc_method {
	const char *path; /* "/plimsoll.v1.Metrics/Watch" */
	enum rpc_kind kind;
	const ProtobufCMessageDescriptor *request, *response;
	const struct rpc_handler *handler; /* server side */
	uint32_t max_inflight;             /* 0: RPC_INFLIGHT */
};

#define RPC_SEND_QUEUE 64u          /* messages waiting in one call before rpc_send says -ENOBUFS */
#define RPC_INFLIGHT 16u            /* decoded messages waiting for the loop in one call */
#define RPC_MAX_MESSAGE (4u << 20)  /* bytes; a node's full second is far below */
#define RPC_MAX_ARENA (32u << 20)   /* decoded size of one message: the decode-bomb guard */
#define RPC_MAX_STREAMS 64u         /* concurrent calls a connection */
#define RPC_MAX_CALLS 20000u        /* concurrent calls a server */

struct rpc_tls {           /* all NULL: plain text */
	const char *cert, *key, *ca; /* PEM files, watched: a changed pair is used for new connections */
	bool require_client_cert;    /* server */
	const char *server_name;     /* client: the name the certificate must carry, NULL: the host */
};

/* Whether `text` is "unix:PATH" or a host and a port from 0 (any free one) to 65535; looks nothing up.
 * -EINVAL with "OPTION: ... is no address". */
int rpc_address_check(const char *option, const char *text, struct err *e);
/* 0: nothing is at that path, or a socket nobody listens on. -EADDRINUSE: somebody does; -EEXIST: it is no socket. */
int rpc_address_free(const char *path, struct err *e);
/* The same of one that is connected to, which has no port 0. */
int rpc_address_check_peer(const char *option, const char *text, struct err *e);

struct rpc_server_options {
	const char *address; /* "unix:/run/plimsoll/agent.sock", "0.0.0.0:9461", "[::]:9461" */
	struct rpc_tls tls;
	const struct rpc_method *methods;
	size_t n_methods;
	struct rpc_span descriptors; /* FileDescriptorSet; empty: no reflection */
	void *data;                  /* rpc_server_data() */
	mode_t socket_mode;          /* unix sockets: chmod to this, 0: 0600 */
	gid_t socket_group;          /* unix sockets: of this group, 0: of this process's */
	uint32_t max_message, max_calls; /* 0: the limits above */
	uint64_t connection_age_ns;      /* 0: 1 h; connections are then asked to reconnect */
};

/* Borrows methods and descriptors, copies the rest. Serves health and (given descriptors) reflection
 * too; all services are SERVING at first. Blocks for a moment only when it fails. -EADDRINUSE and friends with *e filled. A stale
 * unix socket that nobody listens on is replaced. */
int rpc_server_start(struct loop *l, const struct rpc_server_options *o, struct rpc_server **ret_s,
		     struct err *e);
int rpc_server_port(const struct rpc_server *s); /* the bound TCP port (":0" picks one), 0 for unix */
void *rpc_server_data(const struct rpc_server *s);
void rpc_server_set_serving(struct rpc_server *s, const char *service, bool serving);
/* GOAWAY, calls finished with UNAVAILABLE "shutting down", cancelled after grace_ns; then done(), when
 * the server is freed. Once only. */
void rpc_server_stop(struct rpc_server *s, uint64_t grace_ns, void (*done)(void *data), void *data);

struct rpc_counters { /* since start, all servers and clients of the process */
	uint64_t calls_opened, calls_refused, calls_live;
	uint64_t messages_received, messages_sent, bytes_received, bytes_sent;
	uint64_t decode_errors, too_large, unknown_methods, send_queue_full;
	uint64_t accept_errors;    /* core 1.51 stops listening after one: we re-listen and count it */
	uint64_t handshake_errors; /* plain text to a TLS port, bad or missing certificates */
};
void rpc_counters(struct rpc_counters *ret);

struct rpc_server *rpc_call_server(const struct rpc_call *c); /* NULL on the client side */
void *rpc_data(const struct rpc_call *c);
void rpc_set_data(struct rpc_call *c, void *data);
const char *rpc_peer(const struct rpc_call *c);     /* address text */
/* From the peer's verified certificate: its first DNS name, else its common name; NULL: none. */
const char *rpc_identity(const struct rpc_call *c);
uint64_t rpc_deadline_ns(const struct rpc_call *c); /* CLOCK_BOOTTIME; UINT64_MAX: none */
/* Client, during closed(): what the peer's rich error suggests to do; NULL: nothing. */
const char *rpc_fix(const struct rpc_call *c);

/* Serialises now, borrows the message. 0, -ENOBUFS (queue full: nothing queued), -EPIPE (call over,
 * finished, half-closed or cancelled; or a second message where the kind has one). A server's answer
 * to RPC_UNARY and RPC_CLIENT_STREAM leaves together with rpc_finish(). */
int rpc_send(struct rpc_call *c, const ProtobufCMessage *m);
struct rpc_packed *rpc_pack(const ProtobufCMessage *m);
struct rpc_packed *rpc_pack_bytes(const uint8_t *bytes, size_t n); /* already serialised; copied */
struct rpc_packed *rpc_packed_ref(struct rpc_packed *p);
void rpc_packed_unref(struct rpc_packed *p); /* NULL is fine */
struct rpc_span rpc_packed_bytes(const struct rpc_packed *p);
int rpc_send_packed(struct rpc_call *c, struct rpc_packed *p);
size_t rpc_send_queued(const struct rpc_call *c); /* waiting, and the one core is sending */

/* Server: ends the call after what is queued; idempotent; `message` and `fix` may be NULL, `fix` goes
 * into the rich error (google.rpc.Status with Help). Nothing but closed() is delivered after it. A
 * peer that has stopped reading never sees it: rpc_cancel() is for such. */
void rpc_finish(struct rpc_call *c, enum rpc_code code, const char *message, const char *fix);
void rpc_send_done(struct rpc_call *c); /* client: half-closes after what is queued */
void rpc_cancel(struct rpc_call *c); /* nothing but closed() is delivered after it */

const ProtobufCMessage *rpc_msg_get(const struct rpc_msg *m);
size_t rpc_msg_size(const struct rpc_msg *m); /* bytes on the wire */
struct rpc_msg *rpc_msg_keep(struct rpc_msg *m); /* may outlive its call */
void rpc_msg_release(struct rpc_msg *m);         /* NULL is fine */

struct rpc_client_options {
	const char *address; /* as for servers */
	struct rpc_tls tls;
	uint32_t max_message;
	uint64_t backoff_min_ns, backoff_max_ns; /* of the connection; 0: 200 ms and 10 s, with jitter */
	bool no_keepalive; /* ask no open call whether its peer is still there: some servers refuse that as too often */
};

int rpc_client_new(struct loop *l, const struct rpc_client_options *o, struct rpc_client **ret_c,
		   struct err *e); /* connects when the first call is made */
/* Cancels its calls; done() after the last closed(). */
void rpc_client_close(struct rpc_client *c, void (*done)(void *data), void *data);

/* Never NULL: a failure comes as closed(). timeout_ns 0: none. wait_for_ready: queue the call while
 * the peer is away instead of failing it with UNAVAILABLE. For RPC_UNARY and RPC_SERVER_STREAM the
 * caller sends one message and the layer half-closes. */
struct rpc_call *rpc_open(struct rpc_client *c, const struct rpc_method *m,
			  const struct rpc_handler *h, uint64_t timeout_ns, bool wait_for_ready,
			  void *data);

/* Once per process, before the first server or client: blocks signals in core's threads, raises
 * RLIMIT_NOFILE to its hard limit, routes core's log to `log` (any thread; NULL: silent). */
void rpc_init(void (*log)(int severity, const char *text));
void rpc_shutdown(void); /* after every server and client is gone */

#endif
