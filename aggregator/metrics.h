/* SPDX-License-Identifier: Apache-2.0 */
/* The aggregator's counters: M_<id> for each row of metrics.def, and the table that holds them. */
#ifndef AGGREGATOR_METRICS_H
#define AGGREGATOR_METRICS_H

#include "aggregator/store/batch.h"
#include "base/metric.h"

enum {
#define METRIC(id, ...) M_##id,
#include "aggregator/metrics.def"
#undef METRIC
	AGGREGATOR_METRICS
};

extern const struct metric_table aggregator_metric_table;

#define aggregator_count(id, by)  metric_add(&aggregator_metric_table, M_##id, by)
#define aggregator_set(id, value) metric_set(&aggregator_metric_table, M_##id, value)
#define aggregator_get(id)	  metric_get(&aggregator_metric_table, M_##id)

struct aggregator;
/* Brings in what others count: the store, ingest, lib/rpc and the kernel. Before every rendering. */
void aggregator_metrics_refresh(const struct aggregator *a);

#endif
