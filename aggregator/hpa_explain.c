/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_explain.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "aggregator/explain.h"
#include "aggregator/explain_hold.h"
#include "aggregator/explain_limits.h"
#include "aggregator/hpa_explain_metric.h"
#include "aggregator/hpa_record.h"
#include "aggregator/store/decisions.h"
#include "base/clock.h"

#define PODS_SHOWN 20 /* the rest stands in the record */
#define MS_PER_S   1000

static void add_head(struct buf *to, const struct hpa_record *r, const struct decision *x)
{
	const struct hpa_spec *s = r->manifest->spec;
	size_t pods = r->control->sight.in.n_pods;
	char time[25], id[32] = "held";

	clock_format((clock_wall_t){x->wall_unix_ns}, time, sizeof(time));
	if (x->id)
		snprintf(id, sizeof(id), "d-%" PRIu64, x->id);
	buf_printf(to, "%s %u -> %u at %s (%s, HorizontalPodAutoscaler %s, mode %s)\n", x->workload, x->from,
		   x->to, time, id, x->policy, x->mode);
	explain_line(to, "target");
	buf_printf(to, "%s %s/%s, min %d, max %d; rates over %.0f s, ", s->target_kind, r->manifest->ns, s->target_name,
		   s->min, s->max, (double)r->policy.window_ns / CLOCK_NS_PER_S);
	explain_fresh(to, &r->policy, &r->view);
	explain_line(to, "set to");
	if (r->scale_error)
		buf_printf(to, "not known: %s\n", r->scale_error);
	else
		buf_printf(to, "%u%s, live: %zu pod%s\n", r->current, r->current == pods ? "" : " by the last order",
			   pods, pods == 1 ? "" : "s");
}

/* --- windows ------------------------------------------------------------------------------------ */

static int64_t down_window_s(const struct hpa_record *r)
{
	const struct hpa_behavior *b = r->manifest->spec->behavior;

	return b && b->down.window_known ? b->down.window_s
					 : r->control->config.downscale_stabilization_ms / MS_PER_S;
}

static void add_windows(struct buf *to, const struct hpa_record *r)
{
	const struct hpa_behavior *b = r->manifest->spec->behavior;
	const struct hpa_outcome *o = &r->control->outcome;
	int32_t up_s = b ? b->up.window_s : 0;

	explain_line(to, "windows");
	if (o->normalized.stabilized == o->wanted)
		buf_printf(to, "scaleUp %d s, scaleDown %" PRId64 " s: nothing in them holds %d back\n", up_s,
			   down_window_s(r), o->wanted);
	else if (b && o->wanted >= o->from)
		buf_printf(to, "scaleUp %d s: the least that was asked for in it leaves %d\n", up_s,
			   o->normalized.stabilized);
	else
		buf_printf(to, "scaleDown %" PRId64 " s: the most that was asked for in it leaves %d\n", down_window_s(r),
			   o->normalized.stabilized);
}

/* How long what was asked for in a window still keeps it from changing; 0: none does. */
static uint64_t window_left_ns(const struct hpa_record *r)
{
	const struct hpa_outcome *o = &r->control->outcome;
	const struct hpa_log *log = &r->control->state.memory.recommendations;
	const struct hpa_behavior *b = r->manifest->spec->behavior;
	bool up = o->wanted > o->from;
	int64_t window_ms = (up ? (b ? b->up.window_s : 0) : down_window_s(r)) * MS_PER_S, left_ms = 0;

	if (!o->is_normalized || o->normalized.stabilized == o->wanted || o->to != o->from)
		return 0;
	for (size_t i = 0; i < log->n; i++) {
		const struct hpa_log_entry *e = &log->entry[i];
		int64_t ms = e->at_ms + window_ms - r->control->sight.in.now_ms;

		if ((up ? e->replicas <= o->from : e->replicas >= o->from) && ms > left_ms)
			left_ms = ms;
	}
	return (uint64_t)left_ms * CLOCK_NS_PER_MS;
}

/* --- rates -------------------------------------------------------------------------------------- */

static const char *select_word(enum hpa_select s)
{
	return s == HPA_SELECT_MAX ? "the largest change counts" : "the smallest change counts";
}

struct rate { /* how far one policy lets it go */
	int32_t added, removed, start, to;
	double exact;
};

