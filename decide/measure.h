/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One metric of one view: its value, and how many replicas it asks for. Each kind is a share of something: CPU used
 * of CPU requested, time spent waiting of the time a CPU was wanted, a latency of its target. As the Kubernetes
 * HorizontalPodAutoscaler does it (pkg/controller/podautoscaler/replica_calculator.go):
 *
 *	value = 100 x sum / whole, truncated, over the replicas with a fresh sample
 *	asks  = ceil(replicas x value / target), unless value / target is within the tolerance
 *
 * A replica that is younger than young_ns still does the work of starting up: it counts at nothing when
 * the metric wants more replicas. One without a fresh sample is filled in against the direction: at nothing when the metric
 * wants more replicas, at max(100 %, target) when it wants fewer. If that turns the direction round,
 * or asks for less of a change than none, the metric asks for what there is.
 *
 * When it wants fewer, the young count as those without a sample do, too. That is no recommendation but a bound
 * (measure_least()): the window remembers what was asked for without it.
 *
 * A latency (decide/latency.h) only asks for more: however short requests are, that says nothing of how many replicas
 * would be too few. At its target or below it asks for nothing, and objects to nothing.
 */
#ifndef DECIDE_MEASURE_H
#define DECIDE_MEASURE_H

#include "decide/policy.h"
#include "decide/verdict.h"
#include "decide/view.h"

/* `looked_ns`: how long replicas have been looked at. Those that were there first are not young. */
void measure(const struct policy *p, size_t metric, const struct view *v, uint32_t current,
	     uint64_t looked_ns, struct verdict_metric *ret);
bool measure_young(const struct policy *p, const struct view_replica *r, uint64_t looked_ns); /* when it was measured */
void measure_note(struct verdict_metric *m, const struct view_replica *r, bool is_measured, bool young); /* counts it */
/* Whether what it asks for counts: it is known, and no latency that is content. */
bool measure_speaks(const struct policy *p, size_t metric, const struct verdict_metric *m);
/* Below that it would shrink because of those that just began; 0: any number will do. */
uint32_t measure_least(const struct policy *p, const struct verdict_metric *m, uint32_t current);
/* For whoever tells a person: the two rules above. `value` and `target` in percent. */
bool measure_within_tolerance(const struct policy *p, uint64_t value, uint64_t target);
uint32_t measure_filled_percent(const struct verdict_metric *m); /* what a missing replica counts as */
/* Replicas with a fresh sample of it, in permille of all; 0 when there is no replica. While a node is silent
 * all are those it is set to: the ones that are not seen may run there. While more are seen than it is set to, all are
 * those that stay, and the missing ones are among them. */
uint32_t measure_coverage(const struct view *v, uint32_t current, const struct verdict_metric *m);

#endif
