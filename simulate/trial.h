/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One policy against one trace: every second the plant goes on, and the decider that the aggregator would run is
 * asked, a ScalingPolicy every second, a HorizontalPodAutoscaler every 15 s. Policies are taken as if their mode were
 * Enforce. Rates are means over the policy's window of what replicas used, as the store has it; a silent second of the
 * trace is heard of by nobody. What is ordered is there at once and serves after the plant's start-up.
 */
#ifndef SIMULATE_TRIAL_H
#define SIMULATE_TRIAL_H

#include "aggregator/manifest.h"
#include "simulate/plant.h"
#include "simulate/trace.h"

#define TRIAL_HPA_PERIOD_S 15u
#define TRIAL_WHY	   512u /* of the long sentences of Kubernetes */
#define TRIAL_FLAP_S	   300u /* a change against one that is younger than this is a flap */

struct trial_point { /* a second */
	uint16_t replicas, serving, need; /* need: what would keep the SLO */
	bool missed;
};

struct trial {
	uint64_t replica_s, missed_s;  /* replicas x time; seconds that missed the SLO */
	uint64_t need_s;               /* what would have kept the SLO, x time */
	uint64_t excess_s, lack_s;     /* replicas above, and serving ones below that, x time */
	uint32_t ups, downs, flaps;
	uint32_t reactions, reaction_mean_ms, reaction_worst_s; /* from a miss to the next order up */
	uint32_t least, most;
	uint32_t looks, blind;         /* how often it was asked; of these, knew no metric */
	char why_blind[TRIAL_WHY];     /* the last time, in its words; "": it never was */
	struct trial_point *point;     /* one a second of the trace */
	uint32_t seconds;
};

/* What one replica of the policy requests; 0: nobody says. */
uint64_t trial_request_milli(const struct manifest *m);
/* Whether an HPA has a target that is a share of it: without one it knows nothing, whatever a replica can carry. */
bool trial_needs_request(const struct manifest *m);
/* `progress`, if there is one, is called a hundred times. *ret is for trial_done(). */
void trial_run(const struct manifest *m, const struct trace *t, const struct plant_model *model,
	       void (*progress)(uint32_t percent, void *data), void *data, struct trial *ret);
void trial_done(struct trial *t);

#endif
