/* SPDX-License-Identifier: Apache-2.0 */
/* The load's steps; and, by the deciders themselves (simulate/trial.h), what the demo's policy makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "decide/decide.h"
#include "demo/place.h"
#include "demo/step.h"
#include "simulate/trial.h"

#define S	 CLOCK_NS_PER_S
#define MS	 CLOCK_NS_PER_MS
#define TRACE_S	 600u
#define SLICES	 1000u /* of a second, each with one load */
#define SOON_NS	 (1350 * MS) /* what is left of 1.5 s is for the sample's way */
#define WINDOW_S 2u

static const struct step_cycle *const cycles[] = {&step_shown, &step_brisk};

static void starts_low(void **state)
{
	(void)state;
	assert_int_equal(step_at(&step_shown, 0).number, 0);
	assert_int_equal(step_at(&step_shown, STEP_FIRST_NS - 1).per_s, STEP_LOW_PER_S);
}

static void takes_turns_without_a_gap(void **state)
{
	static const char *const names[] = {"low", "cpu", "low", "slow"};
	const struct step_cycle *c = &step_shown;
	const uint64_t lengths[] = {c->low_ns, c->cpu_ns, c->low_ns, c->slow_ns};
	uint64_t at = STEP_FIRST_NS;

	(void)state;
	for (uint32_t number = 1; number < 20; number++) {
		struct step s = step_at(&step_shown, at);
		uint64_t length = lengths[number % 4];

		assert_int_equal(s.number, number);
		assert_int_equal(s.began_ns, at);
		assert_string_equal(s.name, names[number % 4]);
		assert_int_equal(step_at(&step_shown, at - 1).number, number - 1);
		assert_int_equal(step_at(&step_shown, at + length - 1).number, number);
		at += length;
	}
}

/* What README promises: up and down again within 60 s, 8 s stabilization included. */
static void fits_a_cycle_into_a_minute(void **state)
{
	(void)state;
	assert_true(STEP_FIRST_NS + step_shown.cpu_ns + step_shown.low_ns <= 45 * S);
	/* One replica carries the low load below 60 % of 250m; the step of CPU asks for 4. */
	assert_true(STEP_LOW_PER_S * STEP_CPU_US / 1000 < 150);
	assert_int_equal((STEP_CPU_PER_S * STEP_CPU_US / 1000 + 149) / 150, 4);
}

/* For the CPU one replica would do, but it answers a part of what comes; and five are not busy all the time. */
static void only_latency_sees_the_slow_step(void **state)
{
	const struct step_cycle *c = &step_shown;
	struct step s = step_at(c, STEP_FIRST_NS + c->cpu_ns + c->low_ns);
	uint64_t busy_us = s.per_s * (uint64_t)(s.each.cpu_us + s.each.hold_us);

	(void)state;
	assert_string_equal(s.name, "slow");
	assert_true(s.per_s * s.each.cpu_us / 1000 < 150 / 2);
	assert_in_range(busy_us, 3 * 1000000, 4 * 1000000);
	assert_true(c->slow_ns < c->calm_s * S + 2 * S); /* two seconds at least it is above its target */
}

/* Where between two samples of an agent steps come decides on how soon they are seen. */
static void steps_come_at_all_moments_of_a_second(void **state)
{
	(void)state;
	for (size_t c = 0; c < 2; c++) {
		unsigned in_tenth[10] = {0};

		for (uint64_t i = 0; i < 50; i++)
			in_tenth[(STEP_FIRST_NS + i * step_cycle_ns(cycles[c])) % S / (100 * MS)]++;
		for (size_t i = 0; i < 10; i++)
			assert_in_range(in_tenth[i], 4, 6);
	}
}

/* --- what is decided */

