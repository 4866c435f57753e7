/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_step.h"

#include <stdio.h>
#include <string.h>

#include "decide/hpa_combine.h"

static void normalize(const struct hpa_pass *p, int32_t current)
{
	struct hpa_limits l = {p->spec->min, p->spec->max, p->config->downscale_stabilization_ms,
			       p->spec->behavior};
	struct hpa_normalized *n = &p->out->normalized;

	hpa_normalize(&l, p->in->now_ms, current, p->out->wanted, &p->state->memory, n);
	hpa_status_set(&p->state->status, p->in->now_ms, HPA_ABLE_TO_SCALE, true, hpa_normalize_word(n->able),
		       "%s", hpa_normalize_message(n->able));
	hpa_status_set(&p->state->status, p->in->now_ms, HPA_SCALING_LIMITED, n->replicas != n->stabilized,
		       hpa_normalize_word(n->limited), "%s", hpa_normalize_message(n->limited));
	p->out->is_normalized = true;
	p->out->to = n->replicas;
	if (!current && p->out->to < p->spec->min) /* a least that was raised while the HPA held it at 0 */
		p->out->to = p->spec->min;
	p->out->rescale = p->out->to != current;
}

static void follow_metrics(const struct hpa_pass *p, int32_t current)
{
	struct hpa_outcome *out = p->out;
	char words[HPA_TEXT] = "";

	if (!hpa_combine(p)) {
		char failure[HPA_TEXT];

		memcpy(failure, out->error, sizeof(failure));
		hpa_pass_event(out, true, "FailedComputeMetricsReplicas", "%s", failure);
		hpa_pass_error(out, "failed to compute desired number of replicas based on listed metrics for %s/%s/%s: %.900s",
		      p->spec->target_kind, p->spec->ns, p->spec->target_name, failure);
		out->blind = true;
		return;
	}
	if (out->wanted < 0)
		out->wanted = 0; /* of a ratio that left int32 */
	if (out->wanted > 0)
		hpa_words_metric(&p->spec->metric[out->metric], words, sizeof(words));
	if (out->wanted > current)
		snprintf(out->reason, sizeof(out->reason), "%.1000s above target", words);
	else if (out->wanted < current)
		snprintf(out->reason, sizeof(out->reason), "All metrics below target");
	normalize(p, current);
}

static bool has_metric_from_zero(const struct hpa_spec *spec)
{
	for (size_t i = 0; i < spec->n; i++)
		if (spec->metric[i].source == HPA_OBJECT || spec->metric[i].source == HPA_EXTERNAL)
			return true;
	return false;
}

/* A person who sets 0 replicas pauses the HPA; what the HPA itself set to 0 it may wake again. */
static bool is_disabled(const struct hpa_pass *p, int32_t current)
{
	if (current)
		return false;
	return !p->config->scale_to_zero || !hpa_status_is_true(&p->state->status, HPA_SCALED_TO_ZERO) ||
	       (!has_metric_from_zero(p->spec) && !p->spec->min);
}

static void go_to(const struct hpa_pass *p, int32_t to, const char *reason)
{
	p->out->to = to;
	p->out->rescale = true;
	snprintf(p->out->reason, sizeof(p->out->reason), "%s", reason);
	p->state->status.n_metrics = 0;
}

static void settle(const struct hpa_pass *p, int32_t current, int32_t desired)
{
	struct hpa_status *s = &p->state->status;

	s->current = current;
	s->desired = desired;
	p->out->status_changed = !hpa_status_equal(s, &p->out->before);
}

static void decide(const struct hpa_pass *p)
{
	struct hpa_status *s = &p->state->status;
	int32_t current = p->in->scale.spec;

	hpa_status_set(s, p->in->now_ms, HPA_ABLE_TO_SCALE, true, "SucceededGetScale",
		       "the HPA controller was able to get the target's current scale");
	if (!p->state->memory.recommendations.n)
		hpa_log_store(&p->state->memory.recommendations, SIZE_MAX, p->in->now_ms, current);
	if (is_disabled(p, current)) {
		s->n_metrics = 0;
		hpa_status_set(s, p->in->now_ms, HPA_SCALING_ACTIVE, false, "ScalingDisabled",
			       "scaling is disabled since the replica count of the target is zero");
	} else if (current && current > p->spec->max) {
		go_to(p, p->spec->max, "Current number of replicas above Spec.MaxReplicas");
	} else if (current && current < p->spec->min) {
		go_to(p, p->spec->min, "Current number of replicas below Spec.MinReplicas");
	} else {
		follow_metrics(p, current);
	}
}