static struct rate rate_of(const struct hpa_record *r, const struct hpa_policy *p, bool up)
{
	const struct hpa_memory *m = &r->control->state.memory;
	const struct hpa_input *in = &r->control->sight.in;
	double sign = up ? 1 : -1;
	struct rate x;

	x.added = hpa_log_sum(&m->added, in->now_ms, p->period_s * (int64_t)MS_PER_S);
	x.removed = hpa_log_sum(&m->removed, in->now_ms, p->period_s * (int64_t)MS_PER_S);
	x.start = (int32_t)((int64_t)in->scale.spec - x.added + x.removed);
	x.exact = p->type == HPA_POLICY_PODS ? x.start + sign * p->value : x.start * (1 + sign * p->value / 100.0);
	x.exact = fmax(INT32_MIN, fmin(INT32_MAX, x.exact));
	x.to = (int32_t)(up ? ceil(x.exact) : trunc(x.exact));
	return x;
}

static void add_policy_name(struct buf *to, const struct hpa_policy *p, bool up)
{
	buf_printf(to, "%s policy %s %d per %d s", up ? "scaleUp" : "scaleDown",
		   p->type == HPA_POLICY_PODS ? "Pods" : "Percent", p->value, p->period_s);
}

static void add_policy(struct buf *to, const struct hpa_record *r, const struct hpa_policy *p, bool up)
{
	struct rate x = rate_of(r, p, up);

	explain_line(to, "");
	add_policy_name(to, p, up);
	buf_printf(to, ": ");
	if (x.added || x.removed)
		buf_printf(to, "%d - %d added + %d removed in it = %d, ", r->control->sight.in.scale.spec, x.added,
			   x.removed, x.start);
	if (p->type == HPA_POLICY_PODS) {
		buf_printf(to, "%d %c %d = %d\n", x.start, up ? '+' : '-', p->value, x.to);
		return;
	}
	buf_printf(to, "%d x %g = ", x.start, up ? 1 + p->value / 100.0 : 1 - p->value / 100.0);
	explain_product(to, x.exact);
	buf_printf(to, ", rounded %s: %d\n", up ? "up" : "down", x.to);
}

/* Of the policies of that direction, the one that set the limit; NULL: none did. */
static const struct hpa_policy *policy_that_limits(const struct hpa_record *r, bool up)
{
	const struct hpa_behavior *b = r->manifest->spec->behavior;
	const struct hpa_rules *rules = !b ? NULL : up ? &b->up : &b->down;

	for (size_t i = 0; rules && rules->select != HPA_SELECT_DISABLED && i < rules->n; i++)
		if (rate_of(r, &rules->policy[i], up).to == r->control->outcome.normalized.replicas)
			return &rules->policy[i];
	return NULL;
}

static void add_rates(struct buf *to, const struct hpa_record *r)
{
	const struct hpa_behavior *b = r->manifest->spec->behavior;
	const struct hpa_outcome *o = &r->control->outcome;
	int32_t wish = o->normalized.stabilized, from = o->from;
	const struct hpa_rules *rules = !b || wish == from ? NULL : wish > from ? &b->up : &b->down;

	explain_line(to, "limits");
	buf_printf(to, "min %d, max %d", r->manifest->spec->min, r->manifest->spec->max);
	if (!b)
		buf_printf(to, "; without a behavior a step reaches max(2 x %d, 4) = %d", from, from > 2 ? 2 * from : 4);
	if (rules && rules->select == HPA_SELECT_DISABLED)
		buf_printf(to, "; selectPolicy Disabled: %s is not allowed", wish > from ? "growing" : "shrinking");
	else if (rules && rules->n > 1)
		buf_printf(to, "; of these %s", select_word(rules->select));
	buf_printf(to, "\n");
	for (size_t i = 0; rules && rules->select != HPA_SELECT_DISABLED && i < rules->n; i++)
		add_policy(to, r, &rules->policy[i], wish > from);
}

/* --- result ------------------------------------------------------------------------------------- */

