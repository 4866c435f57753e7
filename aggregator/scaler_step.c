/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/scaler_step.h"

#include <stdio.h>

#include "aggregator/hpa_control.h"
#include "aggregator/metrics.h"
#include "aggregator/scaler.h"
#include "aggregator/scaler_act.h"
#include "aggregator/store/store.h"
#include "base/log.h"

static bool is_deposed(const struct scaler_workload *w)
{
	return decisions_deposed(w->scaler->decisions);
}

static void tell_foreign(const struct scaler_workload *w, uint32_t ordered, uint32_t live)
{
	aggregator_count(aggregator_foreign_changes_total, 1);
	log_warn("%s: %u replicas live, though %u were ordered: somebody else set them, and that is what counts now",
		 w->manifest.policy.name, live, ordered);
}

/* What stands while another aggregator orders is its business: the replicas that live are what is known of it. */
static uint32_t set_to(struct scaler_workload *w, const struct scaler_look *l, uint32_t live)
{
	uint32_t ordered, now;
	bool was_foreign;

	if (is_deposed(w))
		w->standing = (struct standing){0};
	if (w->acting)
		standing_expect(&w->standing, w->last.to);
	ordered = w->standing.ordered;
	was_foreign = w->standing.foreign;
	now = standing_now(&w->standing, live, l->view.fleet_silent > 0, l->view.boottime_ns);
	if (w->standing.foreign && !was_foreign)
		tell_foreign(w, ordered, now);
	return now;
}

static void offer(const struct scaler_workload *w, struct scaler_look *l)
{
	const struct budget *b = &w->scaler->budget;

	l->view.fleet_budget = l->policy.enforce ? b->a_minute : 0;
	l->view.fleet_room = l->view.fleet_budget ? budget_room(b, &w->turn, l->view.boottime_ns, l->current) : 0;
}

static void account(struct scaler_workload *w, const struct scaler_look *l)
{
	const struct verdict *d = &w->verdict;
	uint32_t to = l->view.fleet_budget ? d->to : d->from;

	aggregator_count(aggregator_budget_cuts_total, d->lacks > 0);
	budget_note(&w->scaler->budget, &w->turn, l->view.boottime_ns, d->from, to, d->lacks);
}

static void step_policy(struct scaler_workload *w, clock_boot_t now)
{
	const char *name = w->manifest.policy.name;
	struct scaler_look l = {.policy = w->manifest.policy, .before = w->state};

	l.paused = decisions_paused(w->scaler->decisions, name, now);
	l.policy.enforce &= !is_deposed(w) && !l.paused && !w->acting && now.ns >= w->retry_ns;
	store_set_hears(w->workload, policy_has(&l.policy, POLICY_LATENCY));
	if (store_view(w->workload, now, l.policy.window_ns, l.policy.fresh_ns, &l.view) < 0)
		return; /* no memory for it: as if nothing was measured */
	rivals_holders(&w->rivals, name, w->workload, now.ns);
	l.current = set_to(w, &l, l.view.replicas);
	offer(w, &l);
	decide_step(&l.policy, &l.view, l.current, &w->state, &w->verdict);
	account(w, &l);
	scaler_act(w, &l);
}

/* In Kubernetes the scale would be written now; here it may be that nobody is to write it. */
static const char *why_unwritten(const struct scaler_workload *w, const struct scaler_look *l)
{
	if (l->paused)
		return "a person paused it";
	if (!l->policy.enforce && is_deposed(w))
		return SCALER_DEPOSED;
	if (!l->policy.enforce)
		return "Plimsoll observes only: the mode is not Enforce";
	return w->verdict.to == w->verdict.from ? verdict_meaning(VERDICT_BUDGET) : NULL;
}

static void conclude_hpa(struct scaler_workload *w, struct scaler_look *l)
{
	const char *why;

	account(w, l);
	scaler_act(w, l);
	why = w->hpa->outcome.rescale ? why_unwritten(w, l) : NULL;
	if (why)
		hpa_control_done(w->hpa, w->manifest.hpa, l->view.boottime_ns, why);
}

static bool is_due(struct scaler_workload *w, clock_boot_t now)
{
	uint64_t period_ns = w->scaler->hpa_period_ns;

	if (w->acting || now.ns < w->hpa->next_ns)
		return false;
	w->hpa->next_ns += period_ns;
	if (w->hpa->next_ns <= now.ns) /* the first, or late */
		w->hpa->next_ns = now.ns + period_ns;
	return true;
}

static void step_hpa(struct scaler_workload *w, clock_boot_t now)
{
	const struct hpa_spec *spec = w->manifest.hpa->spec;
	struct scaler_look l = {.policy = w->manifest.policy};
	char none[256];
	uint32_t live;

	if (!is_due(w, now))
		return;
	l.policy.window_ns = w->scaler->hpa_period_ns > SCALER_HPA_WINDOW_LEAST_NS ? w->scaler->hpa_period_ns
										   : SCALER_HPA_WINDOW_LEAST_NS;
	l.paused = decisions_paused(w->scaler->decisions, l.policy.name, now);
	l.policy.enforce &= !is_deposed(w) && !l.paused;
	if (store_view(w->workload, now, l.policy.window_ns, l.policy.fresh_ns, &l.view) < 0)
		return; /* no memory for it: as if nothing was measured */
	live = hpa_sight_pods(&l.view);
	l.current = set_to(w, &l, live);
	if (!live && !w->standing.ordered) {
		snprintf(none, sizeof(none), "Plimsoll knows no replica of %.60s %.60s/%.80s", spec->target_kind, spec->ns,
			 spec->target_name);
		l.scale_error = none;
	}
	w->hpa->selects = w->manifest.cgroup;
	w->hpa->rivals = rivals_look(&w->rivals, l.policy.name, w->workload);
	offer(w, &l);
	hpa_control_pass(w->hpa, w->manifest.hpa, &l.policy, &l.view, l.current, l.scale_error);
	hpa_control_verdict(w->hpa, &l.view, &w->verdict);
	conclude_hpa(w, &l);
}

void scaler_step(struct scaler_workload *w, clock_boot_t now)
{
	(w->hpa ? step_hpa : step_policy)(w, now);
}
