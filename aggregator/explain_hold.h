/* SPDX-License-Identifier: Apache-2.0 */
/* Part of explain: what is told of why nothing changes, which nodes say nothing and for how long it holds. Pure. */
#ifndef AGGREGATOR_EXPLAIN_HOLD_H
#define AGGREGATOR_EXPLAIN_HOLD_H

#include "aggregator/record.h"
#include "base/buf.h"

/* What is left of the clock that the record's reason waits for; 0: it changes something, or waits for none. */
uint64_t explain_hold_ns(const struct record *r);
void explain_hold_left(struct buf *to, uint64_t ns); /* a line of its own; 0: nothing */
/* Lines of their own, if there is something to say: on which nodes replicas have no fresh sample, … */
void explain_hold_missing(struct buf *to, const struct policy *p, const struct view *v);
void explain_hold_fleet(struct buf *to, const struct view *v); /* … and how much of the fleet is silent */

#endif
