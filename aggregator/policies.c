/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/policies.h"

#include <stdio.h>
#include <stdlib.h>

#include "aggregator/aggregator.h"
#include "aggregator/hpa_control.h"
#include "aggregator/hpa_text.h"
#include "aggregator/metrics.h"
#include "aggregator/options.h"
#include "aggregator/ready.h"
#include "aggregator/recommender.h"
#include "aggregator/scaler.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/scope.h"

static void read_files(struct aggregator *a, struct manifests *ret)
{
	const struct scaler *s = a->scaler;
	const struct recommender *r = a->recommender;
	const struct manifests *rest = &a->policies->rest;
	scoped(freep) const struct manifest **item = mem_array(NULL, s->n + 1, sizeof(*item));
	scoped(freep) const struct vpa_manifest **vpa = mem_array(NULL, r->n + 1, sizeof(*vpa));

	for (size_t i = 0; i < s->n; i++)
		item[i] = &s->item[i]->manifest;
	for (size_t i = 0; i < r->n; i++)
		vpa[i] = &r->item[i].manifest;
	manifests_read(&a->options->policy,
		       &(struct manifests_before){item, s->n, vpa, r->n, rest->workload, rest->n_workloads}, ret);
}

static void put_in_force(struct aggregator *a, struct manifests *all)
{
	struct manifests policies = {.item = all->item, .n = all->n}, vpas = {.vpa = all->vpa, .n_vpas = all->n_vpas};

	all->item = NULL;
	all->vpa = NULL;
	all->n = all->n_vpas = 0;
	scaler_set(a->scaler, &policies);
	recommender_set(a->recommender, &vpas);
	manifests_done(&vpas);
	manifests_done(&a->policies->rest);
	a->policies->rest = *all;
}

static const struct hpa_metric *unmeasured(const struct scaler_workload *w)
{
	const struct hpa_spec *spec = w->hpa ? w->manifest.hpa->spec : NULL;

	for (size_t i = 0; spec && i < spec->n; i++)
		if (hpa_sight_lacks(&spec->metric[i]))
			return &spec->metric[i];
	return NULL;
}

size_t policies_unmeasured(const struct scaler *s, const char **ret_first, char *ret_metric, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct hpa_metric *m = unmeasured(s->item[i]);

		if (m && !n++) {
			*ret_first = s->item[i]->manifest.policy.name;
			hpa_text_name(m, ret_metric, size);
		}
	}
	return n;
}

static bool is_unheard(const struct scaler_workload *w)
{
	const struct policy *p = &w->manifest.policy;

	for (size_t i = 0; w->judged && !w->hpa && i < p->n_metrics; i++)
		if (p->metric[i].kind == POLICY_LATENCY && w->verdict.metric[i].missing && !w->verdict.metric[i].measured)
			return true;
	return false;
}

size_t policies_unheard(const struct scaler *s, const char **ret_first)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (is_unheard(s->item[i]) && !n++)
			*ret_first = s->item[i]->manifest.policy.name;
	return n;
}

static void tell_unmeasured(const struct scaler *s)
{
	char metric[96];

	for (size_t i = 0; i < s->n; i++) {
		const struct hpa_metric *m = unmeasured(s->item[i]);

		if (!m)
			continue;
		hpa_text_name(m, metric, sizeof(metric));
		log_warn("%s may grow and never shrinks for want of %s: %s", s->item[i]->manifest.policy.name, metric,
			 hpa_sight_lacks(m));
	}
}

static void tell(const struct manifests *all)
{
	for (size_t i = 0; i < all->n_faults; i++)
		log_err(LOG_ERROR, &all->fault[i].why,
			all->fault[i].kept ? "its version of before stays in force" : "it is not in force");
	aggregator_count(aggregator_policy_errors_total, all->n_faults);
	aggregator_set(aggregator_policies_not_in_force, all->n_faults);
}

void policies_load(struct aggregator *a)
{
	struct manifests all;

	if (!a->policies)
		a->policies = mem_new(struct policies);
	read_files(a, &all);
	tell(&all);
	put_in_force(a, &all);
	tell_unmeasured(a->scaler);
	a->policies_loaded = true;
	ready_say(a);
}

void policies_reload(struct aggregator *a)
{
	policies_load(a);
	log_info("policies read again: %zu are in force, %zu documents are not", a->scaler->n + a->recommender->n,
		 a->policies->rest.n_faults);
}

void policies_free(struct aggregator *a)
{
	if (a->policies)
		manifests_done(&a->policies->rest);
	free(a->policies);
	a->policies = NULL;
}

void policies_trouble(const struct aggregator *a, char *ret, size_t size)
{
	const struct manifests *m = a->policies ? &a->policies->rest : NULL;

	*ret = '\0';
	if (!m)
		return;
	if (m->n_faults == 1)
		snprintf(ret, size, "a document of the policy files is not in force as it stands: %s", m->fault[0].why.what);
	else if (m->n_faults)
		snprintf(ret, size, "%zu documents of the policy files are not in force as they stand; the first: %s",
			 m->n_faults, m->fault[0].why.what);
}
