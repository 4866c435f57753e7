/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/scaler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/act/act.h"
#include "aggregator/explain.h"
#include "aggregator/hpa_control.h"
#include "aggregator/hpa_record.h"
#include "aggregator/metrics.h"
#include "aggregator/record.h"
#include "aggregator/store/store.h"
#include "base/log.h"
#include "base/mem.h"

#define GONE  "unknown: its policy went away before its hook ended"
#define DEPOSED "another aggregator has taken over the state directory"
#define ENDED "unknown: the aggregator ended before its hook did"

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
		explain_trigger(p, d, x.trigger, sizeof(x.trigger));
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
	standing_order(&w->standing, w->last.to);
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
		acted(DEPOSED, w);
		return;
	}
	aggregator_count(aggregator_actions_total, 1);
	r = act_run(w->act, &o, acted, w);
	if (r < 0)
		acted(strerror(-r), w);
}

/* Deciding */

struct look { /* what one step was given */
	struct policy policy; /* as it holds now: only who may act this instant enforces */
	struct view view;
	uint32_t current;
	struct decide_state before;
	const char *scale_error; /* of an HPA */
	bool paused;
};

static char *record_of(const struct scaler_workload *w, const struct look *l)
{
	return w->hpa ? hpa_record_json(w->hpa, w->manifest.hpa, &l->policy, &l->view, l->current, l->scale_error)
		      : record_json(&l->policy, &l->view, l->current, &l->before, &w->verdict);
}

static void write_down(struct scaler_workload *w, const struct look *l)
{
	scoped(freep) char *record = record_of(w, l);

	w->last = describe(w, &l->view, &w->verdict);
	w->told = w->verdict.reason;
	snprintf(w->last.outcome, sizeof(w->last.outcome), "%s",
		 l->policy.enforce ? DECISION_ACTING : DECISION_OBSERVED);
	decisions_add(w->scaler->decisions, &w->last, record ? record : "{}");
	aggregator_count(aggregator_decisions_total, 1);
}

/* Observe: a new recommendation is worth writing down, the same one every second is not. */
static void advise(struct scaler_workload *w, const struct look *l)
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

static void conclude(struct scaler_workload *w, const struct look *l)
{
	struct verdict *d = &w->verdict;

	w->judged = true;
	aggregator_count(aggregator_blind_steps_total, is_held_blind(d->reason));
	if (l->paused && d->to != d->from) {
		d->to = d->from;
		d->reason = VERDICT_PAUSED;
	}
	if (d->to == d->from) {
		w->observed = 0;
		tell_hold(w, &l->view, d);
	} else if (l->policy.enforce) {
		write_down(w, l);
		order(w);
	} else if (!w->manifest.policy.enforce && !w->acting && !decisions_deposed(w->scaler->decisions)) { /* `last` is the order's until it ends */
		advise(w, l);
	}
}

/* What stands meanwhile is the other's business: the replicas that live are what is known of it. */
static bool may_order(struct scaler_workload *w)
{
	bool is_deposed = decisions_deposed(w->scaler->decisions);

	if (is_deposed)
		w->standing = (struct standing){0};
	return !is_deposed;
}

static void offer(const struct scaler_workload *w, struct look *l)
{
	const struct budget *b = &w->scaler->budget;

	l->view.fleet_budget = l->policy.enforce ? b->a_minute : 0;
	l->view.fleet_room = l->view.fleet_budget ? budget_room(b, &w->turn, l->view.boottime_ns, l->current) : 0;
}

static void account(struct scaler_workload *w, const struct look *l)
{
	const struct verdict *d = &w->verdict;
	uint32_t to = l->view.fleet_budget ? d->to : d->from;

	aggregator_count(aggregator_budget_cuts_total, d->lacks > 0);
	budget_note(&w->scaler->budget, &w->turn, l->view.boottime_ns, d->from, to, d->lacks);
}

static void step(struct scaler_workload *w, clock_boot_t now)
{
	const char *name = w->manifest.policy.name;
	struct look l = {.policy = w->manifest.policy, .before = w->state};

	l.paused = decisions_paused(w->scaler->decisions, name, now);
	l.policy.enforce &= may_order(w) && !l.paused && !w->acting && now.ns >= w->retry_ns;
	if (store_view(w->workload, now, l.policy.window_ns, l.policy.fresh_ns, &l.view) < 0)
		return; /* no memory for it: as if nothing was measured */
	(void)rivals_holders(&w->rivals, name, w->workload, now.ns);
	l.current = standing_now(&w->standing, l.view.replicas, l.view.fleet_silent > 0, now.ns);
	offer(w, &l);
	decide_step(&l.policy, &l.view, l.current, &w->state, &w->verdict);
	account(w, &l);
	conclude(w, &l);
}

