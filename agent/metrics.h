/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's counters: M_<id> for each row of metrics.def, and the table that holds them. */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H

#include "base/metric.h"

enum {
#define METRIC(id, ...) M_##id,
#include "agent/metrics.def"
#undef METRIC
	AGENT_METRICS
};

extern const struct metric_table agent_metric_table;

#define agent_count(id, by)   metric_add(&agent_metric_table, M_##id, by)
#define agent_set(id, value)  metric_set(&agent_metric_table, M_##id, value)
#define agent_get(id)	      metric_get(&agent_metric_table, M_##id)

#endif
