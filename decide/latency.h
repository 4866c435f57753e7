/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metric latency: how long the requests took that a workload answered, as a quantile over all replicas together.
 * Their histograms are added up; inside a bucket the quantile is linear, so it is off by a third at the most, and what
 * took longer than the last bucket's lower bound (8.4 s) counts as that.
 *
 * The quantile of a few requests is one of them, and says nothing of the next: under LATENCY_REQUESTS, or with under
 * LATENCY_ABOVE that took longer, the value is not known. The replicas are measured nevertheless: few requests are no
 * blindness, and no reason not to shrink. Where nobody hears requests nothing is measured.
 *
 * When it is above its target, young replicas' requests do not count, and neither they nor those that were not measured
 * are multiplied:
 *	imputed = value of the others x the others / all, so that replicas x imputed = the others x their value
 * Part of measure(); pure, and without floats.
 */
#ifndef DECIDE_LATENCY_H
#define DECIDE_LATENCY_H

#include "base/hist.h"
#include "decide/policy.h"
#include "decide/verdict.h"
#include "decide/view.h"

#define LATENCY_REQUESTS 20u /* fewer are a handful that anything can hold up */
#define LATENCY_ABOVE    2u  /* one slow request alone must not be the quantile: 40 for p95, 200 for p99 */

struct latency { /* requests */
	uint64_t count[HIST_BUCKETS], all;
	uint64_t milli; /* of them in 1000 s; each replica by its own window */
};

void latency_add(struct latency *l, const uint32_t took[HIST_BUCKETS], uint64_t took_ns);
uint32_t latency_least(uint32_t quantile_percent); /* requests that a quantile needs */
/* False: there are too few. */
bool latency_quantile(const struct latency *l, uint32_t quantile_percent, uint32_t *ret_us);

/* Fills everything but `asks`; *m is zeroed but for its target. */
void latency_measure(const struct policy *p, size_t metric, const struct view *v, uint64_t looked_ns,
		     struct verdict_metric *m);

#endif
