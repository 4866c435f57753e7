/* SPDX-License-Identifier: Apache-2.0 */
/* What a hold is said to last is what it lasts: to the nanosecond, if nothing else happens meanwhile. */
#include "decide/wait.h"

#include "scene.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* A step that is held for this reason, and is not any more when what is left has passed. */
static void ends_then(struct scene *s, uint32_t current, enum verdict_reason why, uint64_t least_ns, uint64_t most_ns)
{
	struct verdict v = scene_step(s, current);
	struct decide_state kept = s->state;
	uint64_t left = wait_held(&s->policy, &s->view, &s->state, &v);

	assert_verdict(v, current, why);
	assert_in_range(left, least_ns, most_ns);
	s->view.boottime_ns += left - 1;
	assert_verdict(scene_step(s, current), current, why);
	s->state = kept;
	s->view.boottime_ns++;
	assert_true(scene_step(s, current).reason != why);
}

static struct scene *calm_scene(void)
{
	struct scene *s = scene_new();

	scene_fill(s, 10, 500);
	assert_verdict(scene_step(s, 10), 10, VERDICT_STEADY);
	return s;
}

static void later(struct scene *s, uint64_t after_ns, uint32_t n, uint64_t cpu_milli)
{
	s->view.boottime_ns += after_ns;
	scene_empty(s);
	scene_fill(s, n, cpu_milli);
}

/* A part of the window, 300 s / 255, may be added. */
TEST(of_a_window)
{
	struct scene *s = scene_new();

	s->policy.down_stabilization_ns = 300 * SECOND;
	scene_fill(s, 10, 500);
	scene_step(s, 10);
	later(s, 100 * SECOND, 10, 100);
	ends_then(s, 10, VERDICT_STABILIZED, 200 * SECOND, 202 * SECOND);
}

TEST(of_a_window_of_growth)
{
	struct scene *s = scene_new();

	s->policy.up_stabilization_ns = 60 * SECOND;
	scene_fill(s, 10, 500);
	scene_step(s, 10);
	later(s, 20 * SECOND, 10, 800);
	ends_then(s, 10, VERDICT_STABILIZED, 40 * SECOND, 41 * SECOND);
}

TEST(of_the_pace_down)
{
	struct scene *s = scene_new();

	s->policy.down_period_ns = 60 * SECOND;
	s->policy.down_permille = 100;
	scene_fill(s, 10, 500);
	scene_step(s, 10);
	later(s, 30 * SECOND, 6, 100);
	scene_step(s, 6); /* it was set to 10 half a period ago */
	later(s, 15 * SECOND, 6, 100);
	ends_then(s, 6, VERDICT_PACE, 15 * SECOND, 16 * SECOND);
}

TEST(of_the_pace_up)
{
	struct scene *s = scene_new();

	s->policy.up_period_ns = 15 * SECOND;
	scene_fill(s, 10, 500);
	scene_step(s, 10);
	later(s, 5 * SECOND, 20, 900);
	ends_then(s, 20, VERDICT_STEP_LIMIT, 10 * SECOND, 11 * SECOND);
}

TEST(of_silence)
{
	struct scene *s = calm_scene();

	s->view.fleet_nodes = 10;
	s->view.fleet_silent = 3;
	later(s, SECOND, 10, 100);
	assert_verdict(scene_step(s, 10), 10, VERDICT_SILENCE);
	s->view.fleet_silent = 0;
	later(s, 20 * SECOND, 10, 100);
	ends_then(s, 10, VERDICT_SILENCE, 40 * SECOND, 40 * SECOND);
}

TEST(of_replicas_that_do_not_come)
{
	struct scene *s = calm_scene();

	later(s, SECOND, 10, 750);
	assert_int_equal(scene_step(s, 10).to, 15);
	later(s, 20 * SECOND, 10, 100); /* the load is gone, too */
	ends_then(s, 15, VERDICT_WARMING, 40 * SECOND, 40 * SECOND);
}

TEST(of_replicas_that_went_away)
{
	struct scene *s = calm_scene();

	later(s, SECOND, 8, 100);
	ends_then(s, 10, VERDICT_SETTLING, 8 * SECOND, 8 * SECOND); /* a window and 3 s */
}

/* 10 became 15, which are there; a window after that they are measured. */
TEST(of_an_open_step)
{
	struct scene *s = calm_scene();

	later(s, SECOND, 10, 750);
	assert_int_equal(scene_step(s, 10).to, 15);
	later(s, 3 * SECOND, 15, 750);
	ends_then(s, 15, VERDICT_UNFILLED, 5 * SECOND, 5 * SECOND);
}

TEST(of_growth_without_gain)
{
	struct scene *s = calm_scene();

	s->state.gain.useless = DECIDE_GAIN_STEPS;
	s->state.gain.useless_percent = 80;
	s->state.gain.useless_ns = s->view.boottime_ns;
	later(s, 50 * SECOND, 10, 800);
	ends_then(s, 10, VERDICT_NO_GAIN, 250 * SECOND, 250 * SECOND);
}

TEST(of_those_that_just_began)
{
	struct scene *s = calm_scene();
	struct verdict v;
	uint64_t left;

	s->policy.young_ns = 10 * SECOND;
	later(s, 60 * SECOND, 10, 500);
	for (int i = 0; i < 2; i++)
		*scene_add(s, 2000) = (struct view_replica){.age_ns = (4 + (uint64_t)i) * SECOND, .cpu_known = true,
							    .cpu_milli = 2000, .window_ns = 2 * SECOND};
	v = scene_step(s, 12);
	assert_verdict(v, 12, VERDICT_YOUNG);
	left = wait_held(&s->policy, &s->view, &s->state, &v);
	assert_int_equal(left, 6 * SECOND);
	for (int i = 10; i < 12; i++)
		s->replica[i].age_ns += left;
	s->view.boottime_ns += left;
	assert_true(scene_step(s, 12).to > 12);
}

/* It ends when the data comes, whenever that is. */
TEST(of_missing_data_nobody_knows)
{
	struct scene *s = calm_scene();
	struct verdict v;

	later(s, SECOND, 7, 100);
	for (int i = 0; i < 3; i++)
		scene_add_missing(s);
	v = scene_step(s, 10);
	assert_verdict(v, 10, VERDICT_COVERAGE);
	assert_int_equal(wait_held(&s->policy, &s->view, &s->state, &v), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_window),
		cmocka_unit_test(of_a_window_of_growth),
		cmocka_unit_test(of_the_pace_down),
		cmocka_unit_test(of_the_pace_up),
		cmocka_unit_test(of_silence),
		cmocka_unit_test(of_replicas_that_do_not_come),
		cmocka_unit_test(of_replicas_that_went_away),
		cmocka_unit_test(of_an_open_step),
		cmocka_unit_test(of_growth_without_gain),
		cmocka_unit_test(of_those_that_just_began),
		cmocka_unit_test(of_missing_data_nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
