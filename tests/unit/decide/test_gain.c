/* SPDX-License-Identifier: Apache-2.0 */
/* Steps up as decide_step() takes them: one at a time, and none that does not help. */
#include "scene.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* One step at a time: more than half of it must be there, and a window (5 s) old. */
TEST(an_open_step_orders_no_more)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 1000);
	scene_step(s, 2); /* 4 */
	assert_verdict(scene_later(s, SECOND, 4, 3, 1000), 4, VERDICT_UNFILLED);
	assert_verdict(scene_later(s, 4 * SECOND, 4, 3, 1000), 4, VERDICT_UNFILLED);
	assert_verdict(scene_later(s, 1 * SECOND, 4, 3, 1000), 6, VERDICT_METRIC);
	assert_int_equal(s->state.wanted, 6);
}

/* The first sample of a load had part of a second of it. The two that were there ask for more as they see all of it:
 * up to what one step could have been, and no more while that has not come. */
TEST(an_open_step_is_completed_by_those_that_were_there)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 700);
	assert_verdict(scene_step(s, 2), 3, VERDICT_METRIC);
	assert_verdict(scene_later(s, SECOND, 3, 2, 1100), 5, VERDICT_METRIC); /* 2 x 110 / 50 = 4.4 */
	assert_int_equal(s->state.wanted_step, 3);
	assert_verdict(scene_later(s, SECOND, 5, 2, 2500), 6, VERDICT_STEP_LIMIT); /* 2 + 4 */
	assert_int_equal(s->state.gain.live, 2);
	assert_int_equal(s->state.gain.value_percent, 250);
	assert_verdict(scene_later(s, SECOND, 6, 2, 2500), 6, VERDICT_UNFILLED);
}

/* The new ones are there and at work, with starting up or with load: nobody can tell, so only the old ones count. */
TEST(an_open_step_is_not_completed_by_those_that_just_came)
{
	struct scene *s = scene_new();

	s->policy.young_ns = 10 * SECOND;
	scene_fill(s, 2, 500);
	scene_step(s, 2);
	scene_later(s, 20 * SECOND, 2, 2, 700);
	assert_int_equal(s->state.wanted, 3);
	s->view.boottime_ns += 2 * SECOND;
	scene_add(s, 2000)->age_ns = 2 * SECOND;
	assert_verdict(scene_step(s, 3), 3, VERDICT_YOUNG); /* 2 x 70 of 3 x 50 */
	s->replica[0].cpu_milli = s->replica[1].cpu_milli = 1100;
	assert_verdict(scene_step(s, 3), 5, VERDICT_METRIC); /* 2 x 110 / 50, with the one that starts at nothing */
	s->replica[2].age_ns = 11 * SECOND; /* its load was theirs in the same window */
	assert_verdict(scene_step(s, 5), 5, VERDICT_UNFILLED);
}

TEST(a_step_that_is_never_filled_is_given_up)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 2000);
	scene_step(s, 2); /* 6, and no step is larger */
	assert_verdict(scene_later(s, 59 * SECOND, 6, 2, 2000), 6, VERDICT_UNFILLED);
	assert_verdict(scene_later(s, 1 * SECOND, 2, 2, 1000), 4, VERDICT_METRIC);
}

/* Ten seconds old and a mean over five: until then the two that were there first are seen as they did all of it
 * alone. */
TEST(a_slow_agents_step_is_open_until_all_was_measured_since)
{
	struct scene *s = scene_new();

	scene_fill(s, 2, 1000);
	scene_step(s, 2); /* 4 */
	scene_later(s, SECOND, 4, 4, 1000);
	for (int later = 6; later < 15; later += 8) {
		s->view.boottime_ns = (1001 + (uint64_t)later) * SECOND;
		scene_slow_down(s, 15 * SECOND, 10 * SECOND);
		assert_verdict(scene_step(s, 4), 4, VERDICT_UNFILLED);
	}
	s->view.boottime_ns += SECOND;
	assert_verdict(scene_step(s, 4), 8, VERDICT_METRIC);
}

/* 80 % of each replica whatever their number: two steps, then no more; until it is far worse. */
TEST(growth_that_does_not_help_ends)
{
	struct scene *s = scene_new();
	uint32_t n = 10;

	scene_fill(s, n, 800);
	n = scene_step(s, n).to;
	assert_int_equal(n, 16);
	scene_later(s, SECOND, n, n, 800);
	n = scene_later(s, 5 * SECOND, n, n, 800).to;
	assert_int_equal(n, 26);
	scene_later(s, SECOND, n, n, 800);
	assert_verdict(scene_later(s, 5 * SECOND, n, n, 800), n, VERDICT_NO_GAIN);
	assert_verdict(scene_later(s, 299 * SECOND, n, n, 800), n, VERDICT_NO_GAIN);
	assert_verdict(scene_later(s, 0, n, n, 1210), 52, VERDICT_STEP_LIMIT);
}

TEST(growth_that_helps_goes_on)
{
	struct scene *s = scene_new();
	uint32_t n = 10;

	for (int i = 0; i < 4; i++) {
		n = scene_later(s, SECOND, n, n, 16000 / n).to;
		n = scene_later(s, 5 * SECOND, n, n, 16000 / n).to;
	}
	assert_int_equal(n, 32); /* 16000 of 500 each */
}

/* What one replica can use is bounded, so its use need not fall. */
TEST(replicas_that_wait_for_a_cpu_may_go_on_growing)
{
	struct scene *s = scene_new();
	uint32_t n = 10;

	for (int i = 0; i < 4; i++) {
		for (int k = 0; k < 2; k++) {
			s->view.boottime_ns += 5 * SECOND;
			scene_empty(s);
			scene_fill(s, n, 1000);
			for (uint32_t r = 0; r < n; r++)
				s->replica[r].runq_permille = 400;
			n = scene_step(s, n).to;
		}
	}
	assert_true(n >= 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_step_orders_no_more),
		cmocka_unit_test(an_open_step_is_completed_by_those_that_were_there),
		cmocka_unit_test(an_open_step_is_not_completed_by_those_that_just_came),
		cmocka_unit_test(a_step_that_is_never_filled_is_given_up),
		cmocka_unit_test(a_slow_agents_step_is_open_until_all_was_measured_since),
		cmocka_unit_test(growth_that_does_not_help_ends),
		cmocka_unit_test(growth_that_helps_goes_on),
		cmocka_unit_test(replicas_that_wait_for_a_cpu_may_go_on_growing),
	};

	return cmocka_run_group_tests_name("decide/gain", tests, NULL, NULL);
}
