/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guards that a clock ends: how long each still holds, 0: no longer. What decide_step() goes by, and whoever tells a
 * person how long a hold may last. Pure.
 */
#ifndef DECIDE_WAIT_H
#define DECIDE_WAIT_H

#include "decide/decide.h"

/* Of `most_ns` since then; `since_ns` is not in the future. */
uint64_t wait_left(uint64_t since_ns, uint64_t most_ns, uint64_t now_ns);

uint64_t wait_warming(const struct view *v, const struct decide_state *s);  /* for ordered replicas to be seen */
uint64_t wait_silence(const struct view *v, const struct decide_state *s);  /* after much of the fleet was silent */
/* After replicas went away: the mean of a window reaches back to when there were more to share the work. */
uint64_t wait_settling(const struct policy *p, const struct view *v, const struct decide_state *s);
/* What the reason of a verdict that changes nothing waits for, unless that comes again meanwhile; 0: for no clock.
 * `after`: the state behind the step. */
uint64_t wait_held(const struct policy *p, const struct view *v, const struct decide_state *after,
		   const struct verdict *d);

#endif