/* Kubernetes' own decision is not touched; less of it is ordered. */
static void afford_hpa(struct scaler_workload *w, const struct look *l)
{
	struct verdict *d = &w->verdict;
	uint32_t to = view_affordable(&l->view, d->from, d->to);

	if (!w->hpa->outcome.rescale || to == d->to)
		return;
	d->lacks = d->to - to;
	d->to = to;
	d->reason = VERDICT_BUDGET;
}

/* In Kubernetes the scale would be written now; here it may be that nobody is to write it. */
static const char *why_unwritten(const struct scaler_workload *w, const struct look *l)
{
	if (l->paused)
		return "a person paused it";
	if (!l->policy.enforce && decisions_deposed(w->scaler->decisions))
		return DEPOSED;
	if (!l->policy.enforce)
		return "Plimsoll observes only: the mode is not Enforce";
	return w->verdict.to == w->verdict.from ? verdict_meaning(VERDICT_BUDGET) : NULL;
}

static void conclude_hpa(struct scaler_workload *w, struct look *l)
{
	afford_hpa(w, l);
	account(w, l);
	conclude(w, l);
	if (w->hpa->outcome.rescale && why_unwritten(w, l))
		hpa_control_done(w->hpa, w->manifest.hpa, l->view.boottime_ns, why_unwritten(w, l));
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
	struct look l = {.policy = w->manifest.policy};
	char none[256];
	uint32_t live;

	if (!is_due(w, now))
		return;
	l.policy.window_ns = w->scaler->hpa_period_ns > SCALER_HPA_WINDOW_LEAST_NS ? w->scaler->hpa_period_ns
										   : SCALER_HPA_WINDOW_LEAST_NS;
	l.paused = decisions_paused(w->scaler->decisions, l.policy.name, now);
	l.policy.enforce &= may_order(w) && !l.paused;
	if (store_view(w->workload, now, l.policy.window_ns, l.policy.fresh_ns, &l.view) < 0)
		return; /* no memory for it: as if nothing was measured */
	live = hpa_sight_pods(&l.view);
	l.current = standing_now(&w->standing, live, l.view.fleet_silent > 0, now.ns);
	if (!live && !w->standing.ordered) {
		snprintf(none, sizeof(none), "Plimsoll knows no replica of %.60s %.60s/%.80s", spec->target_kind, spec->ns,
			 spec->target_name);
		l.scale_error = none;
	}
	w->hpa->selects = w->manifest.cgroup;
	w->hpa->rivals = rivals_look(&w->rivals, l.policy.name, w->workload);
	offer(w, &l);
	hpa_control_pass(w->hpa, w->manifest.hpa, &l.policy, &l.view, l.current, l.scale_error);
	hpa_control_verdict(w->hpa, &w->verdict);
	conclude_hpa(w, &l);
}

static int by_turn(const void *a, const void *b)
{
	const struct budget_turn *x = &(*(struct scaler_workload *const *)a)->turn;
	const struct budget_turn *y = &(*(struct scaler_workload *const *)b)->turn;

	return (x->since_ns > y->since_ns) - (x->since_ns < y->since_ns);
}

/* Who waits for the budget, the longest first; then the others, as their manifests come. */
static void line_up(struct scaler *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->item[i]->turn.since_ns)
			s->line[n++] = s->item[i];
	qsort(s->line, n, sizeof(*s->line), by_turn);
	aggregator_set(aggregator_budget_waiting, n);
	for (size_t i = 0; i < s->n; i++)
		if (!s->item[i]->turn.since_ns)
			s->line[n++] = s->item[i];
}

void scaler_tick(struct scaler *s, clock_boot_t now)
{
	s->now = now;
	line_up(s);
	budget_round(&s->budget);
	for (size_t i = 0; i < s->n; i++) {
		(s->line[i]->hpa ? step_hpa : step)(s->line[i], now);
		budget_pass(&s->budget, &s->line[i]->turn);
	}
}

/* The set of policies */

struct scaler *scaler_new(struct loop *l, struct store *s, struct decisions *d)
{
	struct scaler *n = mem_new(struct scaler);

	n->loop = l;
	n->store = s;
	n->decisions = d;
	n->hpa_period_ns = SCALER_HPA_PERIOD_NS;
	return n;
}

static void workload_done(struct scaler_workload *w, const char *why)
{
	if (w->acting)
		decisions_set_outcome(w->scaler->decisions, w->acting, why);
	act_close(w->act);
	hpa_control_free(w->hpa);
	if (w->workload)
		store_forget(w->scaler->store, w->workload);
	manifest_done(&w->manifest);
	free(w);
}

/* What was ordered before a restart still stands, if its hook said so. One that nobody heard the end
 * of says that now: the live replicas tell what came of it. */
