/* SPDX-License-Identifier: Apache-2.0 */
/* What was decided and every number it stands on, so that a person can recompute it. */
#ifndef DECIDE_VERDICT_H
#define DECIDE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/policy.h"

/* X(enumerator, word, meaning): one word a verdict, stable: scripts and records rely on it. */
#define VERDICT_REASONS(X) \
	X(STEADY, "steady", "no metric asks for another number") \
	X(METRIC, "metric", "a metric asks for this number") \
	X(STABILIZED, "stabilized", "a recommendation inside the stabilization window holds it back") \
	X(STEP_LIMIT, "step-limit", "a step goes no further at once") \
	X(MIN, "min", "minReplicas") \
	X(MAX, "max", "maxReplicas") \
	X(STALE, "stale", "samples are older than 3 periods: never a reason to shrink") \
	X(COVERAGE, "coverage", "too few replicas have fresh samples: never a reason to shrink") \
	X(BLIND, "blind", "nothing was measured: nothing changes") \
	X(WARMING, "warming", "replicas asked for have not shown up yet") \
	X(PAUSED, "paused", "a person paused it") \
	X(SILENCE, "silence", "much of the fleet is or lately was silent: never a reason to shrink") \
	X(STRAINED, "strained", "it waits for something: low use is not idleness") \
	X(PACE, "pace", "it shrinks by at most max(4, 10 %) in its period") \
	X(UNFILLED, "unfilled", "most of the replicas ordered before have not shown up: no more are ordered") \
	X(NO_GAIN, "no-gain", "two steps up did not bring the metric down: more replicas do not help") \
	X(SETTLING, "settling", "replicas went away a moment ago: what the others took over is not measured yet") \
	X(YOUNG, "young", "replicas that just began: what they use is no reason to change") \
	X(AMBIGUOUS, "ambiguous", "another policy scales its replicas, too: nothing changes") \
	X(BUDGET, "budget", "fleet budget: all policies together have added their replicas of this minute, the rest waits its turn")

enum verdict_reason {
#define X(id, word, meaning) VERDICT_##id,
	VERDICT_REASONS(X)
#undef X
};

struct verdict_metric {
	bool known;                /* latency: also that there were enough requests to tell */
	uint32_t measured;         /* replicas with a fresh value */
	uint32_t missing;          /* replicas without */
	uint32_t young;            /* measured, but younger than policy.young_ns */
	uint64_t sum_milli;        /* CPU: cores used by the measured ones, in milli */
	uint64_t request_milli;    /* CPU: what they requested together */
	uint32_t value_percent;    /* measured value, truncated */
	uint32_t target_percent;
	uint64_t requests;         /* latency: answered by the measured ones in their windows, */
	uint64_t answered_milli;   /* and how many that is in 1000 s; */
	uint32_t value_us;         /* the quantile of how long they took; value_percent is its share of the target */
	uint32_t imputed_percent;  /* value after missing replicas were filled in */
	uint32_t young_percent;    /* that with the young as busy as the missing; 0: there are none, or it does not shrink */
	uint32_t asks;             /* replicas this metric asks for, before any limit */
	uint64_t oldest_ns;        /* age of the oldest sample in it */
};

struct verdict {
	uint32_t from, to;
	enum verdict_reason reason;
	int trigger;               /* index of the metric that asked for most, -1: none */
	uint32_t asked;            /* by that metric */
	uint32_t stabilized;       /* after the windows */
	uint32_t coverage_permille;
	uint32_t lacks;            /* what the fleet's budget took off */
	struct verdict_metric metric[POLICY_METRICS];
};

const char *verdict_word(enum verdict_reason r);
const char *verdict_meaning(enum verdict_reason r);

#endif
