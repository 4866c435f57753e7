/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_replicas.h"

#include <math.h>

#include "decide/goint.h"

struct input {
	const struct hpa_metric *m;
	const struct hpa_scale *scale;
	const struct hpa_tolerance *tolerance;
	const struct hpa_pod *pod;
	size_t n_pods;
	const struct hpa_answer *answer;
};

struct usage { /* of so many pods together */
	int64_t milli, request_milli;
	uint32_t samples;
};

static bool is_tolerated(const struct input *in, double ratio)
{
	return 1.0 - in->tolerance->down <= ratio && ratio <= 1.0 + in->tolerance->up;
}

static int32_t ceiling(double x)
{
	return goint_of_double_32(ceil(x));
}

static void propose(struct hpa_proposal *p, enum hpa_branch branch, int32_t replicas)
{
	p->branch = branch;
	p->replicas = replicas;
}

/* --- metrics of pods ---------------------------------------------------------------------------- */

/* Usage over target; *ret_percent is set for a Utilization. */
static double ratio_of(const struct hpa_metric *m, const struct usage *u, int32_t *ret_percent)
{
	if (m->target != HPA_UTILIZATION)
		return (double)goint_divide(u->milli, u->samples) / (double)m->milli;
	*ret_percent = (int32_t)goint_divide(goint_multiply(u->milli, 100), u->request_milli);
	return (double)*ret_percent / (double)m->utilization;
}

/* Missing pods are filled in against the direction, and not at all when the ratio is exactly 1; unready ones
 * as idle when it goes up. */
static void fill_in(const struct input *in, const struct hpa_pods *pods, double ratio, bool with_unready,
		    struct usage *u)
{
	bool utilization = in->m->target == HPA_UTILIZATION;

	if (ratio < 1.0)
		u->milli = goint_add(u->milli, utilization ? pods->filled_milli
							   : goint_multiply(in->m->milli,
									    pods->count[HPA_MISSING]));
	if (ratio < 1.0 || ratio > 1.0) {
		u->samples += pods->count[HPA_MISSING];
		u->request_milli = goint_add(u->request_milli, pods->request_milli[HPA_MISSING]);
	}
	if (with_unready) {
		u->samples += pods->count[HPA_UNREADY];
		u->request_milli = goint_add(u->request_milli, pods->request_milli[HPA_UNREADY]);
	}
}

static void propose_filled(const struct input *in, struct usage *u, bool with_unready, struct hpa_proposal *p)
{
	int32_t percent, replicas, current = in->scale->spec;
	double ratio = p->ratio, filled;

	fill_in(in, &p->pods, ratio, with_unready, u);
	if (in->m->target == HPA_UTILIZATION && !u->request_milli) {
		p->failure = HPA_NOTHING_MATCHES;
		return;
	}
	filled = p->filled_ratio = ratio_of(in->m, u, &percent);
	replicas = ceiling(filled * (double)u->samples);
	if (is_tolerated(in, filled))
		propose(p, HPA_BRANCH_TOLERATED, current);
	else if ((ratio < 1.0 && filled > 1.0) || (ratio > 1.0 && filled < 1.0) ||
		 (filled < 1.0 && replicas > current) || (filled > 1.0 && replicas < current))
		propose(p, HPA_BRANCH_TURNED, current);
	else
		propose(p, HPA_BRANCH_FILLED, replicas);
}

static void propose_by_pods(const struct input *in, struct hpa_proposal *p)
{
	const struct hpa_pods *pods = &p->pods;
	bool utilization = in->m->target == HPA_UTILIZATION, with_unready;
	struct usage u = {.milli = utilization ? pods->ready_milli : pods->sum_milli,
			  .request_milli = pods->request_milli[HPA_READY],
			  .samples = pods->samples};

	if (utilization && !u.request_milli) {
		p->failure = HPA_NOTHING_MATCHES;
		return;
	}
	p->ratio = ratio_of(in->m, &u, &p->utilization);
	p->usage_milli = goint_divide(u.milli, utilization ? pods->count[HPA_READY] : u.samples);
	p->usage_known = true;
	with_unready = pods->count[HPA_UNREADY] && p->ratio > 1.0;
	if (with_unready || pods->count[HPA_MISSING])
		propose_filled(in, &u, with_unready, p);
	else if (is_tolerated(in, p->ratio))
		propose(p, HPA_BRANCH_TOLERATED, in->scale->spec);
	else
		propose(p, HPA_BRANCH_RATIO, ceiling(p->ratio * (double)pods->count[HPA_READY]));
}