/* "limited to 8 by scaleUp policy Pods 2 per 15 s (ScaleUpLimit)" */
static void add_limit(struct buf *to, const struct hpa_record *r)
{
	const struct hpa_normalized *n = &r->control->outcome.normalized;
	bool is_rate = n->limited == HPA_SCALE_UP_LIMIT || n->limited == HPA_SCALE_DOWN_LIMIT;
	const struct hpa_policy *p = is_rate ? policy_that_limits(r, n->limited == HPA_SCALE_UP_LIMIT) : NULL;

	buf_printf(to, ", limited to %d", n->replicas);
	if (p) {
		buf_printf(to, " by ");
		add_policy_name(to, p, n->limited == HPA_SCALE_UP_LIMIT);
	}
	buf_printf(to, " (%s: %s)", hpa_normalize_word(n->limited), hpa_normalize_message(n->limited));
}

static void add_result(struct buf *to, const struct hpa_record *r, const struct decision *x, bool is_same)
{
	const struct hpa_outcome *o = &r->control->outcome;
	const struct hpa_normalized *n = &o->normalized;

	explain_line(to, "result");
	buf_printf(to, "%d -> %d", o->from, o->to);
	if (o->is_normalized && n->replicas != n->stabilized)
		add_limit(to, r);
	else if (o->is_normalized && n->stabilized != o->wanted)
		buf_printf(to, ", held at %d by what was asked for in the window%s%s", n->stabilized,
			   *o->reason ? "; of the metrics alone: " : "", o->reason);
	else if (*o->reason)
		buf_printf(to, ": %s", o->reason);
	buf_printf(to, "\n");
	explain_hold_left(to, window_left_ns(r));
	explain_line(to, "outcome");
	buf_printf(to, "%s\n", x->outcome);
	explain_line(to, "replay");
	buf_printf(to, "%s\n", is_same ? "the recorded inputs give the same outcome again, byte for byte"
				       : "this version decides otherwise on the recorded inputs; above is what it decides");
}

static void add_conditions(struct buf *to, const struct hpa_record *r)
{
	const struct hpa_status *s = &r->control->state.status;

	for (size_t i = 0; i < s->n_conditions; i++) {
		const struct hpa_condition *c = &s->condition[i];

		explain_line(to, i ? "" : "conditions");
		buf_printf(to, "%s %s, %s: %s\n", hpa_status_word(c->type), c->is_true ? "True" : "False", c->reason,
			   c->message);
	}
}

/* --- pods --------------------------------------------------------------------------------------- */

static void add_replica(struct buf *to, const struct view_replica *v)
{
	explain_line(to, "");
	buf_printf(to, "%s%s%s: ", v->pod ? v->pod : v->name, v->pod && v->container ? " " : "",
		   v->pod && v->container ? v->container : "");
	explain_cpu(to, v);
	if (v->memory_known)
		buf_printf(to, ", memory %.1f Mi", (double)v->memory_bytes / (1 << 20));
	explain_sample(to, v);
}

static void add_replicas(struct buf *to, const struct hpa_record *r)
{
	uint32_t n = r->view.replicas;

	explain_line(to, "containers");
	buf_printf(to, "%u (nodes: %u, silent: %u)\n", n, r->view.nodes, r->view.nodes_silent);
	explain_hold_missing(to, &r->policy, &r->view);
	for (uint32_t i = 0; i < n && i < PODS_SHOWN; i++)
		add_replica(to, &r->view.replica[i]);
	if (n <= PODS_SHOWN)
		return;
	explain_line(to, "");
	buf_printf(to, "and %u more in the record\n", n - PODS_SHOWN);
}

int hpa_explain_decision(const struct decision *x, const char *record, struct buf *to, struct err *e)
{
	scoped(hpa_record_freep) struct hpa_record *r = NULL;
	int code = hpa_record_parse(record, &r, e);
	bool is_same;

	if (code < 0)
		return code;
	is_same = hpa_record_replay(r);
	add_head(to, r, x);
	for (size_t i = 0; r->control->outcome.evaluated && i < r->manifest->spec->n; i++)
		hpa_explain_metric(to, r, i);
	if (r->control->outcome.is_normalized) {
		add_windows(to, r);
		add_rates(to, r);
	}
	add_result(to, r, x, is_same);
	if (r->control->outcome.from > 0 && r->control->outcome.to > 0)
		explain_limits_budget(to, &r->view, (uint32_t)r->control->outcome.from, (uint32_t)r->control->outcome.to);
	add_conditions(to, r);
	add_replicas(to, r);
	return 0;
}
