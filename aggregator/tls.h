/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates the aggregator shows and whom it trusts, from its options. */
#ifndef AGGREGATOR_TLS_H
#define AGGREGATOR_TLS_H

#include "aggregator/options.h"
#include "base/err.h"
#include "rpc/rpc.h"

/* -EINVAL with *e: options that contradict each other. */
int tls_options(const struct aggregator_options *o, struct err *e);
/* Makes what is missing in --tls-dir, renews what is about to expire; lib/rpc notices changed files. */
int tls_ensure(const struct aggregator_options *o, struct err *e);
/* All NULL with --insecure. The caller frees with tls_done(). */
struct rpc_tls tls_server(const struct aggregator_options *o);
struct rpc_tls tls_to_agents(const struct aggregator_options *o);
void tls_done(struct rpc_tls *t);

#endif
