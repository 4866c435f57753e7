/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/scaler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/act/act.h"
#include "aggregator/hpa_control.h"
#include "aggregator/metrics.h"
#include "aggregator/scaler_step.h"
#include "aggregator/store/store.h"
#include "base/mem.h"

#define GONE  "unknown: its policy went away before its hook ended"
#define ENDED "unknown: the aggregator ended before its hook did"

/* A tick */

static struct scaler_workload *workload_of(struct budget_turn *t)
{
	return (struct scaler_workload *)(void *)((char *)t - offsetof(struct scaler_workload, turn));
}

void scaler_tick(struct scaler *s, clock_boot_t now)
{
	const char *first;

	s->now = now;
	aggregator_set(aggregator_budget_waiting, scaler_waiting(s, &first));
	budget_line_up(s->line, s->n);
	budget_round(&s->budget);
	for (size_t i = 0; i < s->n; i++) {
		scaler_step(workload_of(s->line[i]), now);
		budget_pass(&s->budget, s->line[i]);
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
	hold_done(&w->hold);
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
		standing_order(&w->standing, w->last.from, w->last.to);
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
	s->item = NULL;
	s->line = NULL;
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
	for (size_t i = 0; i < n; i++) {
		item[i]->turn.place = (uint32_t)i;
		s->line[i] = &item[i]->turn;
	}
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
