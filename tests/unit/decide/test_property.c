/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold whatever comes: random policies, views and clocks, run through random sequences of
 * steps. Each world has its own seed, its number; `test_property N` runs only world N.
 */
#include <stdlib.h>

#include "base/hist.h"
#include "scene.h"

#define WORLDS     100000
#define LONG_EVERY 500 /* one world in so many fills the memory and goes on */
#define STEPS_MOST 700
#define LIVE_MOST  12

struct step {
	struct view view;
	struct view_replica replica[LIVE_MOST];
	uint32_t took[LIVE_MOST][HIST_BUCKETS];
	uint32_t current;
	struct verdict verdict;
};

static struct world {
	unsigned number, n_steps;
	uint64_t random;
	struct policy policy;
	struct decide_state state;
	struct step step[STEPS_MOST];
	uint64_t asked_at[STEPS_MOST]; /* when each step asked; as the decider's, never in the
					  future */
} w;

/* --- chance
 * ---------------------------------------------------------------------------------------- */

static uint64_t chance(void) /* xorshift64* */
{
	w.random ^= w.random >> 12;
	w.random ^= w.random << 25;
	w.random ^= w.random >> 27;
	return w.random * 0x2545f4914f6cdd1dull;
}

static uint64_t from_to(uint64_t least, uint64_t most)
{
	return least + chance() % (most - least + 1);
}

static bool one_in(unsigned n)
{
	return chance() % n == 0;
}

static uint64_t window(void)
{
	return one_in(3) ? 0 : from_to(1, one_in(4) ? 3600 : 120) * SECOND;
}

static void draw_policy(struct policy *p)
{
	*p = (struct policy){
		.name = "random", .enforce = !one_in(4), .fresh_ns = from_to(1, 5) * SECOND};
	p->max_replicas = (uint32_t)from_to(1, one_in(3) ? 10000 : 30);
	p->min_replicas = (uint32_t)from_to(1, one_in(2) ? 2 : p->max_replicas);
	if (p->min_replicas > p->max_replicas)
		p->min_replicas = p->max_replicas;
	p->cpu_request_milli = from_to(1, one_in(10) ? 1000000000000ull : 4000);
	p->tolerance_permille = one_in(3) ? (uint32_t)from_to(0, 1000) : 100;
	p->up_stabilization_ns = window();
	p->down_stabilization_ns = window();
	p->up_period_ns = one_in(2) ? 0 : from_to(1, 120) * SECOND;
	p->down_period_ns = one_in(2) ? 0 : from_to(1, 120) * SECOND;
	p->down_permille = (uint32_t)from_to(0, 1000);
	p->young_ns = one_in(2) ? 0 : from_to(1, 60) * SECOND;
	p->min_coverage_permille = one_in(2) ? 900 : (uint32_t)from_to(0, 1000);
	if (!one_in(4))
		p->metric[p->n_metrics++] = (struct policy_metric){
			POLICY_CPU, (uint32_t)from_to(1, one_in(4) ? 1000 : 100)};
	if (!p->n_metrics || one_in(2))
		p->metric[p->n_metrics++] =
			(struct policy_metric){POLICY_RUNQ, (uint32_t)from_to(1, 99)};
	if (one_in(3))
		p->metric[p->n_metrics++] = (struct policy_metric){
			POLICY_LATENCY, 100, one_in(2) ? 95 : 50, (uint32_t)from_to(100, one_in(2) ? 5000000 : 10000)};
}

static uint64_t draw_cpu(void)
{
	uint64_t request = w.policy.cpu_request_milli;

	switch (chance() % 8) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX - chance() % 2;
	case 2:
		return chance();
	case 3:
		return from_to(0, 20 * request);
	default: /* about the target */
		return request / 100 * w.policy.metric[0].target_percent +
		       from_to(0, request / 4 + 1);
	}
}

/* Of few buckets, as real ones; of many a replica answered none. */
static void draw_took(struct view_replica *r, uint32_t *took)
{
	memset(took, 0, HIST_BUCKETS * sizeof(*took));
	for (uint64_t n = from_to(0, 3); n > 0; n--)
		took[from_to(0, HIST_BUCKETS - 1)] = (uint32_t)from_to(0, one_in(10) ? UINT32_MAX : 300);
	r->took_ns = one_in(20) ? chance() : w.policy.window_ns;
	r->took = one_in(15) ? NULL : took;
}

