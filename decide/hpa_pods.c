/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_pods.h"

#include <string.h>

#include "decide/goint.h"

#define NANO_PER_MILLI 1000000

static const struct hpa_amount *amount_of(const struct hpa_amount *amount, size_t n, const char *resource)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(amount[i].resource, resource))
			return &amount[i];
	return NULL;
}

static bool is_asked_for(const struct hpa_pods_rule *r, const struct hpa_container *c)
{
	return c->kind != HPA_INIT && (!r->container || !strcmp(r->container, c->name));
}

/* --- samples ------------------------------------------------------------------------------------ */

/* A sample that lacks one container's amount is none. */
static bool sample_milli(const struct hpa_pods_rule *r, const struct hpa_pod_sample *s, int64_t *ret)
{
	bool found = false;

	*ret = *r->resource ? 0 : s->milli;
	if (!*r->resource)
		return true;
	for (size_t i = 0; i < s->n_containers; i++) {
		const struct hpa_container *c = &s->container[i];
		const struct hpa_amount *used;

		if (!is_asked_for(r, c))
			continue;
		used = amount_of(c->amount, c->n, r->resource);
		if (!used)
			return false;
		*ret = goint_add(*ret, used->milli);
		found = true;
		if (r->container)
			break;
	}
	return found;
}

/* Answers mostly come in the order of the pods: the search goes on where the last one ended. */
static const struct hpa_pod_sample *find_sample(const struct hpa_answer *a, const char *pod, size_t *cursor)
{
	for (size_t i = 0; i < a->n; i++) {
		size_t at = *cursor + i < a->n ? *cursor + i : *cursor + i - a->n;

		if (!strcmp(a->sample[at].pod, pod)) {
			*cursor = at + 1 < a->n ? at + 1 : 0;
			return &a->sample[at];
		}
	}
	return NULL;
}

/* --- groups ------------------------------------------------------------------------------------- */

static bool is_cpu_unready(const struct hpa_pods_rule *r, const struct hpa_pod *p,
			   const struct hpa_pod_sample *s)
{
	if (p->ready == HPA_READY_ABSENT || !p->started)
		return true;
	if (p->start_ms + r->cpu_initialization_ms > r->now_ms)
		return p->ready == HPA_READY_FALSE || s->timestamp_ms < p->ready_since_ms + s->window_ms;
	return p->ready == HPA_READY_FALSE && p->start_ms + r->initial_readiness_ms > p->ready_since_ms;
}

static enum hpa_group group_of(const struct hpa_pods_rule *r, const struct hpa_pod *p,
			       const struct hpa_pod_sample *s)
{
	if (p->deleting || p->phase == HPA_FAILED)
		return HPA_IGNORED;
	if (p->phase == HPA_PENDING)
		return HPA_UNREADY;
	if (!s)
		return HPA_MISSING;
	return !strcmp(r->resource, "cpu") && is_cpu_unready(r, p, s) ? HPA_UNREADY : HPA_READY;
}

/* --- requests ----------------------------------------------------------------------------------- */

static enum hpa_request_problem request_of_containers(const struct hpa_pods_rule *r, const struct hpa_pod *p,
						      int64_t *ret_milli, const char **ret_container)
{
	bool found = false;

	*ret_milli = 0;
	for (size_t i = 0; i < p->n_containers; i++) {
		const struct hpa_container *c = &p->container[i];
		const struct hpa_amount *asked = amount_of(c->amount, c->n, r->resource);

		if (!is_asked_for(r, c))
			continue;
		*ret_container = c->name;
		if (!asked)
			return HPA_REQUEST_MISSING;
		*ret_milli = goint_add(*ret_milli, asked->milli);
		found = true;
		if (r->container)
			break;
	}
	return found || !r->container ? HPA_REQUEST_FOUND : HPA_REQUEST_MISSING_CONTAINER;
}

struct exact {
	int64_t milli, excess_nano;
};

static void add_exact(struct exact *to, const struct hpa_amount *a)
{
	to->milli = goint_add(to->milli, a->milli);
	to->excess_nano += a->excess_nano;
}

static int64_t rounded(struct exact x)
{
	return goint_subtract(x.milli, x.excess_nano / NANO_PER_MILLI);
}

