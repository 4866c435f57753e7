/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/policies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/aggregator.h"
#include "aggregator/explain_metric.h"
#include "aggregator/hpa_control.h"
#include "aggregator/hpa_document.h"
#include "aggregator/hpa_text.h"
#include "aggregator/policies.h"
#include "aggregator/scaler.h"
#include "base/glob.h"
#include "base/mem.h"
#include "plimsoll/v1/scaling.pb-c.h"

#define METRICS (HPA_METRICS > POLICY_METRICS ? HPA_METRICS : POLICY_METRICS)

/* protobuf-c has no const strings; nothing writes to these. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

struct entry { /* one policy's message and what it points to; other texts are borrowed */
	Plimsoll__V1__Policy m;
	Plimsoll__V1__PolicyMetric metric[METRICS], *metrics[METRICS];
	Plimsoll__V1__Condition condition[HPA_CONDITION_TYPES], *conditions[HPA_CONDITION_TYPES];
	char name[METRICS][96], current[METRICS][HPA_TEXT_AMOUNT], target[METRICS][HPA_TEXT_AMOUNT];
	char of[256], overlap[600];
	Plimsoll__V1__PolicyFault *fault, **faults;
};

struct answer {
	Plimsoll__V1__ListPoliciesResponse m;
	char trouble[320];
};

/* --- metrics ------------------------------------------------------------------------------------ */

static size_t add_metric(struct entry *e)
{
	size_t i = e->m.n_metric++;

	plimsoll__v1__policy_metric__init(&e->metric[i]);
	e->metric[i].name = e->name[i];
	e->metric[i].current = e->current[i];
	e->metric[i].target = e->target[i];
	e->metrics[i] = &e->metric[i];
	e->m.metric = e->metrics;
	return i;
}

static void set_own_metrics(struct entry *e, const struct scaler_workload *w)
{
	const struct policy *p = &w->manifest.policy;

	for (size_t k = 0; k < p->n_metrics; k++) {
		size_t i = add_metric(e);

		if (p->metric[k].kind == POLICY_RUNQ) /* as it is written in a policy */
			snprintf(e->name[i], sizeof(e->name[i]), "cpu-runqueue");
		else
			explain_metric_name(&p->metric[k], e->name[i]);
		explain_metric_target(&p->metric[k], e->target[i]);
		if (w->judged && w->verdict.metric[k].known)
			explain_metric_value(&p->metric[k], &w->verdict.metric[k], e->current[i]);
	}
}

static void set_hpa_metrics(struct entry *e, const struct scaler_workload *w)
{
	const struct hpa_spec *spec = w->manifest.hpa->spec;
	const struct hpa_status *s = &w->hpa->state.status;

	for (size_t k = 0; k < spec->n; k++) {
		const struct hpa_metric_status *now = &s->metric[k];
		struct hpa_proposal p = {.utilization = now->utilization, .usage_milli = now->usage_milli};
		size_t i = add_metric(e);

		hpa_text_name(&spec->metric[k], e->name[i], sizeof(e->name[i]));
		snprintf(e->target[i], sizeof(e->target[i]), "%s", hpa_text_target(&spec->metric[k]).text);
		if (k < s->n_metrics && now->known && now->usage_known)
			snprintf(e->current[i], sizeof(e->current[i]), "%s", hpa_text_usage(&spec->metric[k], &p).text);
	}
}

/* --- the rest ----------------------------------------------------------------------------------- */

static void set_conditions(struct entry *e, const struct hpa_status *s)
{
	int64_t now_ms = (int64_t)(clock_boot().ns / CLOCK_NS_PER_MS);

	for (size_t i = 0; i < s->n_conditions; i++) {
		const struct hpa_condition *c = &s->condition[i];
		Plimsoll__V1__Condition *m = &e->condition[i];

		plimsoll__v1__condition__init(m);
		m->type = text(hpa_status_word(c->type));
		m->status = c->is_true;
		m->reason = text(c->reason);
		m->message = text(c->message);
		m->age_ns = now_ms > c->since_ms ? (uint64_t)(now_ms - c->since_ms) * CLOCK_NS_PER_MS : 0;
		e->conditions[i] = m;
	}
	e->m.condition = e->conditions;
	e->m.n_condition = s->n_conditions;
}

/* Of a ScalingPolicy there is one condition, and only while it is so. */
static void set_overlap(struct entry *e, const struct rivals *r)
{
	Plimsoll__V1__Condition *m = &e->condition[0];

	if (!*r->text)
		return;
	snprintf(e->overlap, sizeof(e->overlap), "replicas that it selects belong to %s, before it in the files", r->text);
	plimsoll__v1__condition__init(m);
	m->type = text("Overlapping");
	m->status = true;
	m->reason = text("SharedReplicas");
	m->message = e->overlap;
	m->age_ns = clock_since(clock_boot(), (clock_boot_t){r->since_ns});
	e->conditions[0] = m;
	e->m.condition = e->conditions;
	e->m.n_condition = 1;
}

static void set_target(struct entry *e, const struct manifest *m)
{
	const struct hpa_spec *spec = m->hpa ? m->hpa->spec : NULL;

	if (spec)
		snprintf(e->of, sizeof(e->of), "%s %s/%s", spec->target_kind, spec->ns, spec->target_name);
	else
		snprintf(e->of, sizeof(e->of), "%s", m->cgroup);
	e->m.target = e->of;
	e->m.selects = text(m->cgroup);
}

