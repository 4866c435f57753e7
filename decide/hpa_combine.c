/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_combine.h"

#include <stdio.h>

#include "decide/hpa_error.h"

static struct hpa_tolerance tolerance_of(const struct hpa_pass *p)
{
	const struct hpa_behavior *b = p->spec->behavior;
	struct hpa_tolerance t = {p->config->tolerance, p->config->tolerance};

	if (b && b->up.tolerance_known)
		t.up = b->up.tolerance;
	if (b && b->down.tolerance_known)
		t.down = b->down.tolerance;
	return t;
}

static void keep_usage(struct hpa_status *s, size_t i, const struct hpa_proposal *r)
{
	s->metric[i] = (struct hpa_metric_status){0};
	if (!r->failure)
		s->metric[i] = (struct hpa_metric_status){true, r->usage_known, r->usage_milli, r->utilization};
}

static void note_failure(const struct hpa_pass *p, size_t i, char *ret_text)
{
	const struct hpa_metric *m = &p->spec->metric[i];
	char inner[HPA_TEXT];

	hpa_error_text(m, p->spec->ns, &p->in->answer[i], &p->out->proposal[i], inner, sizeof(inner));
	hpa_words_failure(m, inner, false, ret_text, HPA_TEXT);
	hpa_pass_event(p->out, true, hpa_words_reason(m), "%s", ret_text);
}

/* Asks every metric. Returns how many failed; the first and its words for the condition are set then. */
static size_t evaluate(const struct hpa_pass *p, size_t *ret_first, char *ret_words)
{
	struct hpa_timing at = {p->in->now_ms, p->config->cpu_initialization_ms, p->config->initial_readiness_ms};
	struct hpa_tolerance tolerance = tolerance_of(p);
	struct hpa_outcome *out = p->out;
	char words[HPA_TEXT];
	size_t failed = 0;

	p->state->status.n_metrics = p->spec->n;
	for (size_t i = 0; i < p->spec->n; i++) {
		struct hpa_proposal *r = &out->proposal[i];

		hpa_replicas(&p->spec->metric[i], &p->in->scale, &tolerance, &at, p->in->pod, p->in->n_pods,
			     &p->in->answer[i], r);
		keep_usage(&p->state->status, i, r);
		if (r->failure) {
			note_failure(p, i, failed ? words : ret_words);
			*ret_first = failed ? *ret_first : i;
			failed++;
		} else if (!out->wanted || r->replicas > out->wanted) {
			out->wanted = r->replicas;
			out->metric = (int)i;
		}
	}
	out->evaluated = true;
	return failed;
}

static void selector_failed(const struct hpa_pass *p, const char *event, const char *said, const char *reason,
			    const char *condition)
{
	hpa_pass_event(p->out, true, event, "%s", said);
	hpa_status_set(&p->state->status, p->in->now_ms, HPA_SCALING_ACTIVE, false, reason, "%s", condition);
	hpa_pass_error(p->out, "%s", said);
	p->state->status.n_metrics = 0;
}

static bool selector_is_good(const struct hpa_pass *p)
{
	char said[HPA_TEXT];

	if (!*p->in->selector) {
		selector_failed(p, "SelectorRequired", "selector is required", "InvalidSelector",
				"the HPA target's scale is missing a selector");
		return false;
	}
	if (p->in->selector_error) {
		snprintf(said, sizeof(said), "couldn't convert selector into a corresponding internal selector object: %s",
			 p->in->selector_error);
		selector_failed(p, "InvalidSelector", said, "InvalidSelector", said);
		return false;
	}
	if (!p->in->rivals)
		return true;
	snprintf(said, sizeof(said), "pods by selector %.400s are controlled by multiple HPAs: %s", p->in->selector,
		 p->in->rivals);
	selector_failed(p, "AmbiguousSelector", said, "AmbiguousSelector", said);
	return false;
}

static void note_invalid(const struct hpa_pass *p, size_t failed, size_t first)
{
	const struct hpa_metric *m = &p->spec->metric[first];
	char inner[HPA_TEXT], whole[HPA_TEXT];

	hpa_error_text(m, p->spec->ns, &p->in->answer[first], &p->out->proposal[first], inner, sizeof(inner));
	hpa_words_failure(m, inner, true, whole, sizeof(whole));
	hpa_pass_error(p->out, "invalid metrics (%zu invalid out of %zu), first error is: %s", failed, p->spec->n, whole);
}

bool hpa_combine(const struct hpa_pass *p)
{
	struct hpa_status *s = &p->state->status;
	char words[HPA_TEXT];
	size_t failed, first = 0;

	if (!selector_is_good(p))
		return false;
	failed = evaluate(p, &first, words);
	if (failed)
		note_invalid(p, failed, first);
	if (failed == p->spec->n || (failed && p->out->wanted < p->in->scale.spec)) {
		hpa_status_set(s, p->in->now_ms, HPA_SCALING_ACTIVE, false,
			       hpa_words_reason(&p->spec->metric[first]),
			       "the HPA was unable to compute the replica count: %s", words);
		p->out->metric = -1;
		return false;
	}
	hpa_words_metric(&p->spec->metric[p->out->metric], words, sizeof(words));
	hpa_status_set(s, p->in->now_ms, HPA_SCALING_ACTIVE, true, "ValidMetricFound",
		       "the HPA was able to successfully calculate a replica count from %s", words);
	return true;
}