/* What a pod needs at any time: all that run on, or one init container beside the sidecars before it. A
 * container that requests none counts as 0 (component-helpers resource/helpers.go, PodRequests). */
static bool request_of_all(const struct hpa_pod *p, const char *resource, int64_t *ret_milli)
{
	struct exact running = {0}, sidecars = {0};
	int64_t most = 0;
	bool found = false;

	for (size_t i = 0; i < p->n_containers; i++) {
		const struct hpa_container *c = &p->container[i];
		const struct hpa_amount *asked = amount_of(c->amount, c->n, resource);
		struct exact starting = sidecars;

		if (!asked)
			continue;
		found = true;
		add_exact(&starting, asked);
		if (c->kind == HPA_SIDECAR)
			sidecars = starting;
		if (c->kind != HPA_INIT)
			add_exact(&running, asked);
		else if (rounded(starting) > most)
			most = rounded(starting);
	}
	*ret_milli = rounded(running) > most ? rounded(running) : most;
	return found;
}

static enum hpa_request_problem request_of(const struct hpa_pods_rule *r, const struct hpa_pod *p,
					   int64_t *ret_milli, const char **ret_container)
{
	const struct hpa_amount *asked = amount_of(p->request, p->n_requests, r->resource);

	*ret_milli = asked ? asked->milli : 0;
	if (r->container || !p->n_requests)
		return request_of_containers(r, p, ret_milli, ret_container);
	return asked || request_of_all(p, r->resource, ret_milli) ? HPA_REQUEST_FOUND
								  : HPA_REQUEST_MISSING_OF_POD;
}

static void add_request(const struct hpa_pods_rule *r, const struct hpa_pod *p, enum hpa_group g,
			struct hpa_pods *to)
{
	int64_t milli;

	if (!r->requests || to->problem)
		return;
	to->problem = request_of(r, p, &milli, &to->problem_container);
	to->problem_pod = p->name;
	to->request_milli[g] = goint_add(to->request_milli[g], milli);
	if (g == HPA_MISSING)
		to->filled_milli =
			goint_add(to->filled_milli, goint_multiply(milli, r->fill_percent) / 100);
}

/* --- all of them -------------------------------------------------------------------------------- */

/* Samples that belong to no pod of the list: all there are, without those that were `seen`. */
static void add_strangers(const struct hpa_pods_rule *r, const struct hpa_answer *a, uint32_t seen,
			  int64_t seen_milli, struct hpa_pods *to)
{
	int64_t milli;

	for (size_t i = 0; i < a->n; i++)
		if (sample_milli(r, &a->sample[i], &milli)) {
			to->samples++;
			to->sum_milli = goint_add(to->sum_milli, milli);
		}
	to->samples -= seen;
	to->sum_milli = goint_subtract(to->sum_milli, seen_milli);
}

void hpa_pods_add_up(const struct hpa_pods_rule *r, const struct hpa_pod *pod, size_t n,
		     const struct hpa_answer *a, struct hpa_pods *ret)
{
	size_t cursor = 0, matched = 0;
	int64_t seen_milli = 0;
	uint32_t seen = 0;

	*ret = (struct hpa_pods){0};
	for (size_t i = 0; i < n; i++) {
		const struct hpa_pod_sample *s = find_sample(a, pod[i].name, &cursor);
		int64_t milli = 0;
		bool known = s && sample_milli(r, s, &milli);
		enum hpa_group g = group_of(r, &pod[i], known ? s : NULL);

		if (!known)
			milli = 0; /* of a container or two, perhaps */
		matched += s != NULL;
		seen += known;
		seen_milli = goint_add(seen_milli, milli);
		ret->count[g]++;
		if (g == HPA_READY)
			ret->ready_milli = goint_add(ret->ready_milli, milli);
		add_request(r, &pod[i], g, ret);
	}
	if (matched < a->n)
		add_strangers(r, a, seen, seen_milli, ret);
	ret->samples += ret->count[HPA_READY];
	ret->sum_milli = goint_add(ret->sum_milli, ret->ready_milli);
}

uint32_t hpa_pods_ready(const struct hpa_pod *pod, size_t n)
{
	uint32_t ready = 0;

	for (size_t i = 0; i < n; i++)
		ready += pod[i].phase == HPA_RUNNING && pod[i].ready == HPA_READY_TRUE;
	return ready;
}
