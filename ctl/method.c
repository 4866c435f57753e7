/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/method.h"

#define METHOD(path, kind, in, out)                                                                \
	{                                                                                          \
		"/plimsoll.v1." path, kind, &plimsoll__v1__##in##__descriptor,                     \
			&plimsoll__v1__##out##__descriptor, NULL, 0                                \
	}

const struct rpc_method method_status =
	METHOD("Status/Get", RPC_UNARY, status_request, status_response);
const struct rpc_method method_watch_metrics =
	METHOD("Metrics/Watch", RPC_SERVER_STREAM, query, batch);
const struct rpc_method method_list_workloads =
	METHOD("Scaling/ListWorkloads", RPC_UNARY, list_workloads_request, list_workloads_response);
const struct rpc_method method_watch_workloads =
	METHOD("Scaling/WatchWorkloads", RPC_SERVER_STREAM, list_workloads_request,
	       list_workloads_response);
const struct rpc_method method_list_decisions =
	METHOD("Scaling/ListDecisions", RPC_UNARY, list_decisions_request, list_decisions_response);
const struct rpc_method method_watch_decisions =
	METHOD("Scaling/WatchDecisions", RPC_SERVER_STREAM, list_decisions_request, decision);
const struct rpc_method method_list_policies =
	METHOD("Scaling/ListPolicies", RPC_UNARY, list_policies_request, list_policies_response);
const struct rpc_method method_list_recommendations = METHOD(
	"Scaling/ListRecommendations", RPC_UNARY, list_recommendations_request, list_recommendations_response);
const struct rpc_method method_list_edges =
	METHOD("Edges/List", RPC_UNARY, list_edges_request, list_edges_response);
const struct rpc_method method_explain =
	METHOD("Scaling/Explain", RPC_UNARY, explain_request, explain_response);
const struct rpc_method method_pause =
	METHOD("Scaling/Pause", RPC_UNARY, pause_request, pause_response);
const struct rpc_method method_resume =
	METHOD("Scaling/Resume", RPC_UNARY, resume_request, resume_response);
