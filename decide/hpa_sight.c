/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_sight.h"

#include <string.h>

#define NS_PER_MS 1000000u
#define RESOURCES 2 /* of one container: cpu, memory */

enum { OF_CONTAINERS, OF_RUNQUEUE, OF_SATURATION };

/* Pods metrics, as shares from 0 to 1 of its most held up container. */
static const struct {
	const char *name;
	int samples;
} known[] = {{"cpu-runqueue", OF_RUNQUEUE}, {"saturation", OF_SATURATION}};

#define NO_PODS_METRIC "no pods metric of this name; Plimsoll knows cpu-runqueue and saturation"
#define NO_SELECTOR "Plimsoll's pods metrics have no labels to select by"
#define WITHOUT_SOURCE \
	"; scale on Resource metrics or on the Pods metrics cpu-runqueue and saturation, or leave this HPA to Kubernetes"
#define NO_OBJECT_METRIC "Plimsoll has no source of metrics of objects" WITHOUT_SOURCE
#define NO_EXTERNAL_METRIC "Plimsoll has no source of external metrics" WITHOUT_SOURCE

/* --- rooms -------------------------------------------------------------------------------------- */

size_t hpa_sight_bytes(size_t n)
{
	return n * (sizeof(struct hpa_pod) + 2 * sizeof(struct hpa_container) +
		    2 * RESOURCES * sizeof(struct hpa_amount) + 3 * sizeof(struct hpa_pod_sample));
}

void hpa_sight_lay(struct hpa_sight *s, void *room, size_t n)
{
	s->pod = room; /* all of them hold pointers and int64, so each ends where the next may begin */
	s->requested = (void *)(s->pod + n);
	s->used = s->requested + n;
	s->request = (void *)(s->used + n);
	s->usage = s->request + n * RESOURCES;
	s->sample[0] = (void *)(s->usage + n * RESOURCES);
	s->sample[1] = s->sample[0] + n;
	s->sample[2] = s->sample[1] + n;
}

/* --- containers --------------------------------------------------------------------------------- */

static bool is_known(const struct hpa_request *r, bool is_cpu)
{
	return is_cpu ? r->cpu_known : r->memory_known;
}

/* That of the container by its name, else the one for every other; NULL: neither is known. */
static const struct hpa_request *request_of(const struct hpa_requests *all, const char *container, bool is_cpu)
{
	const struct hpa_request *any = NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct hpa_request *r = &all->item[i];

		if (!is_known(r, is_cpu))
			continue;
		if (container && !strcmp(r->container, container))
			return r;
		if (!*r->container)
			any = r;
	}
	return any;
}

static void add_amount(struct hpa_amount *to, size_t *n, bool there, const char *resource, int64_t milli)
{
	if (there)
		to[(*n)++] = (struct hpa_amount){.resource = resource, .milli = milli};
}

static int64_t bounded(uint64_t value, uint64_t scale)
{
	return value > (uint64_t)INT64_MAX / scale ? INT64_MAX : (int64_t)(value * scale);
}

static void add_container(struct hpa_sight *s, const struct hpa_sight_rule *r, const struct view_replica *v,
			  size_t i)
{
	const struct hpa_request *cpu = request_of(r->requests, v->container, true);
	const struct hpa_request *memory = request_of(r->requests, v->container, false);
	bool is_fresh = view_is_fresh(v, r->fresh_ns);
	const char *name = v->container ? v->container : v->name;
	struct hpa_amount *asked = &s->request[i * RESOURCES], *used = &s->usage[i * RESOURCES];

	s->requested[i] = (struct hpa_container){.name = name, .amount = asked};
	s->used[i] = (struct hpa_container){.name = name, .amount = used};
	add_amount(asked, &s->requested[i].n, cpu != NULL, "cpu", cpu ? cpu->cpu_milli : 0);
	add_amount(asked, &s->requested[i].n, memory != NULL, "memory", memory ? memory->memory_milli : 0);
	add_amount(used, &s->used[i].n, is_fresh && v->cpu_known, "cpu", bounded(v->cpu_milli, 1));
	add_amount(used, &s->used[i].n, is_fresh && v->memory_known, "memory", bounded(v->memory_bytes, 1000));
}

