/* SPDX-License-Identifier: Apache-2.0 */
/* One metric of an HPA's decision in words and numbers, for aggregator/hpa_explain.c. */
#ifndef AGGREGATOR_HPA_EXPLAIN_METRIC_H
#define AGGREGATOR_HPA_EXPLAIN_METRIC_H

#include "aggregator/hpa_record.h"
#include "base/buf.h"

/* `r` was replayed, and its metrics were asked. */
void hpa_explain_metric(struct buf *to, const struct hpa_record *r, size_t i);

#endif
