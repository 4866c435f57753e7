/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the demo asks its daemons, one question at a time, and puts into the report: is there a sample, what was decided,
 * and at the begin and the end what both have counted. Nothing here blocks; no answer is no error.
 */
#ifndef DEMO_QUESTION_H
#define DEMO_QUESTION_H

#include "demo/run_state.h"

/* In RUN_START, each tick: once the workload is sampled, goes on by itself to the agent's counters and r->answered(). */
void question_first_sample(struct run *r);
void question_news(struct run *r); /* in RUN_LOAD, each tick: new decisions are shown */
/* In RUN_COLLECT: the agent's and the aggregator's counters and the last decisions, then r->answered(). */
void question_last(struct run *r);

#endif
