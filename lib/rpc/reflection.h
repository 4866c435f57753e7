/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/rpc: server reflection, v1 and v1alpha (their messages have the same bytes). */
#ifndef RPC_REFLECTION_H
#define RPC_REFLECTION_H

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "rpc/rpc.h"

#define RPC_REFLECTION_METHODS 2u
extern const struct rpc_method rpc_reflection_methods[RPC_REFLECTION_METHODS];

struct rpc_reflection;
struct rpc_reflection *rpc_reflection_new(struct rpc_span set,
					  const struct rpc_method *const *methods, size_t n);
void rpc_reflection_free(struct rpc_reflection *r);

/* The answer to one request: `send` is called exactly once with a response that borrows from both
 * and lives until send() returns. Pure, so that it can be fuzzed. */
void rpc_reflection_answer(const struct rpc_reflection *r,
			   const Grpc__Reflection__V1__ServerReflectionRequest *q,
			   void (*send)(const Grpc__Reflection__V1__ServerReflectionResponse *a,
					void *data),
			   void *data);

#endif
