/* SPDX-License-Identifier: Apache-2.0 */
/* Scaling.ListPolicies: every policy of both kinds, how it stands, and the conditions of an HPA. */
#ifndef AGGREGATOR_SERVE_POLICIES_H
#define AGGREGATOR_SERVE_POLICIES_H

#include <stddef.h>

#include "rpc/rpc.h"

extern const struct rpc_method serve_policies_methods[];
extern const size_t serve_policies_n;

#endif
