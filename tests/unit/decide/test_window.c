/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/window.h"

#include "scene.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct policy windows(uint64_t up_ns, uint64_t down_ns)
{
	return (struct policy){.up_stabilization_ns = up_ns, .down_stabilization_ns = down_ns};
}

/* Remembers, then asks what may be done. */
static uint32_t at(const struct policy *p, struct decide_state *s, uint64_t now_ns,
		   uint32_t current, uint32_t asked)
{
	window_remember(p, s, now_ns, current, asked);
	return window_stabilize(p, s, now_ns, current, asked);
}

TEST(no_window_holds_nothing)
{
	struct policy p = windows(0, 0);
	struct decide_state s = {0};

	assert_int_equal(at(&p, &s, SECOND, 5, 9), 9);
	assert_int_equal(at(&p, &s, SECOND, 9, 2), 2);
	assert_int_equal(at(&p, &s, 2 * SECOND, 2, 2), 2);
}

/* 8 at 100 s is the most of the last 60 s until 160 s; a part is 60 s / 255 + 1 ns. */
TEST(shrinking_waits_for_its_window)
{
	struct policy p = windows(0, 60 * SECOND);
	struct decide_state s = {0};

	assert_int_equal(at(&p, &s, 100 * SECOND, 8, 8), 8);
	assert_int_equal(at(&p, &s, 101 * SECOND, 8, 3), 8);
	assert_int_equal(at(&p, &s, 160 * SECOND, 8, 3), 8);
	assert_int_equal(at(&p, &s, 160 * SECOND + 60 * SECOND / 255 + 1, 8, 3), 3);
}

TEST(shrinking_takes_the_most_asked_for)
{
	struct policy p = windows(0, 60 * SECOND);
	struct decide_state s = {0};

	at(&p, &s, 0, 9, 9);
	at(&p, &s, 40 * SECOND, 9, 5);
	at(&p, &s, 50 * SECOND, 9, 6);
	assert_int_equal(at(&p, &s, 70 * SECOND, 9, 2), 6);  /* of 5, 6, 2 */
	assert_int_equal(at(&p, &s, 115 * SECOND, 6, 2), 2); /* of 2, 2 */
}

TEST(growth_takes_the_least_asked_for)
{
	struct policy p = windows(60 * SECOND, 0);
	struct decide_state s = {0};

	at(&p, &s, 0, 2, 2);
	at(&p, &s, 40 * SECOND, 2, 7);
	at(&p, &s, 50 * SECOND, 2, 5);
	assert_int_equal(at(&p, &s, 59 * SECOND, 2, 9), 2);
	assert_int_equal(at(&p, &s, 70 * SECOND, 2, 9), 5);  /* of 7, 5, 9 */
	assert_int_equal(at(&p, &s, 115 * SECOND, 5, 9), 9); /* of 9, 9 */
}

/* Up waits 10 s, down 60 s: each looks back its own way only. */
TEST(each_direction_has_its_own_window)
{
	struct policy p = windows(10 * SECOND, 60 * SECOND);
	struct decide_state s = {0};

	at(&p, &s, 0, 4, 4);
	assert_int_equal(at(&p, &s, 20 * SECOND, 4, 8), 8);
	assert_int_equal(at(&p, &s, 21 * SECOND, 8, 4), 8);
	assert_int_equal(at(&p, &s, 22 * SECOND, 8, 9), 8); /* least of 8, 4, 9 is below: stay */
	assert_int_equal(at(&p, &s, 83 * SECOND, 8, 4), 4);
}

/* Asked 3, in the window 10, running 6: neither more nor fewer. */
TEST(a_recommendation_never_becomes_an_order)
{
	struct policy p = windows(0, 60 * SECOND);
	struct decide_state s = {0};

	at(&p, &s, 0, 10, 10);
	assert_int_equal(at(&p, &s, SECOND, 6, 3), 6);
	assert_int_equal(at(&p, &s, 2 * SECOND, 6, 8), 8);
}

/* Without a past the present counts as asked for: no shrinking at the first look. */
TEST(the_first_look_shrinks_nothing)
{
	struct policy p = windows(0, 60 * SECOND);
	struct decide_state s = {0};

	assert_int_equal(at(&p, &s, 0, 10, 2), 10);
	assert_int_equal(at(&p, &s, 60 * SECOND, 10, 2), 10);
	assert_int_equal(at(&p, &s, 61 * SECOND, 10, 2), 2);
}

TEST(the_first_look_grows_after_the_up_window)
{
	struct policy p = windows(60 * SECOND, 0);
	struct decide_state s = {0};

	assert_int_equal(at(&p, &s, 0, 2, 10), 2);
	assert_int_equal(at(&p, &s, 61 * SECOND, 2, 10), 10);
}

