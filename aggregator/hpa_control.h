/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HorizontalPodAutoscaler at work: what it remembers from pass to pass, and the pass itself, from a view to
 * an outcome. The scaler runs it with live data, a record with recorded data; both get the same. No clock, no
 * I/O; only hpa_control_new() and a larger workload than before allocate.
 */
#ifndef AGGREGATOR_HPA_CONTROL_H
#define AGGREGATOR_HPA_CONTROL_H

#include "aggregator/hpa_manifest.h"
#include "decide/hpa_sight.h"
#include "decide/hpa_step.h"
#include "decide/policy.h"
#include "decide/verdict.h"

#define HPA_CONTROL_PERIOD_LEAST_S 1 /* so many passes can lie in the longest window, an hour, … */
#define HPA_CONTROL_RECOMMENDATIONS (3600 / HPA_CONTROL_PERIOD_LEAST_S + 2)
#define HPA_CONTROL_CHANGES (1800 / HPA_CONTROL_PERIOD_LEAST_S + 2) /* … and in the longest policy's period */

/* What Kubernetes' controller manager defaults to. */
extern const struct hpa_config hpa_control_defaults;

struct hpa_control {
	struct hpa_config config;
	struct hpa_state state, before; /* now, and before the newest pass */
	struct hpa_sight sight;         /* of the newest pass; its view is gone unless the caller keeps it */
	void *room;
	size_t n_room;                  /* replicas */
	struct hpa_outcome outcome;
	uint64_t next_ns;               /* the scaler's: when the next is due */
	const char *selects, *rivals;   /* the scaler's, for the next; see hpa_sight_rule. */
};

struct hpa_control *hpa_control_new(void);
struct hpa_control *hpa_control_free(struct hpa_control *c); /* NULL is fine; returns NULL */
/* One pass. `scale_error` as in hpa_step.h; p has the window and what counts as fresh. */
void hpa_control_pass(struct hpa_control *c, const struct hpa_manifest *m, const struct policy *p,
		      const struct view *v, uint32_t current, const char *scale_error);
/* The change that the pass wanted was made; `error`: or why not. */
void hpa_control_done(struct hpa_control *c, const struct hpa_manifest *m, uint64_t now_ns, const char *error);

/* The newest outcome in the terms of a verdict: what is ordered. Kubernetes' own decision stays as it is; the fleet's budget
 * in the view it was made on may leave less of it. */
void hpa_control_verdict(const struct hpa_control *c, const struct view *v, struct verdict *ret);
/* What asked for it: "cpu 84 % > 60 %". */
void hpa_control_trigger(const struct hpa_control *c, const struct hpa_manifest *m, char *ret, size_t size);

scope_define(struct hpa_control, hpa_control_free)

#endif