static void remember(struct scaler_workload *w)
{
	if (decisions_last(w->scaler->decisions, w->manifest.policy.name, &w->last) < 0) {
		w->last = (struct decision){0};
		return;
	}
	if (!strcmp(w->last.outcome, DECISION_APPLIED))
		standing_order(&w->standing, w->last.to);
	if (strcmp(w->last.outcome, DECISION_ACTING) != 0)
		return;
	snprintf(w->last.outcome, sizeof(w->last.outcome), "%s", ENDED);
	decisions_set_outcome(w->scaler->decisions, w->last.id, w->last.outcome);
}

static struct scaler_workload *workload_new(struct scaler *s, const struct manifest *m)
{
	struct scaler_workload *w = mem_new(struct scaler_workload);

	w->scaler = s;
	w->manifest = *m;
	w->hpa = m->hpa ? hpa_control_new() : NULL;
	w->workload = store_workload(s->store, m->policy.name, m->cgroup);
	store_set_role(w->workload, m->hpa ? STORE_CONTROLS : STORE_TAKES);
	w->act = act_new(s->loop, (const char *const *)m->command, m->timeout_ns);
	remember(w);
	return w;
}

static bool same_command(char **a, char **b)
{
	if (!a || !b)
		return a == b;
	while (*a && *b && !strcmp(*a, *b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

/* The one that is there and does the same thing to the same replicas; it leaves the list. */
static struct scaler_workload *take_kept(struct scaler *s, const struct manifest *m)
{
	for (size_t i = 0; i < s->n; i++) {
		struct scaler_workload *w = s->item[i];

		if (!w || strcmp(w->manifest.policy.name, m->policy.name) != 0 ||
		    strcmp(w->manifest.cgroup, m->cgroup) != 0 || !w->manifest.hpa != !m->hpa ||
		    !same_command(w->manifest.command, m->command) ||
		    w->manifest.timeout_ns != m->timeout_ns)
			continue;
		s->item[i] = NULL;
		return w;
	}
	return NULL;
}

static void replace_manifest(struct scaler_workload *w, struct manifest *m)
{
	struct manifest old = w->manifest;

	w->manifest = *m;
	*m = old; /* released with the rest of the set */
}

static void forget_all(struct scaler *s, const char *why)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->item[i])
			workload_done(s->item[i], why);
	free(s->item);
	free(s->line);
	s->item = s->line = NULL;
	s->n = 0;
}

/* Where globs overlap, the first ScalingPolicy has the row: in the order of the manifests, however they came. */
static void arrange(const struct scaler *s)
{
	struct store_workload **order = mem_array(NULL, s->n + 1, sizeof(struct store_workload *));

	for (size_t i = 0; i < s->n; i++)
		order[i] = s->item[i]->workload;
	store_arrange(s->store, order, s->n);
	free(order);
}

void scaler_set(struct scaler *s, struct manifests *m)
{
	struct scaler_workload **item = mem_array(NULL, m->n + 1, sizeof(struct scaler_workload *));
	size_t n = m->n;

	for (size_t i = 0; i < n; i++) {
		item[i] = take_kept(s, &m->item[i]);
		if (item[i])
			replace_manifest(item[i], &m->item[i]);
	}
	forget_all(s, GONE); /* first, so that their rows are free for the new ones */
	for (size_t i = 0; i < n; i++)
		if (!item[i]) {
			item[i] = workload_new(s, &m->item[i]);
			m->item[i] = (struct manifest){0}; /* moved */
		}
	s->item = item;
	s->line = mem_array(NULL, n + 1, sizeof(*s->line));
	s->n = n;
	arrange(s);
	aggregator_set(aggregator_policies, n);
	manifests_done(m);
}

struct scaler *scaler_free(struct scaler *s)
{
	if (s)
		forget_all(s, ENDED);
	free(s);
	return NULL;
}

static bool remember_growth(const struct decision *x, void *data)
{
	struct scaler *s = data;
	uint64_t now_ns = s->now.ns;

	if (x->boottime_ns > now_ns || now_ns - x->boottime_ns >= BUDGET_NS)
		return false; /* older ones are so, too; those of another boot have ended with it */
	if (x->to > x->from && strcmp(x->outcome, DECISION_OBSERVED) != 0)
		budget_add(&s->budget, x->boottime_ns, x->to - x->from);
	return true;
}

void scaler_remember(struct scaler *s, clock_boot_t now)
{
	s->now = now;
	(void)decisions_each(s->decisions, &(struct decisions_query){0}, remember_growth, s);
}

size_t scaler_waiting(const struct scaler *s, const char **ret_first)
{
	const struct scaler_workload *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct scaler_workload *w = s->item[i];

		if (!w->turn.since_ns)
			continue;
		if (!first || w->turn.since_ns < first->turn.since_ns)
			first = w;
		n++;
	}
	if (first)
		*ret_first = first->manifest.policy.name;
	return n;
}

const struct scaler_workload *scaler_find(const struct scaler *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->item[i]->manifest.policy.name, name))
			return s->item[i];
	return NULL;
}
