/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests of both kinds: what is accepted keeps to the ranges that decide/policy.h promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "aggregator/hpa_manifest.h"
#include "aggregator/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What it keeps reads as the same again. */
static void check_hpa(const struct hpa_manifest *m)
{
	scoped(hpa_manifest_freep) struct hpa_manifest *again = NULL;

	if (hpa_manifest_new(m->ns, m->json, &again, NULL) < 0 || again->spec->n != m->spec->n ||
	    again->spec->max != m->spec->max || m->spec->n < 1 || m->spec->n > HPA_METRICS)
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
		if (!p->metric[i].target_percent ||
		    (p->metric[i].kind == POLICY_CPU && !p->cpu_request_milli))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct manifests all = {0};
	struct err e;

	if (manifests_parse("fuzz", (const char *)bytes, size, &all, &e) < 0 && (all.n || !e.what[0]))
		abort();
	for (size_t i = 0; i < all.n; i++)
		check(&all.item[i]);
	manifests_done(&all);
	return 0;
}
