/* SPDX-License-Identifier: Apache-2.0 */
/* Scaling.ListRecommendations: what each VerticalPodAutoscaler recommends now. */
#ifndef AGGREGATOR_SERVE_RECOMMENDATIONS_H
#define AGGREGATOR_SERVE_RECOMMENDATIONS_H

#include <stddef.h>

#include "rpc/rpc.h"

extern const struct rpc_method serve_recommendations_methods[];
extern const size_t serve_recommendations_n;

#endif
