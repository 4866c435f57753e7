/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/rpc: what a server is made of. */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include "rpc/address.h"
#include "rpc/health.h"
#include "rpc/listener.h"
#include "rpc/reflection.h"

struct rpc_server {
	unsigned magic;
	struct loop *loop;
	struct rpc_inbox *inbox;
	void *data;
	struct rpc_address address;
	struct rpc_tls tls;             /* owns its strings */
	size_t max_message, max_calls;
	uint64_t connection_age_ns;
	_Atomic size_t live;            /* calls of all listeners */
	const struct rpc_method **methods; /* sorted by path; does not change while it runs */
	size_t n_methods;
	struct rpc_listener *listeners; /* the newest first */
	struct rpc_listener *current;   /* NULL: between two */
	struct rpc_health *health;
	struct rpc_reflection *reflection; /* NULL: none */

	struct loop_timer *relisten;
	struct rpc_event accept_event;
	struct rpc_server *next_known;  /* under the lock of server.c */
	bool accept_told;               /* same */

	bool stopping;
	struct loop_timer *grace;
	void (*done)(void *data);
	void *done_data;
};

const struct rpc_method *rpc_server_method(const struct rpc_server *s, const char *path);
bool rpc_server_stopping(const struct rpc_server *s);
void rpc_server_link(struct rpc_server *s, struct rpc_listener *l);
void rpc_server_unlink(struct rpc_server *s, struct rpc_listener *l);
void rpc_server_maybe_done(struct rpc_server *s);

#endif
