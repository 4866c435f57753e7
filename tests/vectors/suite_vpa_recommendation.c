/* SPDX-License-Identifier: Apache-2.0 */
/* vpa_recommendation: series of samples and kills, recommendations in between. */
#include <string.h>

#include "base/scope.h"
#include "vectors/vpa_scene.h"
#include "vectors/vpa_time.h"

struct result {
	json_t *evaluations;
	int64_t discarded_samples, discarded_ooms;
};

static json_t *amounts(const struct vpa_recommendation *r, const int64_t *amount)
{
	json_t *o = json_object();

	if (r->controlled[VPA_CPU])
		json_object_set_new(o, "cpuMilli", json_integer(amount[VPA_CPU]));
	if (r->controlled[VPA_MEMORY])
		json_object_set_new(o, "memoryBytes", json_integer(amount[VPA_MEMORY]));
	return o;
}

static json_t *described(const char *container, const struct vpa_recommendation *r)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:I}", "container", container, "target", amounts(r, r->target),
			 "lowerBound", amounts(r, r->lower), "upperBound", amounts(r, r->upper), "uncappedTarget",
			 amounts(r, r->uncapped), "totalSamples", (json_int_t)r->samples);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the containers that are not off, each once. */
static size_t names_of(const struct vpa_scene *s, const char **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_aggregates; i++) {
		const char *name = s->aggregate[i].container;
		size_t k = 0;

		while (k < n && strcmp(ret[k], name) != 0)
			k++;
		if (k == n && !vpa_policy_of(s->policy, s->n_policies, name)->off)
			ret[n++] = name;
	}
	qsort(ret, n, sizeof(*ret), by_name);
	return n;
}

static json_t *recommend(struct vpa_scene *s, const char *name, size_t containers)
{
	struct vpa_aggregate all;
	struct vpa_recommendation r;

	vpa_usage_init(&all, &s->options);
	for (size_t i = 0; i < s->n_aggregates; i++)
		if (!strcmp(s->aggregate[i].container, name))
			vpa_usage_merge(&all, &s->aggregate[i].usage);
	vpa_recommend(&s->options, vpa_policy_of(s->policy, s->n_policies, name), (unsigned)containers, &all, &r);
	return described(name, &r);
}

static void evaluate(struct vpa_scene *s, int64_t at_ms, struct result *r)
{
	const char *name[VPA_SCENE_MOST];
	size_t n = names_of(s, name);
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, recommend(s, name[i], n));
	json_array_append_new(r->evaluations, json_pack("{s:I, s:o}", "tMs", (json_int_t)at_ms, "recommendations",
							all));
}

static void apply(struct vpa_scene *s, const struct vpa_scene_event *e, struct result *r)
{
	struct vpa_container *c = e->of ? &e->of->state : NULL;
	struct vpa_aggregate *a = e->of ? &e->of->in->usage : NULL;
	int64_t time_ns = vpa_time_ns(e->time_ms);

	switch (e->kind) {
	case VPA_SCENE_CPU:
		r->discarded_samples += !vpa_usage_cpu(c, a, time_ns, e->amount);
		break;
	case VPA_SCENE_MEMORY:
		r->discarded_samples += !vpa_usage_memory(c, a, &s->options, time_ns, e->amount);
		break;
	case VPA_SCENE_OOM:
		r->discarded_ooms += !vpa_usage_oom(c, a, &s->options, time_ns, e->amount);
		break;
	case VPA_SCENE_EVALUATION:
		evaluate(s, e->at_ms, r);
		break;
	}
}

void suite_vpa_recommendation(struct vectors_case *c)
{
	struct vpa_scene *s = vpa_scene_read(c);
	json_t *expected = vectors_need(c->out, "evaluations"), *one;
	struct result r = {.evaluations = json_array()};
	size_t i;

	for (i = 0; i < s->n_events; i++)
		apply(s, &s->event[i], &r);
	vectors_int(c, "evaluations", (int64_t)json_array_size(expected), (int64_t)json_array_size(r.evaluations));
	json_array_foreach(expected, i, one)
		vectors_json(c, "evaluation", one, json_array_get(r.evaluations, i));
	vectors_int(c, "discardedSamples", vectors_need_int(c->out, "discardedSamples"), r.discarded_samples);
	vectors_int(c, "discardedOOMs", vectors_need_int(c->out, "discardedOOMs"), r.discarded_ooms);
	json_decref(r.evaluations);
}
