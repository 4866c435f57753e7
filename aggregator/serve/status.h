/* SPDX-License-Identifier: Apache-2.0 */
/* Status.Get: who this aggregator is, every counter of metrics.def, and what a person should know. */
#ifndef AGGREGATOR_SERVE_STATUS_H
#define AGGREGATOR_SERVE_STATUS_H

#include "rpc/rpc.h"

extern const struct rpc_method serve_status_methods[];
extern const size_t serve_status_n;

#endif
