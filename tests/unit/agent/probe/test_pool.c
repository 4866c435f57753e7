/* SPDX-License-Identifier: Apache-2.0 */
/* Slots, and mere rows above them, over arrays of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "agent/probe/pool.h"

#define SLOTS 3
#define ROWS  5
#define CPUS  2

static struct plimsoll_slot slots[CPUS * SLOTS];
static struct plimsoll_traffic traffic[CPUS * SLOTS];
static struct plimsoll_tally tallies[SLOTS];
static struct plimsoll_row rows[ROWS];
static struct plimsoll_running running[CPUS];
static struct pool *pool;
static uint32_t shown; /* rows */

static void show(void *data, uint32_t n)
{
	(void)data;
	assert_in_range(n, shown + 1, ROWS); /* never less, and no more often than needed */
	shown = n;
}

static int setup(void **state)
{
	const struct pool_options o = {SLOTS, ROWS, CPUS, slots, traffic, tallies, rows, running, show, NULL};

	(void)state;
	shown = 0;
	memset(running, 0, sizeof(running));
	pool = pool_new(&o);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pool = pool_free(pool);
	return 0;
}

static void slots_go_first_and_row_0_never(void **state)
{
	(void)state;
	assert_int_equal(pool_slots(pool), SLOTS - 1);
	for (uint32_t row = 1; row < ROWS; row++)
		assert_int_equal(pool_take(pool), row);
	assert_int_equal(pool_take(pool), 0);
	assert_int_equal(pool_take_slot(pool), 0);
}

static void what_is_taken_has_counted_nothing(void **state)
{
	uint32_t slot = pool_take_slot(pool);

	(void)state;
	pool_give(pool, slot);
	pool_wake(pool);
	memset(slots, 0xff, sizeof(slots));
	memset(traffic, 0xff, sizeof(traffic));
	memset(tallies, 0xff, sizeof(tallies));
	memset(rows, 0xff, sizeof(rows));
	assert_int_equal(pool_take_slot(pool), slot);
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		assert_int_equal(slots[cpu * SLOTS + slot].on_cpu_ns, 0);
		assert_int_equal(traffic[cpu * SLOTS + slot].net_sent_bytes, 0);
	}
	assert_int_equal(tallies[slot].io_reads, 0);
	assert_int_equal(rows[slot].pass[0], 0);
	assert_int_not_equal(slots[slot + 1].on_cpu_ns, 0); /* somebody else's */
}

/* Whole pages of zeros that nobody had yet, on each CPU. */
static void what_nobody_had_is_not_touched(void **state)
{
	uint32_t slot = pool_lend_slot(pool);

	(void)state;
	assert_int_equal(shown, 0);
	pool_show(pool, slot);
	assert_in_range(shown, slot + 1, SLOTS);
	while (slot && slot < SLOTS)
		slot = pool_take(pool);
	assert_int_equal(shown, ROWS);
}

static void what_is_given_back_rests_first(void **state)
{
	uint32_t slot = pool_take_slot(pool);

	(void)state;
	pool_give(pool, slot);
	assert_int_equal(pool_slots(pool), SLOTS - 2);
	pool_wake(pool);
	assert_int_equal(pool_slots(pool), SLOTS - 1);
	assert_int_equal(pool_take_slot(pool), slot);
}

static void it_rests_on_while_a_cpu_counts_there(void **state)
{
	uint32_t slot = pool_take_slot(pool);

	(void)state;
	running[1] = (struct plimsoll_running){.arrival_ns = 7, .switched_ns = 7, .slot = slot};
	pool_give(pool, slot);
	pool_wake(pool);
	assert_int_equal(pool_slots(pool), SLOTS - 2);
	running[1] = (struct plimsoll_running){.arrival_ns = 8, .switched_ns = 7, .slot = 0, .moved_slot = slot};
	pool_wake(pool);
	assert_int_equal(pool_slots(pool), SLOTS - 2);
	running[1].arrival_ns = running[1].switched_ns = 9; /* the one that moved is not the one that runs now */
	pool_wake(pool);
	assert_int_equal(pool_slots(pool), SLOTS - 1);
}

static void a_mere_row_comes_back_as_one(void **state)
{
	uint32_t row = 0;

	(void)state;
	while (row < SLOTS)
		row = pool_take(pool);
	running[0] = (struct plimsoll_running){.arrival_ns = 1, .switched_ns = 1, .slot = row}; /* no slot: nothing counts there */
	pool_give(pool, row);
	pool_wake(pool);
	assert_int_equal(pool_slots(pool), 0);
	assert_int_equal(pool_take(pool), row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(slots_go_first_and_row_0_never, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_taken_has_counted_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_nobody_had_is_not_touched, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_given_back_rests_first, setup, teardown),
		cmocka_unit_test_setup_teardown(it_rests_on_while_a_cpu_counts_there, setup, teardown),
		cmocka_unit_test_setup_teardown(a_mere_row_comes_back_as_one, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