static void draw_replica(struct view_replica *r)
{
	*r = (struct view_replica){.age_ns = one_in(4) ? from_to(0, 60 * SECOND) : chance(),
				   .window_ns = w.policy.window_ns};
	r->strain_permille = one_in(4) ? (uint32_t)from_to(0, 1000) : 0;
	r->sample_age_ns = from_to(0, w.policy.fresh_ns);
	r->cpu_known = !one_in(20);
	r->runq_known = !one_in(20);
	r->cpu_milli = draw_cpu();
	r->runq_permille = (uint32_t)from_to(0, one_in(2) ? 1000 : 300);
	if (one_in(15))
		r->sample_age_ns =
			one_in(3) ? UINT64_MAX : w.policy.fresh_ns + from_to(1, 100 * SECOND);
}

static uint64_t draw_time(uint64_t before)
{
	switch (chance() % 16) {
	case 0:
		return before;
	case 1:
		return before - from_to(0, before < SECOND * 600 ? before : SECOND * 600);
	case 2:
		return before + from_to(0, 3600) * SECOND;
	case 3:
		return before + from_to(0, 60 * SECOND);
	default:
		return before + SECOND;
	}
}

static uint32_t draw_current(const struct step *before, uint32_t live)
{
	switch (chance() % 16) {
	case 0:
		return one_in(4) ? 0 : live;
	case 1:
		return (uint32_t)from_to(0, one_in(8) ? UINT32_MAX : 40);
	default:
		return before ? before->verdict.to : live;
	}
}

static void draw_step(struct step *s, const struct step *before)
{
	uint32_t close = before && before->verdict.to < LIVE_MOST ? before->verdict.to : LIVE_MOST;

	s->view = (struct view){
		.replica = s->replica, .nodes = 3, .nodes_silent = (uint32_t)from_to(0, 3)};
	s->view.fleet_nodes = (uint32_t)from_to(0, 10);
	s->view.fleet_silent = one_in(10) ? (uint32_t)from_to(0, s->view.fleet_nodes) : 0;
	s->view.boottime_ns =
		before ? draw_time(before->view.boottime_ns) : from_to(0, 10000 * SECOND);
	s->view.replicas = one_in(4) ? (uint32_t)from_to(0, LIVE_MOST) : close;
	for (uint32_t i = 0; i < s->view.replicas; i++)
		draw_replica(&s->replica[i]);
	for (uint32_t i = 0; policy_has(&w.policy, POLICY_LATENCY) && i < s->view.replicas; i++)
		draw_took(&s->replica[i], s->took[i]);
	if (one_in(20)) /* a silent cluster */
		for (uint32_t i = 0; i < s->view.replicas; i++)
			s->replica[i].sample_age_ns = 100 * SECOND;
	s->current = draw_current(before, s->view.replicas);
}

/* --- what must hold
 * -------------------------------------------------------------------------------- */

