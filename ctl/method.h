/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of plimsoll.v1 that the CLI makes. */
#ifndef CTL_METHOD_H
#define CTL_METHOD_H

#include "plimsoll/v1/metrics.pb-c.h"
#include "plimsoll/v1/scaling.pb-c.h"
#include "plimsoll/v1/status.pb-c.h"
#include "rpc/rpc.h"

extern const struct rpc_method method_status, method_watch_metrics, method_list_workloads,
	method_watch_workloads, method_list_decisions, method_watch_decisions, method_list_policies, method_list_recommendations, method_list_edges, method_explain,
	method_pause, method_resume;

#endif
