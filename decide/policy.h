/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator asked for, as plain values (aggregator/manifest reads them from YAML). Field names
 * and defaults follow the HorizontalPodAutoscaler v2 where it has the same thing.
 */
#ifndef DECIDE_POLICY_H
#define DECIDE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_METRICS 8
#define POLICY_NAME 64

enum policy_metric_kind {
	POLICY_CPU,  /* CPU used as a share of cpu_request_milli, in percent */
	POLICY_RUNQ, /* run-queue saturation in percent: of the time a CPU was wanted, the share spent waiting */
	POLICY_LATENCY, /* a quantile of how long requests took, in percent of its target */
};

struct policy_metric {
	enum policy_metric_kind kind;
	uint32_t target_percent; /* 1 … 1000 (CPU), 1 … 99 (run queue), 100 (latency) */
	uint32_t quantile_percent; /* latency: which, 50, 95 or 99 */
	uint32_t target_us;        /* latency: the target itself, > 0 */
};

struct policy {
	char name[POLICY_NAME];
	bool enforce;                     /* false: Observe, the actuator is not called */
	uint32_t min_replicas;            /* 1 … max; 0 is for later */
	uint32_t max_replicas;            /* 1 … 10000 */
	uint64_t cpu_request_milli;       /* of one replica; > 0 when a POLICY_CPU metric is there */
	uint32_t tolerance_permille;      /* 100: within 10 % of the target nothing changes */
	uint64_t window_ns;               /* rates are means over this, 1 s … 60 s */
	uint64_t up_stabilization_ns;     /* 0 … 1 h; default 0 */
	uint64_t down_stabilization_ns;   /* 0 … 1 h; default 300 s */
	uint64_t fresh_ns;                /* a sample older than this is missing, unless its agent is slow; 3 s */
	uint64_t up_period_ns;            /* it grows by at most one step in this; 0: with every decision */
	uint64_t down_period_ns;          /* it shrinks by at most max(DECIDE_STEP, … */
	uint32_t down_permille;           /* … this share) in that; 0 ns: without such a bound */
	uint64_t young_ns;                /* a replica younger than this is no reason to change anything */
	uint32_t min_coverage_permille;   /* below it nothing shrinks; default 900 */
	size_t n_metrics;                 /* 1 … POLICY_METRICS */
	struct policy_metric metric[POLICY_METRICS];
};

static inline bool policy_has(const struct policy *p, enum policy_metric_kind kind)
{
	for (size_t i = 0; i < p->n_metrics; i++)
		if (p->metric[i].kind == kind)
			return true;
	return false;
}

#endif
