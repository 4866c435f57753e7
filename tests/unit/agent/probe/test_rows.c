/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one cgroup over a pool of the test's own; a slot "counted" its own number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "agent/probe/rows.h"
#include "plimsoll/signal.h"

#define SLOTS 6
#define ROWS  8

static struct plimsoll_slot slots[SLOTS];
static struct plimsoll_traffic traffic[SLOTS];
static struct plimsoll_tally tallies[SLOTS];
static struct plimsoll_row all[ROWS];
static struct plimsoll_running running;
static struct pool *pool;
static struct rows rows;

static void add(void *data, uint32_t slot, struct signals *to)
{
	(void)data;
	to->cpu_ns += slot;
}

static const struct rows_adder adder = {add, NULL};

static int setup(void **state)
{
	const struct pool_options o = {SLOTS, ROWS, 1, slots, traffic, tallies, all, &running};

	(void)state;
	memset(all, 0, sizeof(all));
	memset(&running, 0, sizeof(running));
	pool = pool_new(&o);
	rows_init(&rows, pool_take_slot(pool));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rows_free(&rows, pool);
	pool = pool_free(pool);
	return 0;
}

static void what_another_row_counted_is_carried_when_it_goes(void **state)
{
	uint32_t other = pool_take_slot(pool);

	(void)state;
	rows_add(&rows, other);
	assert_null(rows.carried);
	assert_int_equal(rows_give_back(&rows, pool, all, &adder), 1);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.carried->cpu_ns, other);
}

static void one_that_still_counts_stays(void **state)
{
	uint32_t busy = pool_take_slot(pool), idle = pool_take_slot(pool);

	(void)state;
	rows_add(&rows, busy);
	rows_add(&rows, idle);
	running = (struct plimsoll_running){.arrival_ns = 1, .switched_ns = 1, .slot = busy};
	assert_int_equal(rows_give_back(&rows, pool, all, &adder), 1);
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.of[1], busy);
	assert_int_equal(rows.carried->cpu_ns, idle);
}

static void last_words_are_kept_until_they_were_read(void **state)
{
	uint32_t other = pool_take_slot(pool);

	(void)state;
	rows_add(&rows, other);
	all[other].pass[1] = PLIMSOLL_ENDED;
	assert_int_equal(rows_give_back(&rows, pool, all, &adder), 0);
	all[other].pass[1] = 0;
	assert_int_equal(rows_give_back(&rows, pool, all, &adder), 1);
}

/* A mere row has no counters: nothing is carried, and nothing is read beyond the slots. */
static void a_row_that_is_no_slot_carries_nothing(void **state)
{
	uint32_t row = 0;

	(void)state;
	while (row < SLOTS)
		row = pool_take(pool);
	rows_add(&rows, row);
	assert_int_equal(rows_give_back(&rows, pool, all, &adder), 1);
	assert_null(rows.carried);
}

static void a_slot_that_comes_later_becomes_the_one_that_stays(void **state)
{
	uint32_t first = rows.of[0], slot = pool_take_slot(pool);

	(void)state;
	rows_settle(&rows, slot);
	assert_int_equal(rows.of[0], slot);
	assert_int_equal(rows.of[1], first);
}

static void the_newest_row_speaks_for_a_hierarchy(void **state)
{
	uint32_t other = pool_take_slot(pool);

	(void)state;
	rows_add(&rows, other);
	all[rows.of[0]].pass[PLIMSOLL_UNIFIED] = 4;
	all[other].pass[PLIMSOLL_UNIFIED] = 5;
	all[rows.of[0]].pass[PLIMSOLL_MEMORY] = 5;
	assert_int_equal(rows_newest(&rows, all, PLIMSOLL_UNIFIED), other);
	assert_int_equal(rows_newest(&rows, all, PLIMSOLL_MEMORY), rows.of[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_another_row_counted_is_carried_when_it_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_still_counts_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(last_words_are_kept_until_they_were_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_that_is_no_slot_carries_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_slot_that_comes_later_becomes_the_one_that_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_row_speaks_for_a_hierarchy, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
