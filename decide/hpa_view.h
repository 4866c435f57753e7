/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a HorizontalPodAutoscaler sees at one instant, as values: pods, and what the metrics APIs
 * answered. All of it is borrowed and nothing is changed. Amounts in milli-units (cores, bytes, whatever the
 * metric counts), times in milliseconds on any one clock.
 */
#ifndef DECIDE_HPA_VIEW_H
#define DECIDE_HPA_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hpa_phase { HPA_PENDING, HPA_RUNNING, HPA_SUCCEEDED, HPA_FAILED, HPA_PHASE_UNKNOWN };
enum hpa_ready { HPA_READY_ABSENT, HPA_READY_TRUE, HPA_READY_FALSE, HPA_READY_UNKNOWN };

struct hpa_amount {
	const char *resource; /* "cpu", "memory", … */
	int64_t milli;        /* rounded up … */
	int32_t excess_nano;  /* … by so much, 0 … 999999: where Kubernetes rounds a sum, not its parts */
};

enum hpa_container_kind {
	HPA_PLAIN,
	HPA_SIDECAR, /* an init container that goes on running */
	HPA_INIT,    /* one that ends: it only counts for what a pod as a whole requests */
};

struct hpa_container {
	enum hpa_container_kind kind;
	const char *name;
	size_t n;
	const struct hpa_amount *amount; /* requested, or used */
};

struct hpa_pod {
	const char *name;
	enum hpa_phase phase;
	bool deleting;
	bool started; /* start_ms is known */
	int64_t start_ms;
	enum hpa_ready ready;
	int64_t ready_since_ms; /* when that condition last changed */
	size_t n_containers;    /* plain ones first, then sidecars and init containers in their order */
	const struct hpa_container *container;
	size_t n_requests; /* of the pod as a whole; 0: none is set */
	const struct hpa_amount *request;
};

/* One pod in an answer of the resource metrics API (containers), or of the custom one (milli). */
struct hpa_pod_sample {
	const char *pod; /* no two of one answer are alike */
	int64_t timestamp_ms, window_ms;
	size_t n_containers;
	const struct hpa_container *container;
	int64_t milli;
};

struct hpa_value {
	int64_t timestamp_ms;
	int64_t milli;
};

/* What the API of a metric answered. */
struct hpa_answer {
	const char *error; /* the call failed with this text; NULL: it did not */
	size_t n;
	const struct hpa_pod_sample *sample; /* Resource, ContainerResource, Pods: n of them */
	const struct hpa_value *value;       /* Object: one. External: n of them, to be summed up */
};

#endif