static void load_policy(const struct step_cycle *c, struct manifests *ret)
{
	char dir[] = "/tmp/test-step-XXXXXX";
	struct place p = {.hook = "/hook"};
	char *path = p.policy;
	struct err e;

	assert_non_null(mkdtemp(dir));
	snprintf(p.policy, sizeof(p.policy), "%s/policy.yaml", dir);
	snprintf(p.config, sizeof(p.config), "%s/config.yaml", dir);
	if (place_write_files(&p, "/demo", "/bin/true", c, &e) < 0 ||
	    manifests_load(&(struct opt_list){&path, 1}, ret, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	unlink(p.policy);
	unlink(p.config);
	rmdir(dir);
	assert_int_equal(ret->item[0].policy.window_ns, WINDOW_S * S);
	assert_true(ret->item[0].policy.max_replicas <= 1 + DECIDE_STEP); /* from there to 1 in one step */
}

/* The mean of each second that begins `phase_ns` behind a whole one. */
static void draw_load(const struct step_cycle *c, uint64_t phase_ns, struct trace *ret)
{
	*ret = (struct trace){.seconds = TRACE_S, .cpu_milli = mem_array(NULL, TRACE_S, sizeof(uint32_t)),
			      .silent = mem_zero(TRACE_S * sizeof(*ret->silent))};
	for (uint32_t s = 0; s < TRACE_S; s++) {
		uint64_t sum = 0;

		for (uint32_t i = 0; i < SLICES; i++) {
			struct step now = step_at(c, s * S + phase_ns + i * (S / SLICES));

			sum += now.per_s * now.each.cpu_us;
		}
		ret->cpu_milli[s] = (uint32_t)(sum / 1000 / SLICES);
	}
}

/* The second at whose end the first step up after `s` was ordered. */
static uint32_t next_order(const struct trial *t, uint32_t s)
{
	while (s + 1 < t->seconds && t->point[s + 1].replicas <= t->point[s].replicas)
		s++;
	return s + 1;
}

/* Returns how many steps of CPU there were; the slow ones are none of CPU, and more a plant of CPU does not have. */
static unsigned judge(const struct step_cycle *c, uint64_t phase_ns, const struct trial *t)
{
	unsigned n = 0;

	for (uint64_t at_ns = STEP_FIRST_NS; at_ns + SOON_NS < (TRACE_S - 1) * S; at_ns += step_cycle_ns(c), n++) {
		uint32_t s = (uint32_t)((at_ns - phase_ns) / S); /* in which it comes */
		uint32_t order = next_order(t, s);

		if (order * S + phase_ns - at_ns > SOON_NS)
			fail_msg("step %u, %u ms behind a whole second: decided on after %u ms", n,
				 (unsigned)(phase_ns / MS), (unsigned)((order * S + phase_ns - at_ns) / MS));
		for (uint32_t i = s - WINDOW_S; i <= s; i++)
			assert_int_equal(t->point[i].replicas, 1); /* or the step is smaller for each of them */
	}
	return n;
}

static void each_step_is_decided_on_in_time(void **state)
{
	const struct plant_model model = {.capacity_milli = 1000, .slo = 5}; /* a replica has one thread */

	(void)state;
	for (size_t c = 0; c < 2; c++) {
		struct manifests m = {0};
		unsigned n = 0;

		load_policy(cycles[c], &m);
		for (uint64_t phase_ns = 0; phase_ns < S; phase_ns += 20 * MS) {
			struct trace load;
			struct trial t;

			draw_load(cycles[c], phase_ns, &load);
			trial_run(&m.item[0], &load, &model, NULL, NULL, &t);
			n += judge(cycles[c], phase_ns, &t);
			trial_done(&t);
			trace_done(&load);
		}
		assert_true(n >= 50 * (c ? 18 : 9));
		manifests_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_low),
		cmocka_unit_test(takes_turns_without_a_gap),
		cmocka_unit_test(fits_a_cycle_into_a_minute),
		cmocka_unit_test(only_latency_sees_the_slow_step),
		cmocka_unit_test(steps_come_at_all_moments_of_a_second),
		cmocka_unit_test(each_step_is_decided_on_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
