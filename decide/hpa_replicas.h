/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many replicas one metric proposes, before any limit, bit for bit as Kubernetes 1.36
 * (pkg/controller/podautoscaler/replica_calculator.go; metrics/utilization.go). int64 milli-units; a
 * ratio is a float64, and a replica count the ceiling of one.
 */
#ifndef DECIDE_HPA_REPLICAS_H
#define DECIDE_HPA_REPLICAS_H

#include "decide/hpa_pods.h"
#include "decide/hpa_view.h"

enum hpa_source { HPA_RESOURCE, HPA_CONTAINER_RESOURCE, HPA_PODS, HPA_OBJECT, HPA_EXTERNAL };
enum hpa_target {
	HPA_UTILIZATION,
	HPA_AVERAGE_VALUE,
	HPA_VALUE,
	HPA_NO_TARGET /* Kubernetes takes some manifests whose target does not fit, and fails on them later */
};

struct hpa_metric {
	enum hpa_source source;
	enum hpa_target target;
	const char *name;        /* of the resource or the metric */
	const char *container;   /* HPA_CONTAINER_RESOURCE */
	const char *object_kind, *object_name; /* HPA_OBJECT */
	const char *selector;    /* HPA_OBJECT and HPA_EXTERNAL: its labels as Go prints them, "nil" without */
	int32_t utilization;     /* percent of the request */
	int64_t milli;           /* the other two targets */
};

struct hpa_scale { /* of the scale subresource */
	int32_t spec, status;
};

struct hpa_tolerance { /* ratio - 1 and 1 - ratio within them change nothing */
	double up, down;
};

struct hpa_timing { /* controller flags, and now */
	int64_t now_ms, cpu_initialization_ms, initial_readiness_ms;
};

enum hpa_failure {
	HPA_NO_FAILURE,
	HPA_WITHOUT_TARGET,
	HPA_FETCH_FAILED,   /* the metrics API returned an error */
	HPA_NO_ITEMS,       /* … or nothing */
	HPA_NO_PODS,        /* the selector matches none */
	HPA_NO_SAMPLES,     /* none of a pod whose sample counts */
	HPA_NO_REQUEST,     /* pods.problem says which */
	HPA_NOTHING_MATCHES /* the requests of all pods with samples are 0 */
};

/* Which rule gave the number: for whoever explains it. */
enum hpa_branch {
	HPA_BRANCH_TOLERATED, /* within tolerance: what there is */
	HPA_BRANCH_RATIO,     /* ceil(ratio x counted) */
	HPA_BRANCH_FILLED,    /* the same after missing or unready pods were filled in */
	HPA_BRANCH_TURNED,    /* filling in turned the direction round, or asked for a change against it: what there is */
	HPA_BRANCH_TOTAL,     /* ceil(total / target) */
};

struct hpa_proposal {
	enum hpa_failure failure; /* nothing below `pods` means anything then */
	struct hpa_pods pods;     /* of pod metrics */
	int32_t replicas;
	enum hpa_branch branch;
	double ratio;             /* usage / target; and after pods were filled in */
	double filled_ratio;
	int32_t utilization;      /* percent, HPA_UTILIZATION only */
	int64_t usage_milli;      /* the average, or with HPA_VALUE the total */
	bool usage_known;         /* false: divided by no replicas, Go's number is an accident */
	bool timestamp_known;
	int64_t timestamp_ms;     /* of the first sample */
};

void hpa_replicas(const struct hpa_metric *m, const struct hpa_scale *s, const struct hpa_tolerance *t,
		  const struct hpa_timing *at, const struct hpa_pod *pod, size_t n_pods,
		  const struct hpa_answer *a, struct hpa_proposal *ret);

#endif
