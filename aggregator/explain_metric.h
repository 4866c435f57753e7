/* SPDX-License-Identifier: Apache-2.0 */
/* What a metric of a ScalingPolicy is called, what was measured of it, and what it asks for, in words and numbers. Pure. */
#ifndef AGGREGATOR_EXPLAIN_METRIC_H
#define AGGREGATOR_EXPLAIN_METRIC_H

#include <stddef.h>

#include "base/buf.h"
#include "decide/policy.h"
#include "decide/verdict.h"

struct record;       /* aggregator/record.h */
struct view_replica; /* decide/view.h */

#define EXPLAIN_METRIC 32 /* bytes of its name or of a value */

/* Into EXPLAIN_METRIC bytes: "cpu", "run queue", "p95"; "60 %", "30 ms". */
void explain_metric_name(const struct policy_metric *of, char *ret);
void explain_metric_target(const struct policy_metric *of, char *ret);
void explain_metric_value(const struct policy_metric *of, const struct verdict_metric *m, char *ret);
/* The metric that asked for most, "cpu 84 % > 60 %", "p95 320 ms > 30 ms"; empty when none was known. */
void explain_metric_trigger(const struct policy *p, const struct verdict *d, char *ret, size_t size);
/* Of a metric, some lines. */
void explain_metric(struct buf *to, const struct record *r, size_t i);
/* How many requests a replica answered, when the policy has a latency. */
void explain_metric_took(struct buf *to, const struct policy *p, const struct view_replica *v);

#endif
