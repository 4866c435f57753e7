/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rest of the Scaling service: Explain a decision, Pause and Resume a workload. A pause is flushed
 * to the disk before it is answered, so it blocks as long as the disk takes (store/decisions.h).
 */
#ifndef AGGREGATOR_SERVE_SCALING_H
#define AGGREGATOR_SERVE_SCALING_H

#include "rpc/rpc.h"

extern const struct rpc_method serve_scaling_methods[];
extern const size_t serve_scaling_n;

#endif
