/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors/hpa_scene.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decide/quantity_parse.h"

void *hpa_scene_block(struct hpa_scene *s, size_t n, size_t size)
{
	s->block = mem_array(s->block, s->n + 1, sizeof(*s->block));
	return s->block[s->n++] = mem_zero(n * size + 1);
}

void hpa_scene_done(struct hpa_scene *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->block[i]);
	free(s->block);
	*s = (struct hpa_scene){0};
}

static struct quantity quantity_of(const char *text)
{
	struct quantity q;

	if (!text || quantity_parse(text, strlen(text), &q) < 0)
		vectors_broken(text ? text : "quantity", "a quantity");
	return q;
}

int64_t hpa_scene_milli(const char *text)
{
	struct quantity q = quantity_of(text);

	return quantity_milli(&q);
}

static const struct hpa_amount *amounts(struct hpa_scene *s, json_t *from, size_t *ret_n)
{
	struct hpa_amount *list = hpa_scene_block(s, json_object_size(from), sizeof(*list));
	const char *key;
	json_t *value;

	*ret_n = 0;
	json_object_foreach(from, key, value)
	{
		struct quantity q = quantity_of(json_string_value(value));

		list[(*ret_n)++] = (struct hpa_amount){key, quantity_milli(&q), quantity_excess_nano(&q)};
	}
	return list;
}

static enum hpa_container_kind kind_of(json_t *one, bool init)
{
	const char *policy = vectors_get_text(one, "restartPolicy");

	if (!init)
		return HPA_PLAIN;
	return policy && !strcmp(policy, "Always") ? HPA_SIDECAR : HPA_INIT;
}

static void add_containers(struct hpa_scene *s, json_t *from, const char *of, bool init,
			   struct hpa_container *list, size_t *n)
{
	json_t *one;
	size_t i;

	json_array_foreach(from, i, one)
	{
		struct hpa_container *c = &list[*n];

		c->kind = kind_of(one, init);
		c->name = vectors_need_text(one, "name");
		c->amount = amounts(s, json_object_get(one, of), &c->n);
		++*n;
	}
}

static const struct hpa_container *containers(struct hpa_scene *s, json_t *plain, json_t *init,
					      const char *of, size_t *ret_n)
{
	struct hpa_container *list =
		hpa_scene_block(s, json_array_size(plain) + json_array_size(init), sizeof(*list));

	*ret_n = 0;
	add_containers(s, plain, of, false, list, ret_n);
	add_containers(s, init, of, true, list, ret_n);
	return list;
}

static void read_pod(struct hpa_scene *s, json_t *from, json_t *templates, struct hpa_pod *p)
{
	static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed", "Unknown"};
	static const char *const states[] = {"", "True", "False", "Unknown"};
	json_t *ready = json_object_get(from, "ready");

	templates = templates ? templates : from;
	p->name = vectors_need_text(from, "name");
	p->phase = vectors_word(from, "phase", phases, 5);
	p->deleting = json_is_true(json_object_get(from, "deleting"));
	p->started = json_is_integer(json_object_get(from, "startTimeMs"));
	p->start_ms = vectors_get_int(from, "startTimeMs", 0);
	if (json_is_object(ready)) {
		p->ready = vectors_word(ready, "status", states, 4);
		p->ready_since_ms = vectors_need_int(ready, "lastTransitionMs");
	}
	p->container = containers(s, json_object_get(templates, "containers"),
				  json_object_get(templates, "initContainers"), "requests",
				  &p->n_containers);
	p->request = amounts(s, json_object_get(from, "podRequests"), &p->n_requests);
}

const struct hpa_pod *hpa_scene_pods(struct hpa_scene *s, json_t *list, json_t *templates)
{
	struct hpa_pod *pods = hpa_scene_block(s, json_array_size(list), sizeof(*pods));

	for (size_t i = 0; i < json_array_size(list); i++)
		read_pod(s, json_array_get(list, i), templates, &pods[i]);
	return pods;
}

struct hpa_answer hpa_scene_samples(struct hpa_scene *s, json_t *list, const char *error)
{
	size_t n = json_array_size(list), i;
	struct hpa_pod_sample *sample = hpa_scene_block(s, n, sizeof(*sample));
	json_t *one;

	json_array_foreach(list, i, one)
	{
		json_t *value = json_object_get(one, "value");

		sample[i].pod = vectors_need_text(one, "pod");
		sample[i].timestamp_ms = vectors_need_int(one, "timestampMs");
		sample[i].window_ms = vectors_get_int(one, "windowMs", 0);
		sample[i].milli = value ? hpa_scene_milli(json_string_value(value)) : 0;
		sample[i].container = containers(s, json_object_get(one, "containers"), NULL, "usage",
						 &sample[i].n_containers);
	}
	return (struct hpa_answer){.error = error, .n = n, .sample = sample};
}

struct hpa_answer hpa_scene_values(struct hpa_scene *s, json_t *from, const char *error)
{
	size_t n = json_is_object(from) ? 1 : json_array_size(from);
	struct hpa_value *value = hpa_scene_block(s, n, sizeof(*value));

	for (size_t i = 0; i < n; i++) {
		json_t *one = json_is_object(from) ? from : json_array_get(from, i);

		value[i] = (struct hpa_value){vectors_need_int(one, "timestampMs"),
					      hpa_scene_milli(vectors_need_text(one, "value"))};
	}
	return (struct hpa_answer){.error = error, .n = n, .value = value};
}
