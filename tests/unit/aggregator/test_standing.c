/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/standing.h"
#include "base/clock.h"

#define S CLOCK_NS_PER_S

static void without_an_order_the_live_ones_count(void **state)
{
	struct standing s = {0};

	(void)state;
	assert_int_equal(standing_now(&s, 3, false, S), 3);
	assert_int_equal(standing_now(&s, 0, false, 2 * S), 0);
}

static void an_order_stands_while_replicas_come_and_crash(void **state)
{
	struct standing s = {0};

	(void)state;
	standing_order(&s, 2, 5);
	assert_int_equal(standing_now(&s, 3, false, 10 * S), 5);
	assert_int_equal(standing_now(&s, 5, false, 12 * S), 5);
	/* One died later: the patience begins anew. */
	assert_int_equal(standing_now(&s, 4, false, 100 * S), 5);
	assert_int_equal(standing_now(&s, 4, false, 159 * S), 5);
	assert_int_equal(standing_now(&s, 5, false, 160 * S), 5);
	assert_int_equal(standing_now(&s, 4, false, 200 * S), 5);
}

static void an_order_that_came_to_nothing_is_forgotten(void **state)
{
	struct standing s = {0};

	(void)state;
	standing_order(&s, 2, 5);
	assert_int_equal(standing_now(&s, 2, false, 10 * S), 5);
	assert_int_equal(standing_now(&s, 2, false, 10 * S + STANDING_PATIENCE_NS), 2);
	/* Somebody else sets 7: that is what stands now. */
	assert_int_equal(standing_now(&s, 7, false, 100 * S), 7);
}

/* Those that are not seen may run on the silent node. */
static void a_silent_node_keeps_an_order_standing(void **state)
{
	struct standing s = {0};

	(void)state;
	standing_order(&s, 2, 5);
	assert_int_equal(standing_now(&s, 2, true, 10 * S), 5);
	assert_int_equal(standing_now(&s, 2, true, 1000 * S), 5);
	assert_int_equal(standing_now(&s, 2, false, 1001 * S), 5);
	assert_int_equal(standing_now(&s, 2, false, 1001 * S + STANDING_PATIENCE_NS), 2);
}

static void more_than_were_ordered_are_somebody_elses_at_once(void **state)
{
	struct standing s = {0};

	(void)state;
	standing_order(&s, 4, 10);
	assert_int_equal(standing_now(&s, 10, false, 10 * S), 10);
	assert_int_equal(standing_now(&s, 20, false, 11 * S), 20);
	assert_int_equal(standing_now(&s, 15, false, 12 * S), 15);
	assert_int_equal(standing_now(&s, 15, false, 11 * S + STANDING_PATIENCE_NS), 15);
	assert_int_equal(standing_now(&s, 9, false, 12 * S + STANDING_PATIENCE_NS), 9); /* nothing is ordered any more */
}

/* Who is lost afterwards is missed as before. */
static void an_order_outlives_the_surplus_of_a_rollout(void **state)
{
	struct standing s = {0};

	(void)state;
	standing_order(&s, 4, 10);
	assert_int_equal(standing_now(&s, 10, false, 10 * S), 10);
	assert_int_equal(standing_now(&s, 13, false, 11 * S), 13);
	assert_true(s.foreign);
	assert_int_equal(standing_now(&s, 10, false, 40 * S), 10);
	assert_false(s.foreign);
	assert_int_equal(standing_now(&s, 7, false, 90 * S), 10);
}

static void those_yet_to_go_are_not(void **state)
{
	struct standing s = {0};

	(void)state;
	standing_order(&s, 14, 10);
	standing_order(&s, 10, 6);
	assert_int_equal(standing_now(&s, 14, false, 10 * S), 6);
	assert_int_equal(standing_now(&s, 8, false, 11 * S), 6);
	assert_int_equal(standing_now(&s, 6, false, 12 * S), 6);
	/* They are gone now: who comes was not ordered. */
	assert_int_equal(standing_now(&s, 8, false, 13 * S), 8);
}

static void nor_are_those_of_an_order_that_runs(void **state)
{
	struct standing s = {0};

	(void)state;
	standing_order(&s, 2, 5);
	for (uint32_t live = 4; live <= 8; live++) {
		standing_expect(&s, 8);
		assert_int_equal(standing_now(&s, live, false, (10 + live) * S), 5);
	}
	standing_expect(&s, 8);
	assert_int_equal(standing_now(&s, 9, false, 20 * S), 9);
}

/* What it told last may be over, so there may be fewer. */
static void while_a_node_is_silent_more_wait_too(void **state)
{
	struct standing s = {0};

	(void)state;
	standing_order(&s, 2, 5);
	assert_int_equal(standing_now(&s, 9, true, 10 * S), 5);
	assert_int_equal(standing_now(&s, 9, false, 11 * S), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_order_the_live_ones_count),
		cmocka_unit_test(an_order_stands_while_replicas_come_and_crash),
		cmocka_unit_test(an_order_that_came_to_nothing_is_forgotten),
		cmocka_unit_test(a_silent_node_keeps_an_order_standing),
		cmocka_unit_test(more_than_were_ordered_are_somebody_elses_at_once),
		cmocka_unit_test(an_order_outlives_the_surplus_of_a_rollout),
		cmocka_unit_test(those_yet_to_go_are_not),
		cmocka_unit_test(nor_are_those_of_an_order_that_runs),
		cmocka_unit_test(while_a_node_is_silent_more_wait_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
