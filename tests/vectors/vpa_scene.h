/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pods of one case of vpa_recommendation: what their containers used, in the order in which it reached the
 * recommender. Containers of one name and label set share an aggregate.
 */
#ifndef VECTORS_VPA_SCENE_H
#define VECTORS_VPA_SCENE_H

#include "decide/vpa_recommend.h"
#include "vectors/vectors.h"

#define VPA_SCENE_MOST 64 /* containers, aggregates and policies of a case */

struct vpa_scene_aggregate {
	const char *container, *labels;
	struct vpa_aggregate usage;
};

struct vpa_scene_container {
	const char *pod, *name;
	struct vpa_container state;
	struct vpa_scene_aggregate *in;
};

enum vpa_scene_kind { VPA_SCENE_CPU, VPA_SCENE_MEMORY, VPA_SCENE_OOM, VPA_SCENE_EVALUATION };

struct vpa_scene_event {
	int64_t at_ms;      /* when it reached the recommender */
	size_t order;       /* among events of the same time */
	enum vpa_scene_kind kind;
	int64_t time_ms;    /* when it happened */
	int64_t amount;     /* used, or requested when killed */
	struct vpa_scene_container *of;
};

struct vpa_scene {
	struct vectors_case *c;
	struct vpa_options options;
	size_t n_policies, n_aggregates, n_containers, n_events;
	struct vpa_policy policy[VPA_SCENE_MOST];
	struct vpa_scene_aggregate aggregate[VPA_SCENE_MOST];
	struct vpa_scene_container container[VPA_SCENE_MOST];
	struct vpa_scene_event *event; /* sorted */
};

/* There is one scene; its memory is used again by the next case. */
struct vpa_scene *vpa_scene_read(struct vectors_case *c);

#endif
