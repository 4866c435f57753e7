/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing, one step at a time. A step up is *open* until more than half of what it added is there and one
 * window of the policy has passed since (with slow agents: all that counts was measured since); then it is judged:
 *	expected = value before x replicas before / replicas now
 *	useless: value now > (value before + expected) / 2, so it brought less than half of what was expected
 * While a step is open no more is ordered (I10), but for what completes it: the first second of a load shows part
 * of it, so an open step may grow to what one step could have been, when the replicas that were there before, and
 * no other, ask for it. After DECIDE_GAIN_STEPS useless ones in a row nothing grows for DECIDE_GAIN_NS (I11). A step
 * is not held against a workload that is short of CPU or waits, for what one replica can use is bounded and its use
 * need not fall; and the hold ends when the metric has risen by half since.
 *
 * A latency has no such bound: it is judged also when the workload waits, for a dependency say, that more replicas do
 * not make faster; and only when those that came are not young any more, for it falls when they serve. But where requests wait for their turn and the queue is cut off at some length, those that are answered
 * took as long as before until there are enough replicas. So a step helped, too, when it brought half of the requests a
 * second that it should:
 *	answered now >= answered before x (1 + replicas now / replicas before) / 2
 * Part of decide_step(); pure.
 */
#ifndef DECIDE_GAIN_H
#define DECIDE_GAIN_H

#include "decide/decide.h"

/* First in a step, after the metrics were measured: judges what can be judged. */
void gain_look(const struct policy *p, const struct view *v, const struct verdict *d, struct decide_state *s);
/* Why it must not grow now; VERDICT_STEADY: it may. */
enum verdict_reason gain_forbids(const struct policy *p, const struct view *v, const struct verdict *d,
				 const struct decide_state *s);
/* A step up was ordered, or the open one was completed. */
void gain_begin(const struct policy *p, const struct view *v, const struct verdict *d, struct decide_state *s);
/* What may be ordered while a step is open: as much as one step could have been. UINT32_MAX: none is. */
uint32_t gain_most(const struct policy *p, const struct view *v, const struct decide_state *s);
/* How long the open step may stay so, if its replicas come; 0: none is open. */
uint64_t gain_open(const struct policy *p, const struct view *v, const struct decide_state *s);
/* On the average fresh replica; permille of the time. */
uint32_t gain_strain(const struct policy *p, const struct view *v);

#endif
