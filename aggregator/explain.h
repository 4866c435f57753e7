/* SPDX-License-Identifier: Apache-2.0 */
/* A decision in words and numbers, so that a person can recompute it with nothing but the text. Pure. */
#ifndef AGGREGATOR_EXPLAIN_H
#define AGGREGATOR_EXPLAIN_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "decide/policy.h"
#include "decide/verdict.h"

struct decision; /* aggregator/store/decisions.h */

/* The metric that asked for most, "cpu 84 % > 60 %"; empty when none was known. */
void explain_trigger(const struct policy *p, const struct verdict *d, char *ret, size_t size);
/* Adds the text, several lines. Negative errno with *e filled: its record cannot be read. */
int explain_decision(const struct decision *x, const char *record, struct buf *to, struct err *e);

#endif
