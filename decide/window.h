/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stabilization windows: what was asked for lately holds a change back. Growth takes the least that
 * was asked for in its window, shrinking the most (HorizontalPodAutoscaler v2, spec.behavior). The
 * memory has DECIDE_MEMORY entries; each stands for a part of the longest window and keeps both
 * extremes, so a recommendation counts for at most one part longer than its window.
 * The same memory says what the workload was set to, for what is allowed in one period.
 */
#ifndef DECIDE_WINDOW_H
#define DECIDE_WINDOW_H

#include "decide/decide.h"

/* Remembers `asked`. The very first time `current` counts as asked for before, so that a decider that
 * knows no past does not shrink at once. */
void window_remember(const struct policy *p, struct decide_state *s, uint64_t now_ns,
		     uint32_t current, uint32_t asked);
/* What may be done now: between `current` and `asked`. */
uint32_t window_stabilize(const struct policy *p, const struct decide_state *s, uint64_t now_ns,
			  uint32_t current, uint32_t asked);
/* How long a window still keeps it at `current`, if nothing more is asked for that does; 0: none does. */
uint64_t window_held(const struct policy *p, const struct decide_state *s, uint64_t now_ns, uint32_t current,
		     uint32_t asked);

/* The least and the most it was set to in the last period_ns, `current` included. 0 ns: `current`. */
uint32_t window_least(const struct policy *p, const struct decide_state *s, uint64_t now_ns,
		      uint64_t period_ns, uint32_t current);
uint32_t window_most(const struct policy *p, const struct decide_state *s, uint64_t now_ns,
		     uint64_t period_ns, uint32_t current);
/* How long the least (`up`), or the most, still counts as what it was set to. */
uint64_t window_paced(const struct policy *p, const struct decide_state *s, uint64_t now_ns, uint64_t period_ns,
		      uint32_t current, bool up);

#endif
