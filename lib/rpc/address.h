/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/rpc: where a server listens. A unix socket is bound by core in a private directory
 * beside its place, given its group and mode there and moved into place, so that nobody can connect before
 * the mode is right and a stale file is replaced in one step.
 */
#ifndef RPC_ADDRESS_H
#define RPC_ADDRESS_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

struct rpc_address {
	char *text;    /* "unix:/path" or "host:port" */
	const char *path; /* of a unix socket, inside text; NULL: TCP */
	mode_t mode;
	gid_t group;      /* 0: as it comes */
	int port;         /* TCP, once bound */
	dev_t dev;        /* the socket file that is ours, */
	ino_t ino;        /* 0: none */
};

void rpc_address_init(struct rpc_address *a, const char *text, mode_t mode, gid_t group);
void rpc_address_done(struct rpc_address *a); /* removes the socket file if it is still ours */
/* Binds it as a port of `core`. `again`: a former listener of ours is to be replaced. */
int rpc_address_bind(struct rpc_address *a, grpc_server *core, grpc_server_credentials *creds,
		     bool again, struct err *e);

#endif
