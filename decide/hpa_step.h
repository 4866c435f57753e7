/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass of a HorizontalPodAutoscaler over its workload, as Kubernetes 1.36's controller makes it
 * (podautoscaler/horizontal.go, reconcileAutoscaler): evaluate every metric, combine them, normalize, say
 * what to set, and keep status, conditions and events. Pure: no clock, no I/O, no allocation, no log;
 * milli-units and milliseconds. What is kept from pass to pass is the caller's and changed in place.
 *
 * hpa_step() decides. When it wants a change, the caller makes it and tells hpa_step_done() how that went.
 */
#ifndef DECIDE_HPA_STEP_H
#define DECIDE_HPA_STEP_H

#include "decide/hpa_normalize.h"
#include "decide/hpa_spec.h"
#include "decide/hpa_status.h"

#define HPA_EVENTS (HPA_METRICS + 4) /* one a metric that failed, and what comes of it */

struct hpa_input {
	int64_t now_ms;
	const char *scale_error; /* the scale could not be had; nothing below counts then. NULL: it could */
	struct hpa_scale scale;
	const char *selector;       /* of its pods; "": none */
	const char *selector_error; /* it cannot be read; NULL: it can */
	const char *rivals;         /* all that scale its pods, "[shop/a shop/b]"; NULL: this one alone does */
	size_t n_pods;
	const struct hpa_pod *pod;
	const struct hpa_answer *answer; /* one a metric of the spec */
};

struct hpa_state { /* zero `status`; `memory` needs its rooms */
	struct hpa_memory memory;
	struct hpa_status status;
};

struct hpa_event {
	bool warning;
	const char *reason; /* static */
	char message[HPA_TEXT];
};

struct hpa_outcome {
	bool blind;   /* no metric can be relied on: nothing changes */
	bool rescale; /* set the scale to `to`, then call hpa_step_done() */
	int32_t from, to;
	char reason[HPA_TEXT]; /* of the change, as its event says it */
	char error[HPA_TEXT];  /* what reconcile returns; "": none. Some metrics failing does not stop a change. */
	bool status_changed;   /* Kubernetes writes it then */
	size_t n_events;
	struct hpa_event event[HPA_EVENTS];

	/* For whoever explains it: */
	bool evaluated;                            /* the metrics were asked */
	struct hpa_proposal proposal[HPA_METRICS]; /* of each, when evaluated */
	int metric;                                /* the index of the one that won; -1: none */
	int32_t wanted;                            /* by it */
	bool is_normalized;
	struct hpa_normalized normalized;

	struct hpa_status before; /* scratch */
};

void hpa_step(const struct hpa_spec *spec, const struct hpa_config *config, const struct hpa_input *in,
	      struct hpa_state *state, struct hpa_outcome *ret);
/* `error`: why the scale could not be set; NULL: it was. */
void hpa_step_done(const struct hpa_spec *spec, const struct hpa_config *config, int64_t now_ms,
		   const char *error, struct hpa_state *state, struct hpa_outcome *outcome);

#endif
