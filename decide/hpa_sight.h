/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a view to what an HPA is given (decide/hpa_step.h): containers become pods, their rates samples of
 * the metrics APIs, as if the API server and metrics-server had been asked. Pure; all rooms are the
 * caller's.
 *
 *	pod        what the view calls so; a replica of no pod is one of its own, named as the replica
 *	phase      Running: a row is live as long as its cgroup is
 *	started    when its oldest container was first seen
 *	ready      since its youngest container was: a pod without a readiness probe
 *	requests   of a container by its name; missing ones stay missing, which is the HPA's own error
 *	sample     of each pod with a fresh container; a container without a fresh value has no amount
 *	window     the one that the rates were asked for, also when a young container's covers less
 *
 * A Pods metric is one of decide/hpa_sight.c's names; nothing answers for Object and External ones, so with one of
 * them an HPA may grow by the others, and never shrinks (Kubernetes' own rule).
 */
#ifndef DECIDE_HPA_SIGHT_H
#define DECIDE_HPA_SIGHT_H

#include "decide/hpa_step.h"
#include "decide/view.h"

struct hpa_request { /* milli-cores, milli-bytes */
	const char *container; /* "": every one whose own is not known */
	bool cpu_known, memory_known;
	int64_t cpu_milli, memory_milli;
};

struct hpa_requests {
	size_t n;
	const struct hpa_request *item;
};

struct hpa_sight_rule {
	const struct hpa_spec *spec;
	const struct hpa_requests *requests;
	uint64_t window_ns;      /* that the view's rates were asked for */
	uint64_t fresh_ns;       /* older samples are missing, unless their agent is slow */
	const char *selects;     /* its pods, as a person reads it */
	const char *rivals;      /* as in hpa_step.h */
	uint32_t current;        /* replicas it is set to */
	const char *scale_error; /* why that is not known; NULL: it is */
};

struct hpa_sight { /* room for one view; hpa_sight_lay() sets all pointers */
	struct hpa_pod *pod;
	struct hpa_container *requested, *used;
	struct hpa_amount *request, *usage;
	struct hpa_pod_sample *sample[3]; /* containers; then one a Pods metric */
	size_t n_used, n_held; /* pods with a fresh container; with all of them fresh */
	struct hpa_answer answer[HPA_METRICS];
	struct hpa_input in;
};

/* Bytes that a view of n replicas needs; `room` of hpa_sight_lay() is aligned as by malloc. */
size_t hpa_sight_bytes(size_t n);
void hpa_sight_lay(struct hpa_sight *s, void *room, size_t n);
uint32_t hpa_sight_pods(const struct view *v); /* how many it shows */
/* Why a metric is known in no view, and what to do; NULL: it is in some. */
const char *hpa_sight_lacks(const struct hpa_metric *m);
/* s->in afterwards points into the view, the spec and the room. */
void hpa_sight_take(struct hpa_sight *s, const struct hpa_sight_rule *r, const struct view *v);

#endif
