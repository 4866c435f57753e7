/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the decider: every tick, for each policy, store → view → decide_step() → record → actuator. A
 * decision is written down before its actuator is called. One order a workload runs at a time; after
 * a failed one the next waits, 1 s at first and 60 s at last. While a workload is paused, while its
 * order runs or waits, and in mode Observe, the decider goes on looking, so that its windows have no
 * hole. An aggregator whose state directory another one has taken over orders nothing (I7). Who waits for the
 * fleet's budget is looked at first (aggregator/budget.h). What one look does is in aggregator/scaler_step.c,
 * what comes of it in aggregator/scaler_act.c.
 *
 * A HorizontalPodAutoscaler is looked at each hpa_period_ns, and not while its order runs, as Kubernetes does;
 * its rates are means since the pass before. Loop-thread-only, never blocks but on the decisions file (store/ledger.h).
 */
#ifndef AGGREGATOR_SCALER_H
#define AGGREGATOR_SCALER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/budget.h"
#include "aggregator/hold.h"
#include "aggregator/manifest.h"
#include "aggregator/rivals.h"
#include "aggregator/standing.h"
#include "aggregator/store/decisions.h"
#include "base/clock.h"
#include "decide/decide.h"

#define SCALER_RETRY_LEAST_NS CLOCK_NS_PER_S
#define SCALER_RETRY_MOST_NS  (60 * CLOCK_NS_PER_S)
#define SCALER_HPA_PERIOD_NS (15 * CLOCK_NS_PER_S) /* as kube-controller-manager's sync period */
#define SCALER_HPA_WINDOW_LEAST_NS (3 * CLOCK_NS_PER_S) /* a mean over less is mostly noise */

struct act;
struct hpa_control; /* aggregator/hpa_control.h */
struct loop;
struct store;
struct store_workload;

struct scaler_workload { /* one policy with what it selects; others only read it */
	struct scaler *scaler;
	struct manifest manifest;
	struct store_workload *workload;
	struct decide_state state;
	struct hpa_control *hpa;      /* NULL: a ScalingPolicy; else `state` is not used */
	struct rivals rivals;
	struct standing standing;
	struct budget_turn turn;
	struct act *act;
	uint64_t acting;              /* id of the decision whose order runs; 0: none */
	uint64_t retry_ns, backoff_ns;/* not before this boottime, after a failure */
	bool judged;                  /* `verdict` is there */
	struct verdict verdict;       /* the newest */
	uint32_t observed;            /* Observe: what was recorded last; 0: nothing */
	enum verdict_reason told;     /* the last hold that was told */
	struct decision last;         /* id 0: none was ever made */
	struct hold hold;
};

struct scaler {
	struct loop *loop;
	struct store *store;
	struct decisions *decisions;
	struct scaler_workload **item; /* in the order of the manifests */
	size_t n;
	clock_boot_t now; /* of the newest tick */
	struct budget budget;   /* set its a_minute */
	struct budget_turn **line; /* of the items, in the order in which they are looked at */
	uint64_t hpa_period_ns; /* between two passes of one HPA; SCALER_HPA_PERIOD_NS unless it is set */
	/* A decision whose outcome is known; or one that changes nothing (id 0), when its reason is new. */
	void (*decided)(const struct decision *x, void *data);
	void *data;
};

struct scaler *scaler_new(struct loop *l, struct store *s, struct decisions *d);
struct scaler *scaler_free(struct scaler *s); /* NULL is fine; returns NULL */
/* What was ordered in the last minute, by a run before this one, counts. */
void scaler_remember(struct scaler *s, clock_boot_t now);
/* Takes the manifests over (leaves *m empty). A policy whose name, cgroup and actuator are those of
 * one that is there keeps its windows and its running order. */
void scaler_set(struct scaler *s, struct manifests *m);
void scaler_tick(struct scaler *s, clock_boot_t now);
size_t scaler_waiting(const struct scaler *s, const char **ret_first); /* for the budget: how many, and the first */
const struct scaler_workload *scaler_find(const struct scaler *s, const char *name); /* or NULL */

#endif