/* --- pods --------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_same_pod(const struct view_replica *a, const struct view_replica *b)
{
	return a->pod && same_text(a->pod, b->pod) && same_text(a->ns, b->ns);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int64_t ms_before(const struct view *v, uint64_t age_ns)
{
	return ((int64_t)v->boottime_ns - (int64_t)least(age_ns, INT64_MAX)) / NS_PER_MS;
}

static uint32_t highest(const struct view_replica *of, size_t n, int which)
{
	uint32_t permille = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t strain = which == OF_SATURATION ? of[i].strain_permille : 0;

		permille = (uint32_t)most(permille, most(of[i].runq_permille, strain));
	}
	return permille;
}

static void add_sample(struct hpa_sight *s, const struct hpa_sight_rule *r, const struct view *v, size_t first,
		       size_t n, uint64_t age_ns, bool is_held_known)
{
	struct hpa_pod_sample sample = {.pod = s->pod[s->in.n_pods].name,
					.timestamp_ms = ms_before(v, age_ns),
					.window_ms = (int64_t)(r->window_ns / NS_PER_MS),
					.n_containers = n,
					.container = &s->used[first]};

	s->sample[OF_CONTAINERS][s->n_used++] = sample;
	if (!is_held_known)
		return;
	for (int which = OF_RUNQUEUE; which <= OF_SATURATION; which++) {
		sample.milli = highest(&v->replica[first], n, which);
		s->sample[which][s->n_held] = sample;
	}
	s->n_held++;
}

static void add_pod(struct hpa_sight *s, const struct hpa_sight_rule *r, const struct view *v, size_t first,
		    size_t n)
{
	const struct view_replica *of = &v->replica[first];
	uint64_t oldest = 0, youngest = UINT64_MAX, newest_sample = UINT64_MAX;
	bool is_held_known = true, is_fresh = false;

	for (size_t i = 0; i < n; i++) {
		oldest = most(oldest, of[i].age_ns);
		youngest = least(youngest, of[i].age_ns);
		newest_sample = least(newest_sample, of[i].sample_age_ns);
		is_held_known &= of[i].runq_known && view_is_fresh(&of[i], r->fresh_ns);
		is_fresh |= view_is_fresh(&of[i], r->fresh_ns);
		add_container(s, r, &of[i], first + i);
	}
	s->pod[s->in.n_pods] = (struct hpa_pod){.name = of->pod ? of->pod : of->name,
						.phase = HPA_RUNNING,
						.started = true,
						.start_ms = ms_before(v, oldest),
						.ready = HPA_READY_TRUE,
						.ready_since_ms = ms_before(v, youngest),
						.n_containers = n,
						.container = &s->requested[first]};
	if (is_fresh)
		add_sample(s, r, v, first, n, newest_sample, is_held_known);
	s->in.n_pods++;
}

/* Replicas from `first` on that are one pod. */
static size_t pod_size(const struct view *v, size_t first)
{
	size_t n = 1;

	while (first + n < v->replicas && is_same_pod(&v->replica[first], &v->replica[first + n]))
		n++;
	return n;
}

uint32_t hpa_sight_pods(const struct view *v)
{
	uint32_t pods = 0;

	for (size_t i = 0; i < v->replicas; i += pod_size(v, i))
		pods++;
	return pods;
}

static void add_pods(struct hpa_sight *s, const struct hpa_sight_rule *r, const struct view *v)
{
	size_t n;

	s->n_used = s->n_held = 0;
	for (size_t i = 0; i < v->replicas; i += n) {
		n = pod_size(v, i);
		add_pod(s, r, v, i, n);
	}
}

/* --- answers ------------------------------------------------------------------------------------ */

static int samples_of(const struct hpa_metric *m) /* < 0: of none */
{
	if (m->source != HPA_PODS)
		return OF_CONTAINERS;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(m->name, known[i].name))
			return known[i].samples;
	return -1;
}

const char *hpa_sight_lacks(const struct hpa_metric *m)
{
	if (m->source == HPA_OBJECT)
		return NO_OBJECT_METRIC;
	if (m->source == HPA_EXTERNAL)
		return NO_EXTERNAL_METRIC;
	if (m->source == HPA_PODS && strcmp(m->selector, "nil") != 0)
		return NO_SELECTOR;
	return samples_of(m) < 0 ? NO_PODS_METRIC : NULL;
}

static void answer(struct hpa_sight *s, const struct hpa_spec *spec)
{
	for (size_t i = 0; i < spec->n; i++) {
		int of = samples_of(&spec->metric[i]);

		s->answer[i] = (struct hpa_answer){.error = hpa_sight_lacks(&spec->metric[i])};
		if (s->answer[i].error)
			continue;
		s->answer[i].n = of == OF_CONTAINERS ? s->n_used : s->n_held;
		s->answer[i].sample = s->sample[of];
	}
}

void hpa_sight_take(struct hpa_sight *s, const struct hpa_sight_rule *r, const struct view *v)
{
	s->in = (struct hpa_input){.now_ms = (int64_t)(v->boottime_ns / NS_PER_MS),
				   .scale_error = r->scale_error,
				   .selector = r->selects ? r->selects : "plimsoll", /* its pods are those of the view */
				   .rivals = r->rivals,
				   .pod = s->pod,
				   .answer = s->answer};
	add_pods(s, r, v);
	s->in.scale = (struct hpa_scale){(int32_t)r->current, (int32_t)s->in.n_pods};
	answer(s, r->spec);
}
