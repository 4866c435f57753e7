/* SPDX-License-Identifier: Apache-2.0 */
/* ScalingPolicy manifests: what is accepted keeps to the ranges that decide/policy.h promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "aggregator/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const struct manifest *m)
{
	const struct policy *p = &m->policy;

	if (!*p->name || !m->cgroup || !m->where || (m->command && !m->command[0]) ||
	    p->min_replicas < 1 || p->min_replicas > p->max_replicas || p->max_replicas > 10000 ||
	    p->tolerance_permille > 1000 || !p->window_ns || p->n_metrics < 1 ||
	    p->n_metrics > POLICY_METRICS)
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
