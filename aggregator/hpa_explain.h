/* SPDX-License-Identifier: Apache-2.0 */
/* An HPA's decision in words and numbers, so that a person can recompute it with nothing but the text. Pure. */
#ifndef AGGREGATOR_HPA_EXPLAIN_H
#define AGGREGATOR_HPA_EXPLAIN_H

#include "base/buf.h"
#include "base/err.h"

struct decision; /* aggregator/store/decisions.h */

/* As explain_decision(), of a record that hpa_record_is(). */
int hpa_explain_decision(const struct decision *x, const char *record, struct buf *to, struct err *e);

#endif
