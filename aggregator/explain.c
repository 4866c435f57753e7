/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/explain.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "aggregator/explain_hold.h"
#include "aggregator/explain_limits.h"
#include "aggregator/explain_metric.h"
#include "aggregator/hpa_explain.h"
#include "aggregator/hpa_record.h"
#include "aggregator/record.h"
#include "aggregator/store/decisions.h"
#include "base/clock.h"

#define REPLICAS_SHOWN 20 /* the rest stands in the record */

void explain_line(struct buf *to, const char *label)
{
	buf_printf(to, "  %-16s ", label);
}

void explain_product(struct buf *to, double x)
{
	bool is_whole = fabs(x - round(x)) < 0.005;

	buf_printf(to, is_whole && x != round(x) ? "%.17g" : "%.2f", x);
}

/* Replicas */

void explain_fresh(struct buf *to, const struct policy *p, const struct view *v)
{
	uint64_t slowest = 0, fresh_ns;

	for (uint32_t i = 0; i < v->replicas; i++)
		if (v->replica[i].period_ns > slowest)
			slowest = v->replica[i].period_ns;
	buf_printf(to, "samples older than %.0f s", clock_seconds(p->fresh_ns));
	fresh_ns = view_fresh_ns(slowest, p->fresh_ns);
	if (fresh_ns > p->fresh_ns)
		buf_printf(to, " (%.0f s where an agent samples every %.0f s)", clock_seconds(fresh_ns), clock_seconds(slowest));
	buf_printf(to, " are missing\n");
}

void explain_cpu(struct buf *to, const struct view_replica *v)
{
	if (v->cpu_known)
		buf_printf(to, "cpu %" PRIu64 "m", v->cpu_milli);
	else
		buf_printf(to, "cpu not known");
}

void explain_sample(struct buf *to, const struct view_replica *v)
{
	if (v->sample_age_ns == UINT64_MAX)
		buf_printf(to, ", never sampled\n");
	else
		buf_printf(to, ", mean over %.1f s, sample %.1f s old\n", clock_seconds(v->window_ns),
			   clock_seconds(v->sample_age_ns));
}

/* Of one that may be too young to count, since when it is there. */
static void add_replica(struct buf *to, const struct policy *p, const struct view_replica *v)
{
	explain_line(to, "");
	buf_printf(to, "%s: ", v->name);
	explain_cpu(to, v);
	if (v->runq_known)
		buf_printf(to, ", run queue %u permille", v->runq_permille);
	explain_metric_took(to, p, v);
	if (v->age_ns < p->young_ns)
		buf_printf(to, ", first seen %.1f s ago", clock_seconds(v->age_ns));
	explain_sample(to, v);
}

static void add_replicas(struct buf *to, const struct record *r)
{
	uint32_t n = r->view.replicas;

	explain_line(to, "replicas");
	buf_printf(to, "%u (nodes: %u, silent: %u)\n", n, r->view.nodes, r->view.nodes_silent);
	explain_hold_missing(to, &r->policy, &r->view);
	explain_hold_fleet(to, &r->view);
	for (uint32_t i = 0; i < n && i < REPLICAS_SHOWN; i++)
		add_replica(to, &r->policy, &r->view.replica[i]);
	if (n > REPLICAS_SHOWN) {
		explain_line(to, "");
		buf_printf(to, "and %u more in the record\n", n - REPLICAS_SHOWN);
	}
}

/* Head and foot */

static void add_policy(struct buf *to, const struct policy *p, const struct view *v)
{
	explain_line(to, "policy");
	if (p->cpu_request_milli)
		buf_printf(to, "%" PRIu64 "m of CPU a replica, ", p->cpu_request_milli);
	buf_printf(to, "tolerance %g %%, rates over %.0f s, ", p->tolerance_permille / 10.0, clock_seconds(p->window_ns));
	explain_fresh(to, p, v);
}

static void add_head(struct buf *to, const struct record *r, const struct decision *x)
{
	char time[25], id[32] = "held";

	clock_format((clock_wall_t){x->wall_unix_ns}, time, sizeof(time));
	if (x->id)
		snprintf(id, sizeof(id), "d-%" PRIu64, x->id);
	buf_printf(to, "%s %u -> %u at %s (%s, policy %s, mode %s)\n", x->workload, x->from,
		   x->to, time, id, x->policy, x->mode);
	add_policy(to, &r->policy, &r->view);
	explain_line(to, "set to");
	buf_printf(to, "%u%s, live: %u\n", r->current,
		   r->current == r->view.replicas ? "" : " by the last order", r->view.replicas);
}

static void add_result(struct buf *to, const struct record *r, const struct decision *x)
{
	struct verdict again;

	explain_line(to, "result");
	buf_printf(to, "%u -> %u, reason %s: %s\n", r->verdict.from, r->verdict.to,
		   verdict_word(r->verdict.reason), verdict_meaning(r->verdict.reason));
	explain_hold_left(to, explain_hold_ns(r));
	explain_line(to, "outcome");
	buf_printf(to, "%s\n", x->outcome);
	explain_line(to, "replay");
	buf_printf(to, "%s\n", record_replay(r, &again)
				       ? "the recorded inputs give the same verdict again"
				       : "this version decides otherwise on the recorded inputs");
}

int explain_decision(const struct decision *x, const char *record, struct buf *to, struct err *e)
{
	scoped(record_freep) struct record *r = NULL;
	int code;

	if (hpa_record_is(record))
		return hpa_explain_decision(x, record, to, e);
	code = record_parse(record, &r, e);
	if (code < 0)
		return code;
	add_head(to, r, x);
	for (size_t i = 0; i < r->policy.n_metrics; i++)
		explain_metric(to, r, i);
	explain_limits_windows(to, r);
	explain_limits_bounds(to, r);
	explain_limits_budget(to, &r->view, r->verdict.from, r->verdict.to + r->verdict.lacks);
	add_result(to, r, x);
	add_replicas(to, r);
	return 0;
}