static void set_verdict(struct entry *e, const struct scaler_workload *w)
{
	e->m.judged = w->judged;
	if (!w->judged)
		return;
	e->m.current = w->verdict.from;
	e->m.desired = w->verdict.to;
	e->m.reason = text(verdict_word(w->verdict.reason));
	e->m.meaning = text(verdict_meaning(w->verdict.reason));
}

static struct entry *entry_new(const char *name, const char *kind)
{
	struct entry *e = mem_new(struct entry);

	plimsoll__v1__policy__init(&e->m);
	e->m.name = text(name ? name : "");
	e->m.kind = text(kind ? kind : "");
	return e;
}

static struct entry *entry_of(const struct aggregator *a, const struct scaler_workload *w)
{
	const struct policy *p = &w->manifest.policy;
	struct entry *e = entry_new(p->name, manifest_kind(&w->manifest));

	e->m.mode = text(p->enforce ? "Enforce" : "Observe");
	e->m.min_replicas = p->min_replicas;
	e->m.max_replicas = p->max_replicas;
	e->m.where = text(w->manifest.where);
	e->m.paused = decisions_paused(a->decisions, p->name, clock_boot()) != NULL;
	set_target(e, &w->manifest);
	set_verdict(e, w);
	if (w->hpa) {
		set_hpa_metrics(e, w);
		set_conditions(e, &w->hpa->state.status);
	} else {
		set_own_metrics(e, w);
		set_overlap(e, &w->rivals);
	}
	return e;
}

/* --- what is not in force ----------------------------------------------------------------------- */

static void add_fault(struct entry *e, const struct manifest_fault *f)
{
	size_t n = e->m.n_fault++;

	e->fault = mem_array(e->fault, n + 1, sizeof(*e->fault));
	e->faults = mem_array(e->faults, n + 1, sizeof(*e->faults));
	plimsoll__v1__policy_fault__init(&e->fault[n]);
	e->fault[n].what = text(f->why.what);
	e->fault[n].cause = text(f->why.cause);
	e->fault[n].fix = text(f->why.fix);
	e->fault[n].where = text(f->where);
	e->fault[n].kind = text(f->kind ? f->kind : "");
	e->fault[n].kept = f->kept;
	for (size_t i = 0; i <= n; i++)
		e->faults[i] = &e->fault[i];
	e->m.fault = e->faults;
}

/* Those of one name that decide are one thing, whatever kind it was or is. */
static bool is_about(const struct manifest_fault *f, const Plimsoll__V1__Policy *p, bool is_decided_on)
{
	bool decides = !f->kind || !strcmp(f->kind, "ScalingPolicy") || !strcmp(f->kind, HPA_DOCUMENT_KIND);

	if (!f->name || strcmp(f->name, p->name) != 0)
		return false;
	return is_decided_on ? decides : !strcmp(f->kind ? f->kind : "", p->kind);
}

static void add_entry(struct answer *to, struct entry *e)
{
	to->m.policy = mem_array(to->m.policy, to->m.n_policy + 1, sizeof(*to->m.policy));
	to->m.policy[to->m.n_policy++] = &e->m;
}

/* To the entry that it is about, or to one of its own. */
static void place_fault(struct answer *to, size_t decided, const struct manifest_fault *f)
{
	struct entry *e = NULL;

	for (size_t i = 0; i < to->m.n_policy && !e; i++)
		if (is_about(f, to->m.policy[i], i < decided))
			e = (struct entry *)to->m.policy[i]; /* it begins with its message */
	if (!e) {
		e = entry_new(f->name, f->kind);
		e->m.where = text(f->where);
		e->m.refused = true;
		add_entry(to, e);
	}
	e->m.refused &= !f->kept;
	add_fault(e, f);
}

static void fill(struct answer *to, const struct aggregator *a, const Plimsoll__V1__ListPoliciesRequest *q)
{
	const struct scaler *s = a->scaler;
	const struct manifests *rest = &a->policies->rest;
	size_t decided;

	for (size_t i = 0; i < s->n; i++)
		if (glob_match_any(q->name, q->n_name, s->item[i]->manifest.policy.name))
			add_entry(to, entry_of(a, s->item[i]));
	decided = to->m.n_policy;
	for (size_t i = 0; i < rest->n_faults; i++)
		if (glob_match_any(q->name, q->n_name, rest->fault[i].name ? rest->fault[i].name : ""))
			place_fault(to, decided, &rest->fault[i]);
	policies_trouble(a, to->trouble, sizeof(to->trouble));
	to->m.trouble = to->trouble;
	to->m.wall_unix_ns = clock_wall().ns;
}

static void release(struct answer *a)
{
	for (size_t i = 0; i < a->m.n_policy; i++) {
		struct entry *e = (struct entry *)a->m.policy[i];

		free(e->fault);
		free(e->faults);
		free(e);
	}
	free(a->m.policy);
}

static void list_message(struct rpc_call *c, struct rpc_msg *m)
{
	struct answer answer = {.m = PLIMSOLL__V1__LIST_POLICIES_RESPONSE__INIT};

	fill(&answer, rpc_server_data(rpc_call_server(c)), (const Plimsoll__V1__ListPoliciesRequest *)rpc_msg_get(m));
	(void)rpc_send(c, &answer.m.base);
	rpc_finish(c, RPC_OK, NULL, NULL);
	release(&answer);
}

static const struct rpc_handler list = {.message = list_message};

const struct rpc_method serve_policies_methods[] = {
	{"/plimsoll.v1.Scaling/ListPolicies", RPC_UNARY, &plimsoll__v1__list_policies_request__descriptor,
	 &plimsoll__v1__list_policies_response__descriptor, &list, 0},
};
const size_t serve_policies_n = sizeof(serve_policies_methods) / sizeof(serve_policies_methods[0]);
