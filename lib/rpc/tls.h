/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/rpc: credentials from files that core watches, so that a renewed certificate is used for
 * new connections without a restart. What is wrong inside a certificate is lib/pki's to say; here
 * only unreadable files are refused. A broken pair that appears later is ignored by core, which
 * goes on with the old one.
 */
#ifndef RPC_TLS_H
#define RPC_TLS_H

#include <grpc/grpc_security.h>

#include "rpc/rpc.h"

#define RPC_TLS_RELOAD_S 5u /* how often core looks at the files */

int rpc_tls_server(const struct rpc_tls *t, grpc_server_credentials **ret_c, struct err *e);
/* Shared by all clients with the same files: core watches each set of files with a thread of its own.
 * Loop thread. Give it back by rpc_tls_client_done(); the caller's channel keeps what it needs. */
int rpc_tls_client(const struct rpc_tls *t, grpc_channel_credentials **ret_c, struct err *e);
void rpc_tls_client_done(grpc_channel_credentials *c);

#endif
