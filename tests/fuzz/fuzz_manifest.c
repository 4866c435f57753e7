/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests of both kinds: what is accepted keeps to the ranges that decide/policy.h promises, and what is in force
 * of them, when others are refused, has names and replicas of its own. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/hpa_manifest.h"
#include "aggregator/manifest.h"
#include "aggregator/manifest_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What it keeps reads as the same again. */
static void check_hpa(const struct hpa_manifest *m)
{
	scoped(hpa_manifest_freep) struct hpa_manifest *again = NULL;

	if (hpa_manifest_new(m->ns, m->json, &again, NULL) < 0 || again->spec->n != m->spec->n ||
	    again->spec->max != m->spec->max || m->spec->n < 1 || m->spec->n > HPA_METRICS)
		abort();
}

static void check_metric(const struct policy *p, const struct policy_metric *m)
{
	if (!m->target_percent || (m->kind == POLICY_CPU && !p->cpu_request_milli))
		abort();
	if (m->kind == POLICY_LATENCY && (m->target_us < 100 || m->target_us > 5000000 || m->target_percent != 100 ||
					  (m->quantile_percent != 50 && m->quantile_percent != 95 &&
					   m->quantile_percent != 99)))
		abort();
}

static void check(const struct manifest *m)
{
	const struct policy *p = &m->policy;

	if (!*p->name || !m->cgroup || !m->where || (m->command && !m->command[0]) ||
	    p->min_replicas < 1 || p->min_replicas > p->max_replicas || !p->window_ns)
		abort();
	if (m->hpa) {
		check_hpa(m->hpa);
		return;
	}
	if (p->max_replicas > 10000 || p->tolerance_permille > 1000 || p->n_metrics < 1 || p->n_metrics > POLICY_METRICS)
		abort();
	for (size_t i = 0; i < p->n_metrics; i++)
		check_metric(p, &p->metric[i]);
	if (!policy_has(p, POLICY_CPU) && !policy_has(p, POLICY_RUNQ))
		abort();
}

static void check_set(const struct manifests *m)
{
	for (size_t i = 0; i < m->n; i++) {
		check(&m->item[i]);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(m->item[i].policy.name, m->item[k].policy.name) ||
			    !strcmp(m->item[i].cgroup, m->item[k].cgroup))
				abort();
	}
	for (size_t i = 0; i < m->n_faults; i++)
		if (!m->fault[i].why.what[0] || !m->fault[i].why.code || !m->fault[i].where)
			abort();
}

static void read_with(const uint8_t *bytes, size_t size, const struct manifests_before *before, struct manifests *ret)
{
	struct manifest_documents d = {0};

	manifest_documents_parse(&d, "fuzz", (const char *)bytes, size);
	manifest_set_make(&d, before, ret);
	manifest_documents_done(&d);
	check_set(ret);
}

/* The first half is in force when the whole is read. */
static void read_again(const uint8_t *bytes, size_t size)
{
	struct manifests half, whole;
	const struct manifest **item;
	const struct vpa_manifest **vpa;

	read_with(bytes, size / 2, NULL, &half);
	item = calloc(half.n + 1, sizeof(*item));
	vpa = calloc(half.n_vpas + 1, sizeof(*vpa));
	for (size_t i = 0; i < half.n; i++)
		item[i] = &half.item[i];
	for (size_t i = 0; i < half.n_vpas; i++)
		vpa[i] = &half.vpa[i];
	read_with(bytes, size,
		  &(struct manifests_before){item, half.n, vpa, half.n_vpas, half.workload, half.n_workloads}, &whole);
	manifests_done(&half);
	manifests_done(&whole);
	free(item);
	free(vpa);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct manifests all = {0};
	struct err e;

	read_again(bytes, size);

	if (manifests_parse("fuzz", (const char *)bytes, size, &all, &e) < 0 && (all.n || !e.what[0]))
		abort();
	for (size_t i = 0; i < all.n; i++)
		check(&all.item[i]);
	manifests_done(&all);
	return 0;
}
