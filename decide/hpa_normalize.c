/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_normalize.h"

#include <math.h>

#include "decide/goint.h"

#define MS_PER_S	1000
#define LEGACY_FACTOR	2.0 /* without a behavior at most this … */
#define LEGACY_LEAST	4.0 /* … or so many replicas in one step */

static int32_t least(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* --- stabilization ------------------------------------------------------------------------------ */

static int64_t down_window_ms(const struct hpa_limits *l)
{
	const struct hpa_rules *down = &l->behavior->down;

	/* Kubernetes keeps whole seconds of the flag there */
	return down->window_known ? down->window_s * (int64_t)MS_PER_S
				  : l->downscale_stabilization_ms / MS_PER_S * MS_PER_S;
}

/* Growth takes the least that was wanted in its window, shrinking the most. */
static int32_t stabilize(const struct hpa_limits *l, int64_t now_ms, int32_t current, int32_t desired,
			 struct hpa_log *log)
{
	int64_t up_cut = now_ms - l->behavior->up.window_s * (int64_t)MS_PER_S;
	int64_t down_cut = now_ms - down_window_ms(l);
	int32_t up = desired, down = desired;
	size_t expired = SIZE_MAX;

	for (size_t i = 0; i < log->n; i++) {
		const struct hpa_log_entry *e = &log->entry[i];

		if (e->at_ms > up_cut)
			up = least(e->replicas, up);
		if (e->at_ms > down_cut)
			down = most(e->replicas, down);
		if (e->at_ms < up_cut && e->at_ms < down_cut)
			expired = i;
	}
	hpa_log_store(log, expired, now_ms, desired);
	return least(most(current, up), down);
}

static int32_t stabilize_legacy(const struct hpa_limits *l, int64_t now_ms, int32_t desired,
				struct hpa_log *log)
{
	int64_t cut = now_ms - l->downscale_stabilization_ms;
	int32_t stabilized = desired;
	size_t expired = SIZE_MAX;

	for (size_t i = 0; i < log->n; i++) {
		if (log->entry[i].at_ms < cut)
			expired = i;
		else
			stabilized = most(log->entry[i].replicas, stabilized);
	}
	hpa_log_store(log, expired, now_ms, desired);
	return stabilized;
}

/* --- rate of change ----------------------------------------------------------------------------- */

static int32_t up_to(const struct hpa_policy *p, int32_t start)
{
	if (p->type == HPA_POLICY_PODS)
		return goint_add_32(start, p->value);
	return goint_of_double_32(ceil((double)start * (1 + (double)p->value / 100)));
}

static int32_t down_to(const struct hpa_policy *p, int32_t start)
{
	if (p->type == HPA_POLICY_PODS)
		return (int32_t)((uint32_t)start - (uint32_t)p->value);
	return goint_of_double_32((double)start * (1 - (double)p->value / 100));
}

/* How far the policies let it go from `current`, up or down. */
static int32_t rate_limit(const struct hpa_rules *r, bool up, int64_t now_ms, int32_t current,
			  const struct hpa_memory *m)
{
	bool highest = up == (r->select == HPA_SELECT_MAX);
	int32_t limit = highest ? INT32_MIN : INT32_MAX;

	if (r->select == HPA_SELECT_DISABLED)
		return current;
	for (size_t i = 0; i < r->n; i++) {
		int64_t period_ms = r->policy[i].period_s * (int64_t)MS_PER_S;
		int32_t added = hpa_log_sum(&m->added, now_ms, period_ms);
		int32_t removed = hpa_log_sum(&m->removed, now_ms, period_ms);
		int32_t start = (int32_t)((uint32_t)current - (uint32_t)added + (uint32_t)removed);
		int32_t to = up ? up_to(&r->policy[i], start) : down_to(&r->policy[i], start);

		limit = highest ? most(limit, to) : least(limit, to);
	}
	return up ? most(limit, current) : least(limit, current);
}

/* --- all of it ---------------------------------------------------------------------------------- */

static void within(int32_t desired, struct hpa_normalized *ret)
{
	ret->replicas = desired;
	ret->limited = HPA_DESIRED_WITHIN_RANGE;
}

static void at_most(int32_t desired, int32_t max, int32_t rate, struct hpa_normalized *ret)
{
	within(desired, ret);
	if (desired <= least(max, rate))
		return;
	ret->replicas = least(max, rate);
	ret->limited = max > rate ? HPA_SCALE_UP_LIMIT : HPA_TOO_MANY_REPLICAS;
}

static void at_least(int32_t desired, int32_t min, int32_t rate, struct hpa_normalized *ret)
{
	within(desired, ret);
	if (desired >= most(min, rate))
		return;
	ret->replicas = most(min, rate);
	ret->limited = min < rate ? HPA_SCALE_DOWN_LIMIT : HPA_TOO_FEW_REPLICAS;
}

static void with_behavior(const struct hpa_limits *l, int64_t now_ms, int32_t current, int32_t desired,
			  struct hpa_memory *m, struct hpa_normalized *ret)
{
	int32_t to = ret->stabilized = stabilize(l, now_ms, current, desired, &m->recommendations);

	if (to != desired)
		ret->able = desired >= current ? HPA_SCALE_UP_STABILIZED : HPA_SCALE_DOWN_STABILIZED;
	within(to, ret);
	if (to > current)
		at_most(to, l->max, rate_limit(&l->behavior->up, true, now_ms, current, m), ret);
	else if (to < current)
		at_least(to, l->min, rate_limit(&l->behavior->down, false, now_ms, current, m), ret);
}

static void legacy(const struct hpa_limits *l, int64_t now_ms, int32_t current, int32_t desired,
		   struct hpa_memory *m, struct hpa_normalized *ret)
{
	int32_t to = ret->stabilized = stabilize_legacy(l, now_ms, desired, &m->recommendations);
	int32_t rate = goint_of_double_32(fmax(LEGACY_FACTOR * (double)current, LEGACY_LEAST));

	if (to != desired)
		ret->able = HPA_SCALE_DOWN_STABILIZED;
	if (to < l->min)
		at_least(to, l->min, INT32_MIN, ret);
	else
		at_most(to, l->max, rate, ret);
}

void hpa_normalize(const struct hpa_limits *l, int64_t now_ms, int32_t current, int32_t desired,
		   struct hpa_memory *m, struct hpa_normalized *ret)
{
	*ret = (struct hpa_normalized){.able = HPA_READY_FOR_NEW_SCALE};
	if (l->behavior)
		with_behavior(l, now_ms, current, desired, m, ret);
	else
		legacy(l, now_ms, current, desired, m, ret);
}

/* --- changes ------------------------------------------------------------------------------------ */

static int64_t longest_period_ms(const struct hpa_rules *r)
{
	int64_t longest = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->policy[i].period_s > longest)
			longest = r->policy[i].period_s;
	return longest * MS_PER_S;
}

