/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/explain_metric.h"

#include <inttypes.h>
#include <stdio.h>

#include "aggregator/explain.h"
#include "aggregator/record.h"
#include "base/clock.h"
#include "base/hist.h"
#include "decide/latency.h"
#include "decide/measure.h"

void explain_metric_name(const struct policy_metric *of, char *ret)
{
	if (of->kind == POLICY_LATENCY)
		snprintf(ret, EXPLAIN_METRIC, "p%u", of->quantile_percent);
	else
		snprintf(ret, EXPLAIN_METRIC, "%s", of->kind == POLICY_CPU ? "cpu" : "run queue");
}

/* "0.85 ms", "30 ms", "1.5 s" */
static void time_text(uint32_t us, char *ret)
{
	if (us < 999500) /* rounded, it is not 1000 */
		snprintf(ret, EXPLAIN_METRIC, "%.3g ms", us / 1e3);
	else
		snprintf(ret, EXPLAIN_METRIC, "%.3g s", us / 1e6);
}

void explain_metric_target(const struct policy_metric *of, char *ret)
{
	if (of->kind == POLICY_LATENCY)
		time_text(of->target_us, ret);
	else
		snprintf(ret, EXPLAIN_METRIC, "%u %%", of->target_percent);
}

void explain_metric_value(const struct policy_metric *of, const struct verdict_metric *m, char *ret)
{
	if (of->kind == POLICY_LATENCY)
		time_text(m->value_us, ret);
	else
		snprintf(ret, EXPLAIN_METRIC, "%u %%", m->value_percent);
}

void explain_metric_trigger(const struct policy *p, const struct verdict *d, char *ret, size_t size)
{
	const struct policy_metric *of = d->trigger < 0 ? NULL : &p->metric[d->trigger];
	const struct verdict_metric *m = d->trigger < 0 ? NULL : &d->metric[d->trigger];
	char name[EXPLAIN_METRIC], value[EXPLAIN_METRIC], target[EXPLAIN_METRIC];
	const char *sign;

	*ret = '\0';
	if (!m)
		return;
	sign = m->value_percent > m->target_percent   ? ">"
	       : m->value_percent < m->target_percent ? "<"
						      : "=";
	explain_metric_name(of, name);
	explain_metric_value(of, m, value);
	explain_metric_target(of, target);
	snprintf(ret, size, "%s %s %s %s", name, value, sign, target);
}

static void add_imputed(struct buf *to, const struct policy_metric *of, const struct verdict_metric *m)
{
	bool grows = m->value_percent > m->target_percent;

	if (m->young && m->imputed_percent < m->value_percent && grows) {
		explain_line(to, "");
		buf_printf(to, "%u too young to be a reason to grow, counted at nothing: %u %%\n", m->young,
			   m->imputed_percent);
	}
	if (!m->missing || (of->kind == POLICY_LATENCY && !grows))
		return;
	explain_line(to, "");
	buf_printf(to, "%u without a fresh rate, counted at %u %% each, against the change: %u %%\n",
		   m->missing, measure_filled_percent(m), m->imputed_percent);
}

/* One of the three: it stays for being near, it stays for those counted in, or it changes. */
static void add_formula(struct buf *to, const struct policy *p, const struct verdict_metric *m)
{
	uint32_t n = m->measured + m->missing;
	uint64_t exact = ((uint64_t)n * m->imputed_percent + m->target_percent - 1) / m->target_percent;

	explain_line(to, "");
	if (measure_within_tolerance(p, m->value_percent, m->target_percent) ||
	    measure_within_tolerance(p, m->imputed_percent, m->target_percent)) {
		buf_printf(to, "within %g %% of the target: asks for %u, as it is set\n",
			   p->tolerance_permille / 10.0, m->asks);
		return;
	}
	buf_printf(to, "%u x %u / %u = %.2f, rounded up: ", n, m->imputed_percent, m->target_percent,
		   (double)n * m->imputed_percent / m->target_percent);
	if (m->asks == exact)
		buf_printf(to, "asks for %u\n", m->asks);
	else
		buf_printf(to, "%" PRIu64 "; with those counted in, the direction turns round: asks for %u, as it is set\n",
			   exact, m->asks);
}

static void add_share(struct buf *to, const struct policy_metric *of, const struct verdict_metric *m)
{
	bool is_cpu = of->kind == POLICY_CPU;

	buf_printf(to, " %u %% %s over %u of %u replicas ", m->value_percent, is_cpu ? "of request" : "of runnable time waiting",
		   m->measured, m->measured + m->missing);
	if (is_cpu)
		buf_printf(to, "(%" PRIu64 "m of %" PRIu64 "m)", m->sum_milli, m->request_milli);
	else
		buf_printf(to, "(%" PRIu64 " of %" PRIu64 " permille)", m->sum_milli, m->request_milli);
}

static void add_latency(struct buf *to, const struct policy_metric *of, const struct verdict_metric *m)
{
	char value[EXPLAIN_METRIC];

	explain_metric_value(of, m, value);
	buf_printf(to, " %s, %u %% of its target, over %u of %u replicas (%" PRIu64 " requests, %.4g a second)", value,
		   m->value_percent, m->measured, m->measured + m->missing, m->requests, (double)m->answered_milli / 1000);
}

static void add_unknown(struct buf *to, const struct record *r, const struct policy_metric *of,
			const struct verdict_metric *m, const char *target)
{
	if (m->measured) /* else nothing could be told of it */
		buf_printf(to, ": %" PRIu64 " requests on %u of %u replicas, it takes %u to tell, target %s\n", m->requests,
			   m->measured, m->measured + m->missing, latency_least(of->quantile_percent), target);
	else
		buf_printf(to, ": not measured on any of %u replicas, target %s\n", r->view.replicas, target);
}

static const char *label(const struct record *r, size_t i)
{
	const struct verdict_metric *m = &r->verdict.metric[i];

	if ((int)i == r->verdict.trigger)
		return "asked for most";
	return !m->known ? "not known" : measure_speaks(&r->policy, i, m) ? "also asked" : "content";
}

void explain_metric(struct buf *to, const struct record *r, size_t i)
{
	const struct verdict_metric *m = &r->verdict.metric[i];
	const struct policy_metric *of = &r->policy.metric[i];
	char name[EXPLAIN_METRIC], target[EXPLAIN_METRIC];

	explain_metric_name(of, name);
	explain_metric_target(of, target);
	explain_line(to, label(r, i));
	buf_printf(to, "%s", name);
	if (!m->known) {
		add_unknown(to, r, of, m, target);
		return;
	}
	if (of->kind == POLICY_LATENCY)
		add_latency(to, of, m);
	else
		add_share(to, of, m);
	buf_printf(to, ", oldest sample %.1f s; target %s\n", clock_seconds(m->oldest_ns), target);
	if (!measure_speaks(&r->policy, i, m)) {
		explain_line(to, "");
		buf_printf(to, "not above it: asks for nothing, and objects to nothing\n");
		return;
	}
	add_imputed(to, of, m);
	add_formula(to, &r->policy, m);
}

void explain_metric_took(struct buf *to, const struct policy *p, const struct view_replica *v)
{
	uint64_t n = 0;

	if (!policy_has(p, POLICY_LATENCY))
		return;
	for (unsigned i = 0; v->took && i < HIST_BUCKETS; i++)
		n += v->took[i];
	if (v->took)
		buf_printf(to, ", %" PRIu64 " requests in %.1f s", n, clock_seconds(v->took_ns));
	else
		buf_printf(to, ", requests not known");
}
