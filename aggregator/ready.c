/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/ready.h"

#include <stdio.h>

#include "aggregator/aggregator.h"
#include "aggregator/metrics.h"
#include "aggregator/options.h"
#include "aggregator/policies.h"
#include "aggregator/rivals.h"
#include "aggregator/scaler.h"
#include "aggregator/statedir.h"
#include "aggregator/store/decisions.h"
#include "aggregator/store/store.h"
#include "aggregator/toll.h"
#include "base/log.h"
#include "rpc/rpc.h"

static void set_serving(struct aggregator *a, bool serving)
{
	static const char *const services[] = {"", "plimsoll.v1.Ingest", "plimsoll.v1.Metrics",
					       "plimsoll.v1.Scaling", "plimsoll.v1.Status"};

	for (size_t d = 0; d < DOORS; d++)
		for (size_t i = 0; a->door[d] && i < sizeof(services) / sizeof(services[0]); i++)
			rpc_server_set_serving(a->door[d], services[i], serving);
	a->serving = serving;
}

void ready_say(struct aggregator *a)
{
	bool was = a->serving;

	if (a->stopping)
		snprintf(a->not_ready, sizeof(a->not_ready), "stopping");
	else if (!a->policies_loaded)
		snprintf(a->not_ready, sizeof(a->not_ready), "policies are not loaded yet");
	else if (!a->state_failing)
		*a->not_ready = '\0';
	if (was != !*a->not_ready)
		set_serving(a, !was);
}

void ready_check(struct aggregator *a)
{
	struct err e;
	int r = statedir_probe(a->options->state_dir, &e);

	if (r < 0) {
		aggregator_count(aggregator_state_failures_total, 1);
		if (!a->state_failing)
			log_err(LOG_WARN, &e, "going on without writing decisions down");
		snprintf(a->not_ready, sizeof(a->not_ready), "%s", e.what);
	} else if (a->state_failing) {
		log_info("state can be kept in %s again", a->options->state_dir);
	}
	a->state_failing = r < 0;
	ready_say(a);
}

static void add(struct aggregator_notice *n, const char *id, const char *level, const char *fix)
{
	n->id = id;
	n->level = level;
	snprintf(n->fix, sizeof(n->fix), "%s", fix);
}

static size_t add_policies(const struct aggregator *a, struct aggregator_notice *ret)
{
	size_t unmeasured, ambiguous, overlapping, waiting, n = 0;
	const struct scaler_workload *one;
	const char *first = "";
	char metric[96];

	if (!a->options->policy.n) {
		snprintf(ret[n].text, sizeof(ret[n].text), "no policy: nothing is decided");
		add(&ret[n++], "policy", "warn", "name files of policies with --policy");
	}
	policies_trouble(a, ret[n].text, sizeof(ret[n].text));
	if (*ret[n].text)
		add(&ret[n++], "policy-files", "warn", "mend it, then send SIGHUP; plimsoll get policies tells which");
	unmeasured = policies_unmeasured(a->scaler, &first, metric, sizeof(metric));
	if (unmeasured) {
		snprintf(ret[n].text, sizeof(ret[n].text), "%zu HPAs never shrink: a metric of theirs has no source here; the first: "
			 "%.48s (%.50s)", unmeasured, first, metric);
		add(&ret[n++], "unmeasured", "warn", "take such metrics out of what Plimsoll reads, or leave these HPAs to Kubernetes");
	}
	waiting = scaler_waiting(a->scaler, &first);
	if (waiting) {
		snprintf(ret[n].text, sizeof(ret[n].text), "fleet budget: %zu policies wait for room in %lld new replicas a "
			 "minute; the first: %.60s", waiting, (long long)a->options->budget, first);
		add(&ret[n++], "budget", "warn", "raise --budget if the fleet can take more");
	}
	overlapping = rivals_count(a->scaler, false, &one);
	if (overlapping) {
		snprintf(ret[n].text, sizeof(ret[n].text), "%zu ScalingPolicies go without replicas that they select and another "
			 "one has; the first: %.60s, of %.100s", overlapping, one->manifest.policy.name, one->rivals.text);
		add(&ret[n++], "overlap", "warn", "give each its own replicas: the first in the files has those that several select");
	}
	ambiguous = rivals_count(a->scaler, true, &one);
	if (ambiguous) {
		snprintf(ret[n].text, sizeof(ret[n].text), "%zu HorizontalPodAutoscalers decide nothing, as another policy scales "
			 "their pods, too; the first: %.60s", ambiguous, one->manifest.policy.name);
		add(&ret[n++], "ambiguous", "warn", "give each its own replicas; plimsoll describe policy/NAME says who");
	}
	return n;
}

size_t aggregator_notices(const struct aggregator *a,
			  struct aggregator_notice ret[AGGREGATOR_NOTICES])
{
	const struct store_counters *c = store_counters(a->store);
	size_t silent = store_nodes_silent(a->store, clock_boot()), n = 0;

	if (*a->not_ready) {
		snprintf(ret[n].text, sizeof(ret[n].text), "not ready: %.180s", a->not_ready);
		add(&ret[n++], "ready", "fail", "");
	}
	if (decisions_deposed(a->decisions)) {
		snprintf(ret[n].text, sizeof(ret[n].text), "another aggregator has taken over %.180s: nothing is ordered here",
			 a->options->state_dir);
		add(&ret[n++], "deposed", "fail", "stop one of the two, or give it policies and a --state-dir of its own");
	}
	if (a->options->insecure) {
		snprintf(ret[n].text, sizeof(ret[n].text), "agents and clients speak plain text");
		add(&ret[n++], "tls", "warn", "leave --insecure away");
	}
	n += add_policies(a, ret + n);
	if (silent) {
		snprintf(ret[n].text, sizeof(ret[n].text), "%zu of %zu nodes are silent", silent,
			 store_nodes(a->store));
		add(&ret[n++], "silent", "warn", "see whether their agents run: plimsoll nodes");
	}
	if (c->rows_over_limit || c->agents_over_limit) {
		snprintf(ret[n].text, sizeof(ret[n].text),
			 "limits were met: %llu streams and %llu row samples were not taken",
			 (unsigned long long)c->agents_over_limit,
			 (unsigned long long)c->rows_over_limit);
		add(&ret[n++], "limits", "warn", "raise --agents-max or --rows-max");
	}
	if (c->refused[STORE_REFUSED_WIRE_VERSION]) {
		snprintf(ret[n].text, sizeof(ret[n].text),
			 "agents of a newer version were refused");
		add(&ret[n++], "wire", "warn", "upgrade the aggregator before the agents");
	}
	return n + toll_notices(a->store, clock_boot(), ret + n, AGGREGATOR_NOTICES - n);
}
