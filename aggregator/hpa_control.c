/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/hpa_text.h"
#include "base/clock.h"
#include "base/mem.h"
#include "decide/decide.h"

const struct hpa_config hpa_control_defaults = {.tolerance = 0.1,
						.cpu_initialization_ms = 300000,
						.initial_readiness_ms = 30000,
						.downscale_stabilization_ms = 300000};

/* --- rooms -------------------------------------------------------------------------------------- */

static void lay_log(struct hpa_log *l, size_t room)
{
	l->entry = mem_array(NULL, room, sizeof(*l->entry));
	l->room = room;
}

static void lay_memory(struct hpa_memory *m)
{
	lay_log(&m->recommendations, HPA_CONTROL_RECOMMENDATIONS);
	lay_log(&m->added, HPA_CONTROL_CHANGES);
	lay_log(&m->removed, HPA_CONTROL_CHANGES);
}

static void free_memory(struct hpa_memory *m)
{
	free(m->recommendations.entry);
	free(m->added.entry);
	free(m->removed.entry);
}

struct hpa_control *hpa_control_new(void)
{
	struct hpa_control *c = mem_new(struct hpa_control);

	c->config = hpa_control_defaults;
	lay_memory(&c->state.memory);
	lay_memory(&c->before.memory);
	return c;
}

struct hpa_control *hpa_control_free(struct hpa_control *c)
{
	if (!c)
		return NULL;
	free_memory(&c->state.memory);
	free_memory(&c->before.memory);
	free(c->room);
	free(c);
	return NULL;
}

static void make_room(struct hpa_control *c, size_t n)
{
	if (n >= c->n_room) {
		c->n_room = n + n / 2 + 4;
		c->room = mem_array(c->room, hpa_sight_bytes(c->n_room), 1);
	}
	hpa_sight_lay(&c->sight, c->room, c->n_room);
}

/* --- the pass ----------------------------------------------------------------------------------- */

static void copy_log(const struct hpa_log *from, struct hpa_log *to)
{
	to->n = from->n;
	to->dropped = from->dropped;
	memcpy(to->entry, from->entry, from->n * sizeof(*to->entry));
}

static void keep_before(struct hpa_control *c)
{
	copy_log(&c->state.memory.recommendations, &c->before.memory.recommendations);
	copy_log(&c->state.memory.added, &c->before.memory.added);
	copy_log(&c->state.memory.removed, &c->before.memory.removed);
	hpa_status_copy(&c->state.status, &c->before.status);
}

void hpa_control_pass(struct hpa_control *c, const struct hpa_manifest *m, const struct policy *p,
		      const struct view *v, uint32_t current, const char *scale_error)
{
	const struct hpa_sight_rule rule = {.spec = m->spec,
					    .requests = &m->requests,
					    .window_ns = p->window_ns,
					    .fresh_ns = p->fresh_ns,
					    .selects = c->selects,
					    .rivals = c->rivals,
					    .current = current,
					    .scale_error = scale_error};

	make_room(c, v->replicas);
	hpa_sight_take(&c->sight, &rule, v);
	keep_before(c);
	hpa_step(m->spec, &c->config, &c->sight.in, &c->state, &c->outcome);
}

void hpa_control_done(struct hpa_control *c, const struct hpa_manifest *m, uint64_t now_ns, const char *error)
{
	hpa_step_done(m->spec, &c->config, (int64_t)(now_ns / CLOCK_NS_PER_MS), error, &c->state, &c->outcome);
}

/* --- in other words ----------------------------------------------------------------------------- */

static enum verdict_reason of_limit(enum hpa_normalize_reason r)
{
	if (r == HPA_TOO_MANY_REPLICAS)
		return VERDICT_MAX;
	return r == HPA_TOO_FEW_REPLICAS ? VERDICT_MIN : VERDICT_STEP_LIMIT;
}

static enum verdict_reason why_blind(const struct hpa_control *c)
{
	return c->outcome.blind && c->sight.in.rivals ? VERDICT_AMBIGUOUS : VERDICT_BLIND;
}

/* It may be that only those who cannot be counted keep it from changing. */
static enum verdict_reason why_unchanged(const struct hpa_outcome *o)
{
	const struct hpa_proposal *p = o->metric < 0 ? NULL : &o->proposal[o->metric];

	if (!p || p->branch != HPA_BRANCH_TURNED)
		return VERDICT_STEADY;
	if (p->ratio > 1)
		return p->pods.count[HPA_UNREADY] ? VERDICT_YOUNG : VERDICT_STEADY;
	return VERDICT_COVERAGE;
}

static enum verdict_reason reason_of(const struct hpa_control *c)
{
	const struct hpa_outcome *o = &c->outcome;
	const struct hpa_normalized *n = &o->normalized;

	if (o->blind || (!o->is_normalized && !o->rescale))
		return *o->error ? why_blind(c) : VERDICT_STEADY;
	if (!o->is_normalized)
		return o->to < o->from ? VERDICT_MAX : VERDICT_MIN;
	if (n->replicas != n->stabilized)
		return of_limit(n->limited);
	if (n->stabilized != o->wanted)
		return VERDICT_STABILIZED;
	return o->to == o->from ? why_unchanged(o) : VERDICT_METRIC;
}

static uint32_t replicas(int32_t n)
{
	return n > 0 ? (uint32_t)n : 0;
}

/* Of the pods, how many the worst covered metric knows. */
static uint32_t coverage(const struct hpa_control *c)
{
	size_t n = c->sight.in.n_pods, least = n;

	for (size_t i = 0; i < c->state.status.n_metrics; i++) {
		const struct hpa_answer *a = &c->sight.answer[i];

		if (!a->value && a->n < least)
			least = a->n;
	}
	return n ? (uint32_t)(least * 1000 / n) : 0;
}

void hpa_control_verdict(const struct hpa_control *c, const struct view *v, struct verdict *ret)
{
	const struct hpa_outcome *o = &c->outcome;

	*ret = (struct verdict){.from = replicas(o->from),
				.to = replicas(o->to),
				.reason = reason_of(c),
				.trigger = -1, /* its metrics are not the verdict's */
				.asked = replicas(o->is_normalized ? o->wanted : o->to),
				.stabilized = replicas(o->is_normalized ? o->normalized.stabilized : o->to),
				.coverage_permille = coverage(c)};
	if (o->rescale)
		decide_afford(v, ret);
}

void hpa_control_trigger(const struct hpa_control *c, const struct hpa_manifest *m, char *ret, size_t size)
{
	const struct hpa_outcome *o = &c->outcome;

	*ret = '\0';
	if (o->metric < 0)
		return;
	hpa_text_trigger(&m->spec->metric[o->metric], &o->proposal[o->metric], ret, size);
}
