/* SPDX-License-Identifier: Apache-2.0 */
/* Pods and answers of metrics APIs, as the HPA suites write them, as values for decide/. */
#ifndef VECTORS_HPA_SCENE_H
#define VECTORS_HPA_SCENE_H

#include "decide/hpa_view.h"
#include "vectors/vectors.h"

/* Everything read for one case lives until hpa_scene_done(). */
struct hpa_scene {
	void **block;
	size_t n;
};

void *hpa_scene_block(struct hpa_scene *s, size_t n, size_t size); /* zeroed */
void hpa_scene_done(struct hpa_scene *s);

/* `templates`: where "containers" and "initContainers" stand when they are not in each pod, else NULL. */
const struct hpa_pod *hpa_scene_pods(struct hpa_scene *s, json_t *list, json_t *templates);
struct hpa_answer hpa_scene_samples(struct hpa_scene *s, json_t *list, const char *error);
/* Of one object, or of a list of them. */
struct hpa_answer hpa_scene_values(struct hpa_scene *s, json_t *one_or_list, const char *error);
int64_t hpa_scene_milli(const char *quantity); /* a broken one makes the case fail */

#endif
