/* SPDX-License-Identifier: Apache-2.0 */
/* A decision in words and numbers, so that a person can recompute it with nothing but the text. Pure. */
#ifndef AGGREGATOR_EXPLAIN_H
#define AGGREGATOR_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "decide/policy.h"
#include "decide/verdict.h"

struct decision;     /* aggregator/store/decisions.h */
struct view;         /* decide/view.h */
struct view_replica;

/* Parts of a text, for aggregator/hpa_explain too: two spaces and a label, so that all lines begin in one column; and
 * what is left to say of a replica, or of how old a sample may be, to the end of its line. */
void explain_line(struct buf *to, const char *label);
/* "8.40"; what is rounded differently only because of its last bits has them, too. */
void explain_product(struct buf *to, double x);
void explain_fresh(struct buf *to, const struct policy *p, const struct view *v);
void explain_cpu(struct buf *to, const struct view_replica *v);
void explain_sample(struct buf *to, const struct view_replica *v);
/* Adds the text, several lines. Negative errno with *e filled: its record cannot be read. */
int explain_decision(const struct decision *x, const char *record, struct buf *to, struct err *e);

#endif
