/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One workload under one policy, for the decider's tests. The policy every test starts from: CPU at
 * 50 % of 1000 milli a replica, tolerance 10 %, 1 … 1000 replicas, no stabilization, samples fresh
 * for 3 s, 90 % coverage, Enforce. So a replica's milli-cores are permille of its request.
 */
#ifndef TEST_DECIDE_SCENE_H
#define TEST_DECIDE_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide/decide.h"

#define SECOND         1000000000ull
#define SCENE_REPLICAS 10000

struct scene {
	struct policy policy;
	struct view view;
	struct decide_state state;
	struct view_replica replica[SCENE_REPLICAS];
};

/* The one scene there is, swept clean. */
static inline struct scene *scene_new(void)
{
	static struct scene s;

	memset(&s, 0, sizeof(s));
	s.policy = (struct policy){.name = "test",
				   .enforce = true,
				   .min_replicas = 1,
				   .max_replicas = 1000,
				   .cpu_request_milli = 1000,
				   .tolerance_permille = 100,
				   .window_ns = 5 * SECOND,
				   .fresh_ns = 3 * SECOND,
				   .min_coverage_permille = 900,
				   .n_metrics = 1,
				   .metric = {{POLICY_CPU, 50}}};
	s.view = (struct view){.boottime_ns = 1000 * SECOND, .replica = s.replica, .nodes = 1};
	return &s;
}

static inline void scene_metric(struct scene *s, enum policy_metric_kind kind, uint32_t target)
{
	s->policy.metric[s->policy.n_metrics++] = (struct policy_metric){kind, target};
}

static inline struct view_replica *scene_add(struct scene *s, uint64_t cpu_milli)
{
	struct view_replica *r = &s->replica[s->view.replicas++];

	*r = (struct view_replica){.age_ns = 600 * SECOND,
				   .sample_age_ns = SECOND / 2,
				   .cpu_known = true,
				   .cpu_milli = cpu_milli,
				   .window_ns = 5 * SECOND,
				   .runq_known = true};
	snprintf(r->name, sizeof(r->name), "node:/r%u", s->view.replicas);
	return r;
}

static inline void scene_fill(struct scene *s, uint32_t n, uint64_t cpu_milli)
{
	for (uint32_t i = 0; i < n; i++)
		scene_add(s, cpu_milli);
}

/* There, but never heard of. */
static inline void scene_add_missing(struct scene *s)
{
	struct view_replica *r = scene_add(s, 0);

	r->sample_age_ns = UINT64_MAX;
	r->cpu_known = r->runq_known = false;
}

static inline void scene_empty(struct scene *s)
{
	s->view.replicas = 0;
}

static inline struct verdict scene_step(struct scene *s, uint32_t current)
{
	struct verdict v;

	decide_step(&s->policy, &s->view, current, &s->state, &v);
	return v;
}

/* A step later, in which `n` replicas use `cpu_milli` each. */
static inline struct verdict scene_later(struct scene *s, uint64_t after_ns, uint32_t current,
					 uint32_t n, uint64_t cpu_milli)
{
	s->view.boottime_ns += after_ns;
	scene_empty(s);
	scene_fill(s, n, cpu_milli);
	return scene_step(s, current);
}

/* Of agents that sample so rarely, and did so long ago. */
static inline void scene_slow_down(struct scene *s, uint64_t period_ns, uint64_t age_ns)
{
	for (uint32_t i = 0; i < s->view.replicas; i++) {
		s->replica[i].period_ns = period_ns;
		s->replica[i].sample_age_ns = age_ns;
	}
}

static inline void assert_verdict(struct verdict v, uint32_t to, enum verdict_reason why)
{
	assert_string_equal(verdict_word(v.reason), verdict_word(why));
	assert_int_equal(v.to, to);
}

#endif