static void begin(struct hpa_outcome *out, const struct hpa_state *state, int32_t current)
{
	out->blind = out->rescale = out->evaluated = out->is_normalized = out->status_changed = false;
	out->from = out->to = current;
	*out->reason = *out->error = '\0';
	out->n_events = 0;
	out->metric = -1;
	out->wanted = 0;
	hpa_status_copy(&state->status, &out->before);
}

static void scale_failed(const struct hpa_pass *p)
{
	hpa_pass_event(p->out, true, "FailedGetScale", "%s", p->in->scale_error);
	hpa_status_set(&p->state->status, p->in->now_ms, HPA_ABLE_TO_SCALE, false, "FailedGetScale",
		       "the HPA controller was unable to get the target's current scale: %s",
		       p->in->scale_error);
	hpa_pass_error(p->out, "failed to query scale subresource for %s/%s/%s: %s", p->spec->target_kind, p->spec->ns,
	      p->spec->target_name, p->in->scale_error);
}

void hpa_step(const struct hpa_spec *spec, const struct hpa_config *config, const struct hpa_input *in,
	      struct hpa_state *state, struct hpa_outcome *ret)
{
	const struct hpa_pass p = {spec, config, in, state, ret};
	struct hpa_status *s = &state->status;

	begin(ret, state, in->scale_error ? 0 : in->scale.spec);
	if (!config->scale_to_zero)
		hpa_status_remove(s, HPA_SCALED_TO_ZERO);
	if (in->scale_error) {
		scale_failed(&p);
		settle(&p, s->current, s->desired);
		return;
	}
	decide(&p);
	if (ret->rescale)
		return;
	settle(&p, in->scale.spec, ret->blind ? s->desired : ret->to);
}

/* --- after it ----------------------------------------------------------------------------------- */

static void change_failed(const struct hpa_pass *p, int64_t now_ms, const char *why)
{
	struct hpa_outcome *out = p->out;

	hpa_pass_event(out, true, "FailedRescale", "New size: %d; reason: %.400s; error: %s", out->to, out->reason, why);
	hpa_status_set(&p->state->status, now_ms, HPA_ABLE_TO_SCALE, false, "FailedUpdateScale",
		       "the HPA controller was unable to update the target scale: %s", why);
	hpa_pass_error(out, "failed to rescale %s/%s/%s: %s", p->spec->target_kind, p->spec->ns, p->spec->target_name,
	      why);
	settle(p, out->from, p->state->status.desired);
}

void hpa_step_done(const struct hpa_spec *spec, const struct hpa_config *config, int64_t now_ms,
		   const char *error, struct hpa_state *state, struct hpa_outcome *out)
{
	const struct hpa_pass p = {spec, config, NULL, state, out};
	struct hpa_limits l = {.behavior = spec->behavior};
	struct hpa_status *s = &state->status;
	bool to_zero = out->from && !out->to && !spec->min && has_metric_from_zero(spec);

	if (error) {
		change_failed(&p, now_ms, error);
		return;
	}
	hpa_status_set(s, now_ms, HPA_ABLE_TO_SCALE, true, "SucceededRescale",
		       "the HPA controller was able to update the target scale to %d", out->to);
	if (config->scale_to_zero)
		hpa_status_set(s, now_ms, HPA_SCALED_TO_ZERO, to_zero,
			       to_zero ? "ScaledToZero" : "NotScaledToZero", "the HPA controller %s the workload to zero",
			       to_zero ? "scaled" : "did not scale");
	hpa_pass_event(out, false, "SuccessfulRescale", "New size: %d; reason: %s", out->to, out->reason);
	hpa_normalize_changed(&l, now_ms, out->from, out->to, &state->memory);
	s->scaled = true;
	s->last_scale_ms = now_ms;
	settle(&p, out->from, out->to);
}