/* 300 s / 255 + 1 ns = 1.176470589 s a part: seconds 0 and 1 share one, 2 begins the next. */
TEST(a_part_keeps_both_extremes)
{
	struct policy p = windows(300 * SECOND, 300 * SECOND);
	struct decide_state s = {0};

	at(&p, &s, 0, 5, 5);
	at(&p, &s, SECOND, 5, 9);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.memory[0].up, 5);
	assert_int_equal(s.memory[0].down, 9);
	at(&p, &s, SECOND + 176470588, 5, 2); /* 1 ns before the next part */
	assert_int_equal(s.n, 1);
	assert_int_equal(s.memory[0].up, 2);
	at(&p, &s, SECOND + 176470589, 5, 7);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.memory[1].up, 7);
	assert_int_equal(s.memory[1].down, 7);
}

/* The longest window there is, once a second for two hours: full, and still nothing lost early. */
TEST(a_full_ring_covers_the_longest_window)
{
	struct policy p = windows(0, 3600 * SECOND);
	struct decide_state s = {0};
	const uint64_t peak = 4321;
	uint64_t part = 15; /* seconds, rounded up: 3600 / 255 = 14.1 */

	for (uint64_t t = 0; t < peak; t++)
		at(&p, &s, t * SECOND, 5, 5);
	assert_int_equal(s.n, DECIDE_MEMORY);
	at(&p, &s, peak * SECOND, 5, 50);
	for (uint64_t t = peak + 1; t <= peak + 3600; t++)
		assert_int_equal(at(&p, &s, t * SECOND, 40, 5), 40);
	for (uint64_t t = peak + 3601; t < peak + 3600 + part; t++)
		at(&p, &s, t * SECOND, 40, 5);
	assert_int_equal(at(&p, &s, (peak + 3600 + part) * SECOND, 40, 5), 5);
	assert_int_equal(s.n, DECIDE_MEMORY);
	assert_true(s.next < DECIDE_MEMORY);
}

/* 256 entries, 1 ns apart: the 257th takes the place of the first. */
TEST(the_oldest_makes_room)
{
	struct policy p = windows(0, 0);
	struct decide_state s = {0};

	for (uint64_t t = 0; t <= DECIDE_MEMORY; t++)
		window_remember(&p, &s, t, 1, (uint32_t)t);
	assert_int_equal(s.n, DECIDE_MEMORY);
	assert_int_equal(s.next, 1);
	assert_int_equal(s.memory[0].boottime_ns, DECIDE_MEMORY);
	assert_int_equal(s.memory[1].boottime_ns, 1);
}

/* Back from 1000 s to 10 s: what was remembered counts as of now and ends with the window. */
TEST(a_clock_that_goes_back_forgets_nothing_and_keeps_nothing_for_ever)
{
	struct policy p = windows(0, 60 * SECOND);
	struct decide_state s = {0};

	at(&p, &s, 1000 * SECOND, 8, 8);
	assert_int_equal(at(&p, &s, 10 * SECOND, 8, 3), 8);
	assert_int_equal(at(&p, &s, 69 * SECOND, 8, 3), 8);
	assert_int_equal(at(&p, &s, 71 * SECOND, 8, 3), 3);
}

TEST(the_end_of_time_is_no_wrap)
{
	struct policy p = windows(3600 * SECOND, 3600 * SECOND);
	struct decide_state s = {0};

	assert_int_equal(at(&p, &s, 0, 8, 8), 8);
	assert_int_equal(at(&p, &s, UINT64_MAX - SECOND, 8, 3), 3);
	assert_int_equal(at(&p, &s, UINT64_MAX, 3, 9), 3);
}

/* A policy may change under way: a longer window looks back at what is still remembered. */
TEST(a_longer_window_sees_the_past)
{
	struct policy p = windows(0, 10 * SECOND), longer = windows(0, 100 * SECOND);
	struct decide_state s = {0};

	at(&p, &s, 0, 8, 8);
	assert_int_equal(at(&p, &s, 50 * SECOND, 8, 3), 3);
	assert_int_equal(at(&longer, &s, 51 * SECOND, 8, 3), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_window_holds_nothing),
		cmocka_unit_test(shrinking_waits_for_its_window),
		cmocka_unit_test(shrinking_takes_the_most_asked_for),
		cmocka_unit_test(growth_takes_the_least_asked_for),
		cmocka_unit_test(each_direction_has_its_own_window),
		cmocka_unit_test(a_recommendation_never_becomes_an_order),
		cmocka_unit_test(the_first_look_shrinks_nothing),
		cmocka_unit_test(the_first_look_grows_after_the_up_window),
		cmocka_unit_test(a_part_keeps_both_extremes),
		cmocka_unit_test(a_full_ring_covers_the_longest_window),
		cmocka_unit_test(the_oldest_makes_room),
		cmocka_unit_test(a_clock_that_goes_back_forgets_nothing_and_keeps_nothing_for_ever),
		cmocka_unit_test(the_end_of_time_is_no_wrap),
		cmocka_unit_test(a_longer_window_sees_the_past),
	};

	return cmocka_run_group_tests_name("decide/window", tests, NULL, NULL);
}
