/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors/vpa_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decide/quantity_parse.h"

/* --- policies ----------------------------------------------------------------------------------- */

static void read_amount(struct vpa_scene *s, json_t *of, enum vpa_resource r, int64_t *ret)
{
	const char *text = vectors_get_text(of, r == VPA_CPU ? "cpu" : "memory");
	struct quantity q;

	if (!text)
		return;
	if (quantity_parse(text, strlen(text), &q) < 0)
		vectors_fail(s->c, "a bound", "a quantity", text);
	else
		*ret = r == VPA_CPU ? quantity_milli(&q) : quantity_value(&q);
}

static void read_controlled(json_t *names, struct vpa_policy *p)
{
	json_t *name;
	size_t i;

	if (!names)
		return;
	p->controlled[VPA_CPU] = p->controlled[VPA_MEMORY] = false;
	json_array_foreach(names, i, name) {
		const char *text = json_is_string(name) ? json_string_value(name) : "";

		p->controlled[VPA_CPU] |= !strcmp(text, "cpu");
		p->controlled[VPA_MEMORY] |= !strcmp(text, "memory");
	}
}

static void read_policy(struct vpa_scene *s, json_t *one)
{
	struct vpa_policy *p = &s->policy[s->n_policies++];
	const char *mode = vectors_get_text(one, "mode");

	*p = vpa_policy_default;
	snprintf(p->container, sizeof(p->container), "%s", vectors_need_text(one, "containerName"));
	p->off = mode && !strcmp(mode, "Off");
	read_controlled(json_object_get(one, "controlledResources"), p);
	for (int r = 0; r < VPA_RESOURCES; r++) {
		read_amount(s, json_object_get(one, "minAllowed"), r, &p->min_allowed[r]);
		read_amount(s, json_object_get(one, "maxAllowed"), r, &p->max_allowed[r]);
	}
}

static void read_policies(struct vpa_scene *s)
{
	json_t *all = json_object_get(json_object_get(s->c->in, "resourcePolicy"), "containerPolicies"), *one;
	size_t i;

	s->options = vpa_options_default;
	for (int r = 0; r < VPA_RESOURCES; r++)
		read_amount(s, json_object_get(s->c->in, "globalMaxAllowed"), r, &s->options.of[r].max_allowed);
	json_array_foreach(all, i, one)
		if (s->n_policies < VPA_SCENE_MOST)
			read_policy(s, one);
}

/* --- pods --------------------------------------------------------------------------------------- */

static struct vpa_scene_aggregate *aggregate_of(struct vpa_scene *s, const char *container, const char *labels)
{
	struct vpa_scene_aggregate *a = s->aggregate;

	for (; a < s->aggregate + s->n_aggregates; a++)
		if (!strcmp(a->container, container) && !strcmp(a->labels, labels))
			return a;
	s->n_aggregates++;
	a->container = container;
	a->labels = labels;
	vpa_usage_init(&a->usage, &s->options);
	return a;
}

static void read_container(struct vpa_scene *s, json_t *pod, json_t *one)
{
	struct vpa_scene_container *c = &s->container[s->n_containers++];

	c->pod = vectors_need_text(pod, "name");
	c->name = vectors_need_text(one, "name");
	c->in = aggregate_of(s, c->name, vectors_need_text(pod, "labelSet"));
	vpa_usage_container_init(&c->state);
}

static void read_pods(struct vpa_scene *s)
{
	json_t *pod, *one;
	size_t i, k;

	json_array_foreach(vectors_need(s->c->in, "pods"), i, pod)
		json_array_foreach(vectors_need(pod, "containers"), k, one)
			if (s->n_containers < VPA_SCENE_MOST)
				read_container(s, pod, one);
	if (s->n_containers == VPA_SCENE_MOST)
		vectors_fail(s->c, "pods", "fewer containers", "too many");
}

/* --- events ------------------------------------------------------------------------------------- */

static struct vpa_scene_container *container_of(struct vpa_scene *s, json_t *of)
{
	const char *pod = vectors_need_text(of, "pod"), *name = vectors_need_text(of, "container");

	for (size_t i = 0; i < s->n_containers; i++)
		if (!strcmp(s->container[i].pod, pod) && !strcmp(s->container[i].name, name))
			return &s->container[i];
	vectors_fail(s->c, pod, "a container of a pod", name);
	return NULL;
}

static void add_event(struct vpa_scene *s, struct vpa_scene_event e)
{
	static size_t room; /* of s->event, which stays from case to case */

	if (s->n_events == room) {
		room = room ? 2 * room : 4096;
		s->event = mem_array(s->event, room, sizeof(*s->event));
	}
	e.order = s->n_events;
	s->event[s->n_events++] = e;
}

static void read_series(struct vpa_scene *s, json_t *one)
{
	struct vpa_scene_container *of = container_of(s, one);
	int64_t start = vectors_need_int(one, "startMs"), step = vectors_need_int(one, "stepMs");
	bool cpu = !strcmp(vectors_need_text(one, "resource"), "cpu");
	json_t *value;
	size_t k;

	if (!of)
		return;
	json_array_foreach(vectors_need(one, "values"), k, value)
		add_event(s, (struct vpa_scene_event){.at_ms = start + (int64_t)k * step,
						      .time_ms = start + (int64_t)k * step,
						      .kind = cpu ? VPA_SCENE_CPU : VPA_SCENE_MEMORY,
						      .amount = json_integer_value(value),
						      .of = of});
}

static void read_oom(struct vpa_scene *s, json_t *one)
{
	struct vpa_scene_container *of = container_of(s, one);

	if (of)
		add_event(s, (struct vpa_scene_event){.at_ms = vectors_need_int(one, "deliveredMs"),
						      .time_ms = vectors_need_int(one, "tMs"),
						      .kind = VPA_SCENE_OOM,
						      .amount = vectors_need_int(one, "requestedMemoryBytes"),
						      .of = of});
}

static int by_time(const void *a, const void *b)
{
	const struct vpa_scene_event *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* In the order of ties: samples as the series stand, then kills, then evaluations. */
static void read_events(struct vpa_scene *s)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(s->c->in, "series"), i, one)
		read_series(s, one);
	json_array_foreach(json_object_get(s->c->in, "ooms"), i, one)
		read_oom(s, one);
	json_array_foreach(vectors_need(s->c->in, "evaluateAtMs"), i, one)
		add_event(s, (struct vpa_scene_event){.at_ms = json_integer_value(one),
						      .time_ms = json_integer_value(one),
						      .kind = VPA_SCENE_EVALUATION});
	qsort(s->event, s->n_events, sizeof(*s->event), by_time);
}

struct vpa_scene *vpa_scene_read(struct vectors_case *c)
{
	static struct vpa_scene s;

	s.c = c;
	s.n_policies = s.n_aggregates = s.n_containers = s.n_events = 0;
	read_policies(&s);
	read_pods(&s);
	if (!c->failed)
		read_events(&s);
	return &s;
}
