/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/metrics.h"

static const struct metric_desc rows[] = {
#define METRIC(id, kind, unit, scale, help) {#id, METRIC_##kind, unit, scale, help},
#include "agent/metrics.def"
#undef METRIC
};

static _Atomic uint64_t values[AGENT_METRICS];

const struct metric_table agent_metric_table = {rows, values, AGENT_METRICS};
