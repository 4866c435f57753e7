/* SPDX-License-Identifier: Apache-2.0 */
/* What an HPA remembers, and what came of a pass, as JSON: parts of a record. Pure. */
#ifndef AGGREGATOR_HPA_RECORD_STATE_H
#define AGGREGATOR_HPA_RECORD_STATE_H

#include <jansson.h>

#include "aggregator/hpa_control.h"
#include "base/err.h"

json_t *hpa_record_state_json(const struct hpa_state *s);
/* Into a state that has its rooms; texts stay those of `o`. */
int hpa_record_state_read(const json_t *o, struct hpa_state *ret, struct err *e);
/* The newest outcome with the conditions behind it. */
json_t *hpa_record_state_outcome(const struct hpa_control *c);
/* Of that, what a verdict is made of. */
int hpa_record_state_read_outcome(const json_t *o, struct hpa_outcome *ret, struct err *e);

#endif