void hpa_normalize_changed(const struct hpa_limits *l, int64_t now_ms, int32_t from, int32_t to,
			   struct hpa_memory *m)
{
	bool up = to > from;
	struct hpa_log *log = up ? &m->added : &m->removed;
	uint32_t change = up ? (uint32_t)to - (uint32_t)from : (uint32_t)from - (uint32_t)to;
	size_t expired = SIZE_MAX;
	int64_t cut;

	if (!l->behavior)
		return;
	cut = now_ms - longest_period_ms(up ? &l->behavior->up : &l->behavior->down);
	for (size_t i = 0; i < log->n; i++) {
		log->entry[i].outdated |= log->entry[i].at_ms < cut;
		if (log->entry[i].outdated)
			expired = i;
	}
	hpa_log_store(log, expired, now_ms, (int32_t)change);
}

static const char *const words[] = {
#define X(id, word, message) [HPA_##id] = word,
	HPA_NORMALIZE_REASONS(X)
#undef X
};

static const char *const messages[] = {
#define X(id, word, message) [HPA_##id] = message,
	HPA_NORMALIZE_REASONS(X)
#undef X
};

const char *hpa_normalize_word(enum hpa_normalize_reason r)
{
	return words[r];
}

const char *hpa_normalize_message(enum hpa_normalize_reason r)
{
	return messages[r];
}
