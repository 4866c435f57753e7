/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_explain_metric.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aggregator/explain.h"
#include "aggregator/hpa_text.h"
#include "decide/hpa_error.h"

static bool is_of_pods(const struct hpa_metric *m)
{
	return m->source != HPA_OBJECT && m->source != HPA_EXTERNAL;
}

static uint32_t all_pods(const struct hpa_pods *p)
{
	return p->count[HPA_READY] + p->count[HPA_UNREADY] + p->count[HPA_MISSING] + p->count[HPA_IGNORED];
}

/* "cpu 84 % of request over 6 of 6 pods (1260m of 1500m); target 60 %" */
static void add_value(struct buf *to, const struct hpa_metric *m, const struct hpa_proposal *p)
{
	const struct hpa_pods *pods = &p->pods;
	char name[96];

	hpa_text_name(m, name, sizeof(name));
	buf_printf(to, "%s %s", name, hpa_text_usage(m, p).text);
	if (m->target == HPA_UTILIZATION)
		buf_printf(to, " of request over %u of %u pods (%s of %s)", pods->count[HPA_READY], all_pods(pods),
			   hpa_text_milli(m, pods->ready_milli).text,
			   hpa_text_milli(m, pods->request_milli[HPA_READY]).text);
	else if (is_of_pods(m))
		buf_printf(to, " a pod over %u of %u pods (%s in all)", pods->samples, all_pods(pods),
			   hpa_text_milli(m, pods->sum_milli).text);
	else
		buf_printf(to, m->target == HPA_VALUE ? " in all" : " a replica");
	buf_printf(to, "; target %s\n", hpa_text_target(m).text);
}

static double tolerated_percent(const struct hpa_record *r, bool up)
{
	const struct hpa_behavior *b = r->manifest->spec->behavior;
	const struct hpa_rules *rules = !b ? NULL : up ? &b->up : &b->down;

	return 100 * (rules && rules->tolerance_known ? rules->tolerance : r->control->config.tolerance);
}

static bool counts_unready(const struct hpa_proposal *p)
{
	return p->pods.count[HPA_UNREADY] && p->ratio > 1;
}

static void add_filled(struct buf *to, const struct hpa_metric *m, const struct hpa_proposal *p)
{
	const struct hpa_pods *pods = &p->pods;
	int32_t percent = m->utilization > 100 ? m->utilization : 100;

	if (pods->count[HPA_MISSING]) {
		explain_line(to, "");
		buf_printf(to, "%u pod%s without a fresh sample, counted ", pods->count[HPA_MISSING],
			   pods->count[HPA_MISSING] == 1 ? "" : "s");
		if (p->ratio >= 1)
			buf_printf(to, "at nothing, against the change\n");
		else if (m->target == HPA_UTILIZATION)
			buf_printf(to, "at %d %% of the request (%s), against the change\n", percent,
				   hpa_text_milli(m, pods->filled_milli).text);
		else
			buf_printf(to, "at the target, %s, against the change\n", hpa_text_target(m).text);
	}
	if (pods->count[HPA_UNREADY]) {
		explain_line(to, "");
		buf_printf(to, "%u pod%s too young for a sample to count%s\n", pods->count[HPA_UNREADY],
			   pods->count[HPA_UNREADY] == 1 ? "" : "s", counts_unready(p) ? ", counted at nothing" : "");
	}
}

/* n x usage / target; the usage after pods were filled in stands in the ratio. */
static void add_product(struct buf *to, const struct hpa_metric *m, const struct hpa_proposal *p, double n, double ratio)
{
	bool is_filled = p->branch == HPA_BRANCH_FILLED || p->branch == HPA_BRANCH_TURNED;

	if (m->target == HPA_UTILIZATION)
		buf_printf(to, "%.0f x %.0f / %d = ", n, ratio * m->utilization, m->utilization);
	else if (is_filled)
		buf_printf(to, "%.0f x %.4f = ", n, ratio);
	else
		buf_printf(to, "%.0f x %s / %s = ", n, hpa_text_usage(m, p).text, hpa_text_target(m).text);
	explain_product(to, n * ratio);
}

static double counted(const struct hpa_record *r, const struct hpa_metric *m, const struct hpa_proposal *p)
{
	const struct hpa_pods *pods = &p->pods;

	if (!is_of_pods(m))
		return hpa_pods_ready(r->control->sight.in.pod, r->control->sight.in.n_pods);
	if (p->branch == HPA_BRANCH_RATIO)
		return pods->count[HPA_READY];
	return pods->samples + pods->count[HPA_MISSING] + (counts_unready(p) ? pods->count[HPA_UNREADY] : 0);
}

static bool was_filled(const struct hpa_proposal *p)
{
	return p->pods.count[HPA_MISSING] || counts_unready(p);
}

static void add_formula(struct buf *to, const struct hpa_record *r, const struct hpa_metric *m,
			const struct hpa_proposal *p)
{
	double ratio = was_filled(p) ? p->filled_ratio : p->ratio;

	explain_line(to, "");
	switch (p->branch) {
	case HPA_BRANCH_TOLERATED:
		buf_printf(to, "%.4f of the target, within %g %%: asks for %d, as it is set\n", ratio,
			   tolerated_percent(r, ratio > 1), p->replicas);
		break;
	case HPA_BRANCH_RATIO:
	case HPA_BRANCH_FILLED:
		add_product(to, m, p, counted(r, m, p), ratio);
		buf_printf(to, ", rounded up: asks for %d\n", p->replicas);
		break;
	case HPA_BRANCH_TURNED:
		add_product(to, m, p, counted(r, m, p), ratio);
		buf_printf(to, ": with those counted in, the direction turns round: asks for %d, as it is set\n",
			   p->replicas);
		break;
	case HPA_BRANCH_TOTAL:
		buf_printf(to, "the total is %.2f times the target, rounded up: asks for %d\n",
			   m->target == HPA_VALUE ? p->ratio : p->ratio * r->control->sight.in.scale.status, p->replicas);
		break;
	}
}

static void add_failure(struct buf *to, const struct hpa_record *r, size_t i)
{
	const struct hpa_metric *m = &r->manifest->spec->metric[i];
	char name[96], text[HPA_ERROR_TEXT];

	hpa_text_name(m, name, sizeof(name));
	hpa_error_text(m, r->manifest->ns, &r->control->sight.answer[i], &r->control->outcome.proposal[i], text,
		       sizeof(text));
	buf_printf(to, "%s: could not be had, target %s\n", name, hpa_text_target(m).text);
	explain_line(to, "");
	buf_printf(to, "%s: %s\n", hpa_words_reason(m), text);
}

void hpa_explain_metric(struct buf *to, const struct hpa_record *r, size_t i)
{
	const struct hpa_metric *m = &r->manifest->spec->metric[i];
	const struct hpa_outcome *o = &r->control->outcome;
	const struct hpa_proposal *p = &o->proposal[i];

	explain_line(to, (int)i == o->metric ? "asked for most" : p->failure ? "not known" : "also asked");
	if (p->failure) {
		add_failure(to, r, i);
		return;
	}
	add_value(to, m, p);
	add_filled(to, m, p);
	add_formula(to, r, m, p);
}
