/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/policies.h"

#include <stdio.h>

#include "aggregator/aggregator.h"
#include "aggregator/metrics.h"
#include "aggregator/options.h"
#include "aggregator/ready.h"
#include "aggregator/recommender.h"
#include "aggregator/scaler.h"
#include "base/log.h"

int policies_load(struct aggregator *a, struct err *e)
{
	struct manifests all = {0}, vpas;
	int r = manifests_load(&a->options->policy, &all, e);

	if (r < 0)
		return r;
	vpas = (struct manifests){.vpa = all.vpa, .n_vpas = all.n_vpas};
	all.vpa = NULL;
	all.n_vpas = 0;
	scaler_set(a->scaler, &all);
	recommender_set(a->recommender, a->scaler, &vpas);
	manifests_done(&vpas);
	a->policies_loaded = true;
	*a->policy_trouble = '\0';
	ready_say(a);
	return 0;
}

void policies_reload(struct aggregator *a)
{
	struct err e;

	if (policies_load(a, &e) == 0) {
		log_info("%zu policies read again", a->scaler->n);
		return;
	}
	aggregator_count(aggregator_policy_errors_total, 1);
	snprintf(a->policy_trouble, sizeof(a->policy_trouble), "%s", e.what);
	log_err(LOG_ERROR, &e, "going on with the policies there were");
}