#define MUST(truth)                                                                                \
	do {                                                                                       \
		if (!(truth))                                                                      \
			fail_msg("world %u, step %td: not so: %s", w.number, s - w.step, #truth);  \
	} while (0)

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Padding too: a record is what it was computed from, to the byte. */
static bool same_bytes(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

/* What "nothing changes" means. */
static uint32_t unchanged(const struct step *s)
{
	if (!s->current)
		return 0;
	return smaller(larger(s->current, w.policy.min_replicas), w.policy.max_replicas);
}

static void stays_in_bounds(const struct step *s)
{
	const struct verdict *v = &s->verdict;
	uint64_t step = (uint64_t)s->current + larger(s->current, 4);

	MUST(v->from == s->current);
	if (!s->current) {
		MUST(v->to == 0);
		return;
	}
	MUST(v->to >= w.policy.min_replicas && v->to <= w.policy.max_replicas);
	MUST(v->to <= step || v->to == w.policy.min_replicas);
}

static void shrinks_on_evidence_only(const struct step *s)
{
	bool above = false, known = false, below = true;

	for (size_t i = 0; i < w.policy.n_metrics; i++) {
		const struct verdict_metric *m = &s->verdict.metric[i];

		known = known || m->known;
		above = above || (m->known && m->value_percent > m->target_percent);
		below = below && (!m->known || m->value_percent <= m->target_percent);
	}
	if (!known)
		MUST(s->verdict.to == unchanged(s));
	if (above || s->verdict.coverage_permille < w.policy.min_coverage_permille ||
	    !s->verdict.coverage_permille)
		MUST(s->verdict.to >= unchanged(s) || s->verdict.to == w.policy.max_replicas);
	if (s->view.fleet_silent * 5 > s->view.fleet_nodes)
		MUST(s->verdict.to >= unchanged(s) || s->verdict.to == w.policy.max_replicas);
	if (s->verdict.to > s->view.replicas) /* as many as are live may stay, what starts some is no shrinking */
		MUST(s->verdict.to >= unchanged(s) || s->verdict.to == w.policy.max_replicas ||
		     s->verdict.to == w.policy.min_replicas);
	if (below && s->view.replicas <= s->current)
		MUST(s->verdict.to <= unchanged(s));
}

/* A step without a past and without windows. */
static uint32_t bare_step(const struct view *view, uint32_t current)
{
	struct policy p = w.policy;
	struct decide_state none = {0};
	struct verdict v;

	p.up_stabilization_ns = p.down_stabilization_ns = 0;
	decide_step(&p, view, current, &none, &v);
	return v.to;
}

static uint32_t target_of(enum policy_metric_kind kind)
{
	for (size_t i = 0; i < w.policy.n_metrics; i++)
		if (w.policy.metric[i].kind == kind)
			return w.policy.metric[i].target_percent;
	return 0;
}

/* The same view, with every missing value there: idle, or at the larger of 100 % and the target. */
static void complete(const struct step *s, bool busy, struct step *ret)
{
	static const uint32_t answered_none[HIST_BUCKETS];
	uint64_t full = w.policy.cpu_request_milli * larger(100, target_of(POLICY_CPU)) / 100;

	*ret = *s;
	ret->view.replica = ret->replica;
	for (uint32_t i = 0; i < s->view.replicas; i++) {
		struct view_replica *r = &ret->replica[i];
		bool stale = r->sample_age_ns > w.policy.fresh_ns;

		if (stale || !r->cpu_known)
			r->cpu_milli = busy ? full : 0;
		if (stale || !r->runq_known)
			r->runq_permille = busy ? 1000 : 0;
		if (stale || !r->took)
			r->took = answered_none; /* neither fast nor slow */
		if (stale)
			r->strain_permille = 0; /* nobody could know */
		r->cpu_known = r->runq_known = true;
		r->sample_age_ns = stale ? 0 : r->sample_age_ns;
	}
}

static void missing_data_only_holds_back(const struct step *s)
{
	uint32_t to = bare_step(&s->view, s->current), same = unchanged(s);
	struct step whole;

	complete(s, true, &whole);
	MUST(smaller(to, same) >= smaller(bare_step(&whole.view, s->current), same));
	complete(s, false, &whole);
	MUST(larger(to, same) <= larger(bare_step(&whole.view, s->current), same));
}

static void more_use_never_gives_fewer(const struct step *s)
{
	struct step more = *s;
	struct view_replica *r = &more.replica[chance() % LIVE_MOST];
	uint64_t room = UINT64_MAX - r->cpu_milli;

	more.view.replica = more.replica;
	r->cpu_milli += smaller((uint32_t)from_to(0, 10 * w.policy.cpu_request_milli),
				room < UINT32_MAX ? (uint32_t)room : UINT32_MAX);
	r->runq_permille = larger(r->runq_permille, (uint32_t)from_to(0, 1000));
	MUST(bare_step(&more.view, s->view.replicas) >= bare_step(&s->view, s->view.replicas));
}

/* Nothing but its inputs counts, and it leaves those alone. */
static void is_pure(const struct step *s, const struct decide_state *before)
{
	struct step inputs = *s;
	struct policy p = w.policy;
	struct decide_state state = *before;
	struct verdict v;

	memset(&v, 0x5a, sizeof(v));
	decide_step(&p, &inputs.view, s->current, &state, &v);
	MUST(same_bytes(&v, &s->verdict, sizeof(v)));
	MUST(same_bytes(&state, &w.state, sizeof(state)));
	MUST(same_bytes(&p, &w.policy, sizeof(p)));
	MUST(same_bytes(&inputs, s, sizeof(inputs)));
}

/* What the windows allow, from all that was ever asked for, each looked back at for `slack_ns`
 * longer. */
static uint32_t stabilized(const struct step *s, uint64_t slack_ns)
{
	uint32_t least = s->verdict.asked, most = least;

	for (const struct step *past = w.step; past <= s; past++) {
		uint64_t age = s->view.boottime_ns - w.asked_at[past - w.step];
		uint32_t asked = past->verdict.asked,
			 first = past == w.step ? past->current : asked;

		if (w.policy.up_stabilization_ns && age < w.policy.up_stabilization_ns + slack_ns)
			least = smaller(least, smaller(asked, first));
		if (w.policy.down_stabilization_ns &&
		    age < w.policy.down_stabilization_ns + slack_ns)
			most = larger(most, larger(asked, first));
	}
	return s->current < least ? least : smaller(s->current, most);
}

static void windows_hold(const struct step *s)
{
	uint64_t longest = w.policy.up_stabilization_ns > w.policy.down_stabilization_ns
				   ? w.policy.up_stabilization_ns
				   : w.policy.down_stabilization_ns;
	uint64_t part;
	uint32_t soon, late;

	longest = w.policy.up_period_ns > longest ? w.policy.up_period_ns : longest;
	longest = w.policy.down_period_ns > longest ? w.policy.down_period_ns : longest;
	part = longest / (DECIDE_MEMORY - 1) + 1;
	soon = stabilized(s, 0);
	late = stabilized(s, part);

	MUST(s->verdict.stabilized >= smaller(soon, late));
	MUST(s->verdict.stabilized <= larger(soon, late));
}

/* What it was set to in a period bounds what it may be set to; min and max come after that. */
static void periods_hold(const struct step *s)
{
	uint32_t least = s->current, most = least, to = s->verdict.to;
	uint64_t share;

	if (!s->current || to == w.policy.min_replicas || to == w.policy.max_replicas)
		return;
	for (const struct step *past = w.step; past <= s; past++) {
		uint64_t age = s->view.boottime_ns - w.asked_at[past - w.step];

		if (age < w.policy.up_period_ns)
			least = smaller(least, past->current);
		if (age < w.policy.down_period_ns)
			most = larger(most, past->current);
	}
	MUST(to <= s->current || to <= (uint64_t)least + larger(least, 4));
	share = (uint64_t)most * w.policy.down_permille / 1000;
	if (w.policy.down_period_ns)
		MUST(to >= s->current || (uint64_t)to + (share > 4 ? share : 4) >= most);
}

/* --- worlds
 * ---------------------------------------------------------------------------------------- */

static void remember_when(const struct step *s)
{
	w.asked_at[s - w.step] = s->view.boottime_ns;
	for (const struct step *past = w.step; past < s; past++)
		if (w.asked_at[past - w.step] > s->view.boottime_ns)
			w.asked_at[past - w.step] = s->view.boottime_ns;
}

static void run_step(struct step *s)
{
	struct decide_state before = w.state;

	decide_step(&w.policy, &s->view, s->current, &w.state, &s->verdict);
	remember_when(s);
	stays_in_bounds(s);
	shrinks_on_evidence_only(s);
	is_pure(s, &before);
	windows_hold(s);
	periods_hold(s);
	missing_data_only_holds_back(s);
	more_use_never_gives_fewer(s);
}

/* Recorded inputs alone lead to the same verdicts. */
static void replay(void)
{
	struct decide_state state = {0};

	for (const struct step *s = w.step; s < w.step + w.n_steps; s++) {
		struct verdict v;

		decide_step(&w.policy, &s->view, s->current, &state, &v);
		MUST(same_bytes(&v, &s->verdict, sizeof(v)));
	}
}

static void run_world(unsigned number)
{
	w.number = number;
	w.random = (number + 1) * 0x9e3779b97f4a7c15ull;
	w.n_steps = number % LONG_EVERY ? (unsigned)from_to(1, 12) : STEPS_MOST;
	memset(&w.state, 0, sizeof(w.state));
	draw_policy(&w.policy);
	for (unsigned i = 0; i < w.n_steps; i++) {
		draw_step(&w.step[i], i ? &w.step[i - 1] : NULL);
		run_step(&w.step[i]);
	}
	replay();
}

static unsigned only = WORLDS;

static void invariants_hold_in_every_world(void **state)
{
	unsigned shrunk = 0, grown = 0;

	(void)state;
	if (only < WORLDS) {
		run_world(only);
		return;
	}
	for (unsigned i = 0; i < WORLDS; i++) {
		run_world(i);
		shrunk += w.step[w.n_steps - 1].verdict.to < w.step[w.n_steps - 1].current;
		grown += w.step[w.n_steps - 1].verdict.to > w.step[w.n_steps - 1].current;
	}
	assert_true(shrunk > WORLDS / 20 &&
		    grown > WORLDS / 20); /* else these worlds show nothing */
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(invariants_hold_in_every_world)};

	if (argc > 1)
		only = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests_name("decide/property", tests, NULL, NULL);
}
