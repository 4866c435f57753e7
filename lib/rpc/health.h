/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/rpc: grpc.health.v1. Every service of the method table, and "" for the whole server,
 * serves from the start until told otherwise. */
#ifndef RPC_HEALTH_H
#define RPC_HEALTH_H

#include "rpc/rpc.h"

#define RPC_HEALTH_METHODS 2u
extern const struct rpc_method rpc_health_methods[RPC_HEALTH_METHODS];

struct rpc_health;
struct rpc_health *rpc_health_new(const struct rpc_method *const *methods, size_t n);
void rpc_health_set(struct rpc_health *h, const char *service, bool serving);
void rpc_health_stop(struct rpc_health *h); /* all NOT_SERVING, and it stays so */
void rpc_health_free(struct rpc_health *h);

#endif
