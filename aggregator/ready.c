/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/ready.h"

#include <stdarg.h>
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

struct list {
	struct aggregator_notice *notice;
	size_t n;
};

__attribute__((format(printf, 5, 6))) static void add(struct list *l, const char *id, const char *level,
						      const char *fix, const char *format, ...)
{
	struct aggregator_notice *n = &l->notice[l->n++];
	va_list list;

	n->id = id;
	n->level = level;
	snprintf(n->fix, sizeof(n->fix), "%s", fix);
	va_start(list, format);
	(void)vsnprintf(n->text, sizeof(n->text), format, list);
	va_end(list);
}

static void add_manifests(const struct aggregator *a, struct list *l)
{
	char trouble[sizeof(l->notice->text)], metric[96];
	const char *first = "";
	size_t unmeasured = policies_unmeasured(a->scaler, &first, metric, sizeof(metric));
	const char *first_unheard = "";
	size_t unheard = policies_unheard(a->scaler, &first_unheard);

	if (!a->options->policy.n)
		add(l, "policy", "warn", "name files of policies with --policy", "no policy: nothing is decided");
	policies_trouble(a, trouble, sizeof(trouble));
	if (*trouble)
		add(l, "policy-files", "warn", "mend it, then send SIGHUP; plimsoll get policies tells which", "%s", trouble);
	if (unmeasured)
		add(l, "unmeasured", "warn",
		    "take such metrics out of what Plimsoll reads, or leave these HPAs to Kubernetes",
		    "%zu HPAs never shrink: a metric of theirs has no source here; the first: %.48s (%.50s)", unmeasured,
		    first, metric);
	if (unheard)
		add(l, "unheard", "warn", "start the agents of their nodes with --requests",
		    "%zu policies never shrink: they have a latency, and nobody hears requests of their replicas; the first: "
		    "%.60s", unheard, first_unheard);
}

static void add_budget(const struct aggregator *a, struct list *l)
{
	const char *first = "";
	size_t waiting = scaler_waiting(a->scaler, &first);

	if (waiting)
		add(l, "budget", "warn", "raise --budget if the fleet can take more",
		    "fleet budget: %zu policies wait for room in %lld new replicas a minute; the first: %.60s", waiting,
		    (long long)a->options->budget, first);
}

static void add_rivals(const struct aggregator *a, struct list *l)
{
	const struct scaler_workload *one;
	size_t n = rivals_count(a->scaler, false, &one);

	if (n)
		add(l, "overlap", "warn",
		    "give each its own replicas: the first in the files has those that several select",
		    "%zu ScalingPolicies go without replicas that they select and another one has; the first: %.60s, of "
		    "%.100s", n, one->manifest.policy.name, one->rivals.text);
	n = rivals_count(a->scaler, true, &one);
	if (n)
		add(l, "ambiguous", "warn", "give each its own replicas; plimsoll describe policy/NAME says who",
		    "%zu HorizontalPodAutoscalers decide nothing, as another policy scales their pods, too; the first: %.60s",
		    n, one->manifest.policy.name);
}

static void add_own(const struct aggregator *a, struct list *l)
{
	if (*a->not_ready)
		add(l, "ready", "fail", "", "not ready: %.180s", a->not_ready);
	if (decisions_deposed(a->decisions))
		add(l, "deposed", "fail", "stop one of the two, or give it policies and a --state-dir of its own",
		    "another aggregator has taken over %.180s: nothing is ordered here", a->options->state_dir);
	if (a->options->insecure)
		add(l, "tls", "warn", "leave --insecure away", "agents and clients speak plain text");
}

static void add_fleet(const struct store *s, struct list *l)
{
	const struct store_counters *c = store_counters(s);
	size_t silent = store_nodes_silent(s, clock_boot());

	if (silent)
		add(l, "silent", "warn", "see whether their agents run: plimsoll nodes", "%zu of %zu nodes are silent",
		    silent, store_nodes(s));
	if (c->rows_over_limit || c->agents_over_limit)
		add(l, "limits", "warn", "raise --agents-max or --rows-max",
		    "limits were met: %llu streams and %llu row samples were not taken",
		    (unsigned long long)c->agents_over_limit, (unsigned long long)c->rows_over_limit);
	if (c->refused[STORE_REFUSED_WIRE_VERSION])
		add(l, "wire", "warn", "upgrade the aggregator before the agents",
		    "agents of a newer version were refused");
}

size_t aggregator_notices(const struct aggregator *a,
			  struct aggregator_notice ret[AGGREGATOR_NOTICES])
{
	struct list l = {.notice = ret};

	add_own(a, &l);
	add_manifests(a, &l);
	add_budget(a, &l);
	add_rivals(a, &l);
	add_fleet(a->store, &l);
	return l.n + toll_notices(a->store, clock_boot(), ret + l.n, AGGREGATOR_NOTICES - l.n);
}
