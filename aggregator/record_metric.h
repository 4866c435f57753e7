/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of a policy, and what was measured of each, as JSON and back: parts of every record. Pure. */
#ifndef AGGREGATOR_RECORD_METRIC_H
#define AGGREGATOR_RECORD_METRIC_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "decide/policy.h"
#include "decide/verdict.h"

json_t *record_metric_target_json(const struct policy_metric *m);
json_t *record_metric_json(const struct policy_metric *of, const struct verdict_metric *m);
/* -EINVAL: a value is missing or out of its range, or this version does not know the metric. */
int record_metric_read_target(const json_t *o, struct policy_metric *m, struct err *e);
int record_metric_read(const json_t *o, struct verdict_metric *m, struct err *e);
bool record_metric_same(const struct verdict_metric *a, const struct verdict_metric *b);

#endif
