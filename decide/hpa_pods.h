/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pods of one metric, sorted by whether their sample may be believed, and added up (Kubernetes 1.36,
 * pkg/controller/podautoscaler/replica_calculator.go: groupPods, calculatePodRequests;
 * metrics/client.go: getPodMetrics, getContainerMetrics). Milli-units, milliseconds.
 */
#ifndef DECIDE_HPA_PODS_H
#define DECIDE_HPA_PODS_H

#include "decide/hpa_view.h"

enum hpa_group {
	HPA_READY,   /* its sample counts; for any resource but CPU also while the pod is not ready */
	HPA_UNREADY, /* pending, or its CPU use still tells of its start */
	HPA_MISSING, /* there is no sample of it */
	HPA_IGNORED, /* being deleted, or failed */
	HPA_GROUPS
};

struct hpa_pods_rule {
	const char *resource;  /* "" for Pods metrics, which know no readiness */
	const char *container; /* NULL: all of a pod */
	bool requests;         /* they are needed, and add_up fails without */
	int64_t fill_percent;  /* of its request that a missing pod would be taken to use */
	int64_t now_ms, cpu_initialization_ms, initial_readiness_ms;
};

enum hpa_request_problem {
	HPA_REQUEST_FOUND,
	HPA_REQUEST_MISSING,          /* of a container */
	HPA_REQUEST_MISSING_OF_POD,   /* of a pod with requests of its own, neither in these nor in a container */
	HPA_REQUEST_MISSING_CONTAINER /* the pod has no container of that name */
};

struct hpa_pods { /* sums wrap around as Go's do */
	uint32_t count[HPA_GROUPS];
	uint32_t samples;     /* that count: of ready pods, and of pods that are not in the list */
	int64_t sum_milli;    /* of those */
	int64_t ready_milli;  /* of ready pods alone */
	int64_t request_milli[HPA_GROUPS];
	int64_t filled_milli; /* what missing pods are taken to use, by fill_percent */
	enum hpa_request_problem problem; /* the first, and where; the sums then mean nothing */
	const char *problem_pod, *problem_container;
};

void hpa_pods_add_up(const struct hpa_pods_rule *r, const struct hpa_pod *pod, size_t n,
		     const struct hpa_answer *a, struct hpa_pods *ret);
/* Running and ready, the only pods that Object and External metrics count. */
uint32_t hpa_pods_ready(const struct hpa_pod *pod, size_t n);

#endif