static void by_pods(const struct input *in, const struct hpa_timing *at, struct hpa_proposal *p)
{
	const struct hpa_metric *m = in->m;
	bool utilization = m->target == HPA_UTILIZATION;
	struct hpa_pods_rule rule = {.resource = m->source == HPA_PODS ? "" : m->name,
				     .container = m->source == HPA_CONTAINER_RESOURCE ? m->container : NULL,
				     .requests = utilization,
				     .fill_percent = m->utilization > 100 ? m->utilization : 100,
				     .now_ms = at->now_ms,
				     .cpu_initialization_ms = at->cpu_initialization_ms,
				     .initial_readiness_ms = at->initial_readiness_ms};

	if (!in->answer->n) {
		p->failure = HPA_NO_ITEMS;
		return;
	}
	if (!in->n_pods) {
		p->failure = HPA_NO_PODS;
		return;
	}
	hpa_pods_add_up(&rule, in->pod, in->n_pods, in->answer, &p->pods);
	if (!p->pods.samples)
		p->failure = HPA_NO_SAMPLES;
	else if (p->pods.problem)
		p->failure = HPA_NO_REQUEST;
	else
		propose_by_pods(in, p);
	p->timestamp_known = true;
	p->timestamp_ms = in->answer->sample[0].timestamp_ms;
}

/* --- metrics of one object, or of something outside --------------------------------------------- */

/* What is more than int64 holds is the most it holds. For an average any sum below 0 counts as such. */
static int64_t add_up(const struct hpa_metric *m, const struct hpa_answer *a)
{
	int64_t total = 0;

	if (m->source == HPA_OBJECT)
		return a->value[0].milli;
	for (size_t i = 0; i < a->n; i++) {
		int64_t milli = a->value[i].milli, sum = goint_add(total, milli);

		if (m->target == HPA_AVERAGE_VALUE ? sum < 0 : milli > 0 && sum < total)
			return INT64_MAX;
		total = sum;
	}
	return total;
}

static int32_t bounded_ceiling(double x)
{
	return x > (double)INT32_MAX ? INT32_MAX : ceiling(x);
}

static void by_total(const struct input *in, struct hpa_proposal *p)
{
	int64_t total = add_up(in->m, in->answer);

	p->usage_milli = total;
	p->usage_known = true;
	p->ratio = (double)total / (double)in->m->milli;
	if (!in->scale->spec) /* from zero to n: there are no pods to multiply, and no bound */
		propose(p, HPA_BRANCH_TOTAL, ceiling(p->ratio));
	else if (is_tolerated(in, p->ratio))
		propose(p, HPA_BRANCH_TOLERATED, in->scale->spec);
	else if (!in->n_pods)
		p->failure = HPA_NO_PODS;
	else
		propose(p, HPA_BRANCH_RATIO,
			bounded_ceiling(p->ratio * (double)hpa_pods_ready(in->pod, in->n_pods)));
}

/* Only an external metric is kept within int32 and int64. */
static void by_average(const struct input *in, struct hpa_proposal *p)
{
	int32_t replicas = in->scale->status;
	int64_t total = add_up(in->m, in->answer);
	bool bounded = in->m->source == HPA_EXTERNAL;
	double wanted = (double)total / (double)in->m->milli;

	p->timestamp_known = true;
	p->timestamp_ms = in->answer->value[0].timestamp_ms;
	p->ratio = (double)total / ((double)in->m->milli * (double)replicas);
	if (is_tolerated(in, p->ratio))
		propose(p, HPA_BRANCH_TOLERATED, replicas);
	else
		propose(p, HPA_BRANCH_TOTAL, bounded ? bounded_ceiling(wanted) : ceiling(wanted));
	p->usage_known = true;
	if (bounded && (double)total >= (double)INT64_MAX)
		p->usage_milli = INT64_MAX;
	else if (replicas)
		p->usage_milli = goint_of_double(ceil((double)total / (double)replicas));
	else
		p->usage_known = false;
}

void hpa_replicas(const struct hpa_metric *m, const struct hpa_scale *s, const struct hpa_tolerance *t,
		  const struct hpa_timing *at, const struct hpa_pod *pod, size_t n_pods,
		  const struct hpa_answer *a, struct hpa_proposal *ret)
{
	const struct input in = {m, s, t, pod, n_pods, a};

	*ret = (struct hpa_proposal){0};
	if (m->target == HPA_NO_TARGET)
		ret->failure = HPA_WITHOUT_TARGET;
	else if (a->error)
		ret->failure = HPA_FETCH_FAILED;
	else if (m->source != HPA_OBJECT && m->source != HPA_EXTERNAL)
		by_pods(&in, at, ret);
	else if (!a->n)
		ret->failure = HPA_NO_ITEMS;
	else if (m->target == HPA_VALUE)
		by_total(&in, ret);
	else
		by_average(&in, ret);
}
