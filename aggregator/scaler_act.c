/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/scaler_act.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/act/act.h"
#include "aggregator/explain_metric.h"
#include "aggregator/hpa_control.h"
#include "aggregator/hpa_record.h"
#include "aggregator/metrics.h"
#include "aggregator/record.h"
#include "aggregator/scaler.h"
#include "base/log.h"
#include "base/mem.h"

/* Telling */

static void tell(const struct scaler_workload *w, const struct decision *x)
{
	if (w->scaler->decided)
		w->scaler->decided(x, w->scaler->data);
}

static uint64_t newest_age(const struct view *v)
{
	uint64_t age = UINT64_MAX;

	for (uint32_t i = 0; i < v->replicas; i++)
		if (v->replica[i].sample_age_ns < age)
			age = v->replica[i].sample_age_ns;
	return age;
}

static struct decision describe(const struct scaler_workload *w, const struct view *v,
				const struct verdict *d)
{
	const struct policy *p = &w->manifest.policy;
	struct decision x = {.wall_unix_ns = v->wall_unix_ns,
			     .boottime_ns = v->boottime_ns,
			     .load_age_ns = newest_age(v),
			     .from = d->from,
			     .to = d->to};

	snprintf(x.workload, sizeof(x.workload), "%s", p->name);
	snprintf(x.policy, sizeof(x.policy), "%s", p->name);
	snprintf(x.reason, sizeof(x.reason), "%s", verdict_word(d->reason));
	snprintf(x.mode, sizeof(x.mode), "%s", p->enforce ? "Enforce" : "Observe");
	if (w->hpa)
		hpa_control_trigger(w->hpa, w->manifest.hpa, x.trigger, sizeof(x.trigger));
	else
		explain_metric_trigger(p, d, x.trigger, sizeof(x.trigger));
	return x;
}

/* A hold is told when its reason is a new one. */
static void tell_hold(struct scaler_workload *w, const struct view *v, const struct verdict *d)
{
	struct decision x;

	if (w->told == d->reason)
		return;
	w->told = d->reason;
	x = describe(w, v, d);
	tell(w, &x);
}

/* Acting */

static void settle(struct scaler_workload *w, const char *outcome)
{
	struct decision *x = &w->last;

	snprintf(x->outcome, sizeof(x->outcome), "%s", outcome);
	decisions_set_outcome(w->scaler->decisions, x->id, x->outcome);
	log_write(strcmp(x->outcome, DECISION_APPLIED) && strcmp(x->outcome, DECISION_OBSERVED) ? LOG_WARN
												: LOG_INFO,
		  "d-%llu %s %u -> %u: %s (%s), %s", (unsigned long long)x->id, x->workload, x->from,
		  x->to, *x->trigger ? x->trigger : "no metric", x->reason, x->outcome);
	tell(w, x);
}

static void failed(struct scaler_workload *w, const char *why)
{
	char outcome[sizeof(w->last.outcome)];

	aggregator_count(aggregator_actions_failed_total, 1);
	w->backoff_ns = w->backoff_ns ? w->backoff_ns * 2 : SCALER_RETRY_LEAST_NS;
	if (w->backoff_ns > SCALER_RETRY_MOST_NS)
		w->backoff_ns = SCALER_RETRY_MOST_NS;
	w->retry_ns = w->scaler->now.ns + w->backoff_ns;
	budget_failed(&w->turn, w->last.to);
	w->state.wanted = 0; /* nothing was ordered, so nothing is on its way */
	snprintf(outcome, sizeof(outcome), "failed: %s", why);
	settle(w, outcome);
}

static void acted(const char *why, void *data)
{
	struct scaler_workload *w = data;

	w->acting = 0;
	if (w->hpa) {
		w->hpa->outcome.to = (int32_t)w->last.to; /* the budget may have cut it */
		hpa_control_done(w->hpa, w->manifest.hpa, w->scaler->now.ns, *why ? why : NULL);
	}
	if (*why) {
		failed(w, why);
		return;
	}
	w->backoff_ns = 0;
	standing_order(&w->standing, w->last.from, w->last.to);
	settle(w, DECISION_APPLIED);
}

static void order(struct scaler_workload *w)
{
	char id[32];
	struct act_order o = {.workload = w->last.workload,
			      .from = w->last.from,
			      .to = w->last.to,
			      .reason = w->last.reason,
			      .decision = id};
	int r;

	snprintf(id, sizeof(id), "d-%llu", (unsigned long long)w->last.id);
	w->acting = w->last.id;
	if (decisions_deposed(w->scaler->decisions)) {
		acted(SCALER_DEPOSED, w);
		return;
	}
	aggregator_count(aggregator_actions_total, 1);
	r = act_run(w->act, &o, acted, w);
	if (r < 0)
		acted(strerror(-r), w);
}

/* Writing down */

/* `d`: what was decided, before a person's pause. */
static char *record_of(const struct scaler_workload *w, const struct scaler_look *l, const struct verdict *d)
{
	return w->hpa ? hpa_record_json(w->hpa, w->manifest.hpa, &l->policy, &l->view, l->current, l->scale_error)
		      : record_json(&l->policy, &l->view, l->current, &l->before, d);
}

static void write_down(struct scaler_workload *w, const struct scaler_look *l)
{
	scoped(freep) char *record = record_of(w, l, &w->verdict);

	w->last = describe(w, &l->view, &w->verdict);
	w->told = w->verdict.reason;
	snprintf(w->last.outcome, sizeof(w->last.outcome), "%s",
		 l->policy.enforce ? DECISION_ACTING : DECISION_OBSERVED);
	decisions_add(w->scaler->decisions, &w->last, record ? record : "{}");
	aggregator_count(aggregator_decisions_total, 1);
}

/* Observe: a new recommendation is worth writing down, the same one every second is not. */
static void advise(struct scaler_workload *w, const struct scaler_look *l)
{
	if (w->observed == w->verdict.to)
		return;
	w->observed = w->verdict.to;
	write_down(w, l);
	settle(w, DECISION_OBSERVED);
}

static bool is_held_blind(enum verdict_reason r)
{
	return r == VERDICT_STALE || r == VERDICT_COVERAGE || r == VERDICT_BLIND;
}

/* `last` is the order's until it ends. */
static bool may_advise(const struct scaler_workload *w)
{
	return !w->manifest.policy.enforce && !w->acting && !decisions_deposed(w->scaler->decisions);
}

/* What changes nothing because nothing asks for it is none. */
static void note_hold(struct scaler_workload *w, const struct scaler_look *l, const struct verdict *decided)
{
	struct decision x;
	char *record;

	if (w->verdict.reason == VERDICT_STEADY) {
		hold_end(&w->hold);
		return;
	}
	if (!hold_note(&w->hold, &w->verdict, &l->view, w->last.id))
		return;
	x = describe(w, &l->view, &w->verdict);
	record = record_of(w, l, decided);
	if (record)
		hold_keep(&w->hold, &x, record);
}

void scaler_act(struct scaler_workload *w, const struct scaler_look *l)
{
	struct verdict *d = &w->verdict, decided = *d;

	w->judged = true;
	aggregator_count(aggregator_blind_steps_total, is_held_blind(d->reason));
	if (l->paused && d->to != d->from) {
		d->to = d->from;
		d->reason = VERDICT_PAUSED;
	}
	if (d->to == d->from) {
		w->observed = 0;
		tell_hold(w, &l->view, d);
		note_hold(w, l, &decided);
		return;
	}
	hold_end(&w->hold);
	if (l->policy.enforce) {
		write_down(w, l);
		order(w);
	} else if (may_advise(w)) {
		advise(w, l);
	}
}
