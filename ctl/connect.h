/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon to ask. Opening only reads certificates and the address; the connection is made by the first
 * call. Calls run the loop until they end, so they block, at most for --timeout; streams as long as
 * they last. Errors: -EHOSTUNREACH when no daemon answers, -EOPNOTSUPP when it does not know the
 * method, -EINVAL for addresses and certificates; else -EREMOTEIO with
 * the daemon's own words made safe for a terminal, -EAGAIN if it may do it later.
 */
#ifndef CTL_CONNECT_H
#define CTL_CONNECT_H

#include "ctl/options.h"
#include "rpc/rpc.h"

#define CONNECT_AGGREGATOR "/run/plimsoll/aggregator.sock"
#define CONNECT_AGENT	   "/run/plimsoll/agent.sock"

struct connect;

/* `address` NULL: what --server says, else the first well-known socket that is there. */
int connect_open(const struct ctl_options *o, const char *address, struct connect **ret_c,
		 struct err *e);
struct connect *connect_free(struct connect *c); /* cancels what is open; NULL is fine; returns NULL */
static inline void connect_freep(struct connect **c)
{
	connect_free(*c);
}
void connect_shutdown(void); /* once, before main() returns */

const char *connect_address(const struct connect *c);
struct loop *connect_loop(struct connect *c);
struct rpc_client *connect_client(struct connect *c);

/* The answer is the caller's: rpc_msg_release(). */
int connect_ask(struct connect *c, const struct rpc_method *m, const ProtobufCMessage *request,
		struct rpc_msg **ret_answer, struct err *e);
int connect_status(struct connect *c, struct rpc_msg **ret_answer, struct err *e);
/* Reads a stream until `each` says false or `for_ns` have passed (0: no end); both are 0. Asks for the
 * daemon's status first, so that a stream in which nothing happens is known to be one. */
int connect_follow(struct connect *c, const struct rpc_method *m, const ProtobufCMessage *request,
		   uint64_t for_ns, bool (*each)(const ProtobufCMessage *m, void *data), void *data,
		   struct err *e);
/* Why a call that the caller opened itself ended; valid during its closed(). Returns the code. */
int connect_explain(const struct connect *c, const struct rpc_call *call, enum rpc_code code,
		    const char *text, struct err *e);

/* "unix:/x" and "host:9461" of what a person wrote: "/x", "host". The caller frees. */
int connect_parse(const char *text, char **ret_address, struct err *e);

#endif
