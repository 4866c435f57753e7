/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the scaler: what comes of a look at one policy's replicas. A change is written down and ordered, or advised
 * where the mode is Observe; its outcome follows when the hook ends. What changes nothing is told. Loop-thread-only.
 */
#ifndef AGGREGATOR_SCALER_ACT_H
#define AGGREGATOR_SCALER_ACT_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/decide.h"

#define SCALER_DEPOSED "another aggregator has taken over the state directory"

struct scaler_workload; /* aggregator/scaler.h */

struct scaler_look { /* what one step was given */
	struct policy policy; /* as it holds now: only who may act this instant enforces */
	struct view view;
	uint32_t current;
	struct decide_state before;
	const char *scale_error; /* of an HPA */
	bool paused;
};

void scaler_act(struct scaler_workload *w, const struct scaler_look *l); /* on w->verdict */

#endif
