/* SPDX-License-Identifier: Apache-2.0 */
/* hpa_normalize: stabilization, rate of change, min and max of one wish. */
#include "aggregator/hpa_translate.h"
#include "decide/hpa_normalize.h"
#include "vectors/hpa_manifest.h"
#include "vectors/hpa_scene.h"
#include "vectors/vectors.h"

static struct hpa_log log_of(struct hpa_scene *s, json_t *list, const char *key)
{
	size_t n = json_array_size(list), i;
	struct hpa_log_entry *entry = hpa_scene_block(s, n + 1, sizeof(*entry));
	json_t *one;

	json_array_foreach(list, i, one)
		entry[i] = (struct hpa_log_entry){.at_ms = vectors_need_int(one, "tMs"),
						  .replicas = (int32_t)vectors_need_int(one, key)};
	return (struct hpa_log){.entry = entry, .n = n, .room = n + 1};
}

static void compare_log(struct vectors_case *c, const char *what, const char *key, const struct hpa_log *log)
{
	json_t *ours = json_array();

	for (size_t i = 0; i < log->n; i++) {
		json_t *one = json_pack("{sIsi}", "tMs", (json_int_t)log->entry[i].at_ms, key,
					log->entry[i].replicas);

		if (log->entry[i].outdated)
			json_object_set_new(one, "outdated", json_true());
		json_array_append_new(ours, one);
	}
	vectors_json(c, what, vectors_need(c->out, what), ours);
	json_decref(ours);
}

static void compare_condition(struct vectors_case *c, const char *what, bool status,
			      enum hpa_normalize_reason reason)
{
	json_t *ours = json_pack("{ssssss}", "status", status ? "True" : "False", "reason",
				 hpa_normalize_word(reason), "message", hpa_normalize_message(reason));

	vectors_json(c, what, vectors_need(c->out, what), ours);
	json_decref(ours);
}

static const struct hpa_behavior *behavior_of(struct vectors_case *c, struct hpa_manifest *m)
{
	json_t *behavior = json_object_get(c->in, "behavior");
	json_t *spec = json_pack("{sO*}", "behavior", behavior);
	struct err e = {0};

	if (hpa_manifest_read(c->name, spec, m, &e) < 0)
		vectors_fail(c, "behavior", "one that can be read", e.what);
	json_decref(spec);
	return hpa_translate_behavior(&m->read);
}

/* What is implementationDefined (a float64 or an int32 that went out of range on the way) is computed
 * as Go on amd64 does and compared like the rest. */
void suite_hpa_normalize(struct vectors_case *c)
{
	json_t *in = c->in;
	struct hpa_scene s = {0};
	struct hpa_manifest manifest;
	struct hpa_limits l = {(int32_t)vectors_need_int(in, "minReplicas"),
			       (int32_t)vectors_need_int(in, "maxReplicas"),
			       vectors_need_int(in, "downscaleStabilizationMs"),
			       behavior_of(c, &manifest)};
	struct hpa_memory m = {log_of(&s, json_object_get(in, "recommendations"), "replicas"),
			       log_of(&s, json_object_get(in, "scaleUpEvents"), "change"),
			       log_of(&s, json_object_get(in, "scaleDownEvents"), "change")};
	int32_t current = (int32_t)vectors_need_int(in, "currentReplicas");
	struct hpa_normalized n;

	hpa_normalize(&l, 0, current, (int32_t)vectors_need_int(in, "desiredReplicas"), &m, &n);
	if (n.replicas != current)
		hpa_normalize_changed(&l, 0, current, n.replicas, &m);
	vectors_int(c, "replicas", vectors_need_int(c->out, "replicas"), n.replicas);
	vectors_int(c, "stabilized", vectors_need_int(c->out, "stabilized"), n.stabilized);
	compare_condition(c, "ableToScale", true, n.able);
	compare_condition(c, "scalingLimited", n.replicas != n.stabilized, n.limited);
	compare_log(c, "recommendationsAfter", "replicas", &m.recommendations);
	compare_log(c, "scaleUpEventsAfter", "change", &m.added);
	compare_log(c, "scaleDownEventsAfter", "change", &m.removed);
	hpa_manifest_done(&manifest);
	hpa_scene_done(&s);
}
