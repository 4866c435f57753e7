/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run measured. Every number comes from a daemon's Status or Scaling service or is a count of
 * real processes; what could not be measured stays unknown and is printed as null or "?".
 */
#ifndef DEMO_REPORT_H
#define DEMO_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "plimsoll/v1/scaling.pb-c.h"
#include "plimsoll/v1/status.pb-c.h"

#define REPORT_STEPS 4096     /* load steps remembered: a day of them */
#define REPORT_DECISIONS 1000 /* what one ListDecisions is asked for */

struct report_value {
	bool known;
	double value;
};

enum report_agent { AGENT_CONTAINERS, AGENT_SAMPLES, AGENT_CPU_S, AGENT_RSS, AGENT_BPF_NS, AGENT_VALUES };
enum report_aggregator {
	AGGREGATOR_AGENTS,
	AGGREGATOR_BATCHES,
	AGGREGATOR_ROWS,
	AGGREGATOR_GAPS,
	AGGREGATOR_REFUSED,
	AGGREGATOR_RSS,
	AGGREGATOR_VALUES,
};

struct report_decision {
	char id[32], workload[128], reason[32], trigger[128], outcome[160];
	uint32_t from, to;
	clock_wall_t time;
	bool after_step;   /* false: before the first load step, so these mean nothing: */
	uint64_t delay_ns; /* since the load step before it */
	uint64_t step_ns;  /* when that was */
	const char *step;  /* its name; NULL: none */
	bool first;        /* the first one up since the step, of those that want one: "cpu" and "slow" */
};

struct report {
	uint64_t elapsed_ns;
	struct report_value agent_begin[AGENT_VALUES], agent_end[AGENT_VALUES];
	uint64_t agent_begin_ns, agent_end_ns; /* boottime of the two, for the CPU share */
	struct report_value aggregator[AGGREGATOR_VALUES];
	bool decisions_known;
	size_t n_decisions;
	struct report_decision *decision; /* owned; oldest first */
	uint32_t replicas_min, replicas_max, replicas_final;
	size_t n_steps;
	uint64_t step_ns[REPORT_STEPS]; /* boottime of each load step */
	const char *step_name[REPORT_STEPS];
	struct report_value p95_s, p95_most_s; /* of requests, as the aggregator said last, and at most */
};

void report_done(struct report *r);
void report_step(struct report *r, const char *name, clock_boot_t at); /* the name is static */
/* p95 of the last seconds, as now told; what is not known changes nothing. */
void report_latency(struct report *r, const Plimsoll__V1__Value *p95_ns);
void report_replicas(struct report *r, uint32_t replicas); /* as counted now; 0 is not counted */
void report_agent(struct report_value ret[AGENT_VALUES], const Plimsoll__V1__StatusResponse *s);
void report_aggregator(struct report_value ret[AGGREGATOR_VALUES],
		       const Plimsoll__V1__StatusResponse *s);
/* Replaces the decisions by those of the answer, which comes newest first. */
void report_decisions(struct report *r, const Plimsoll__V1__ListDecisionsResponse *l);

void report_json(const struct report *r, const char *workload, FILE *to); /* one line */
void report_text(const struct report *r, FILE *to);

#endif
