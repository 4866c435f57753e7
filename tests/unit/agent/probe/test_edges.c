/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's side of the stock and of the sets is played by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/probe/edges.h"

static struct plimsoll_edge rows[PLIMSOLL_EDGES];
static struct plimsoll_edge_set sets[1 << PLIMSOLL_EDGE_SET_BITS];
static uint64_t stock[PLIMSOLL_EDGES];
static uint32_t filled, taken, shown;
static struct edges edges;

static void show(void *data, uint32_t n)
{
	(void)data;
	assert_true(n > shown);
	shown = n;
}

static int setup(void **state)
{
	(void)state;
	memset(rows, 0xff, sizeof(rows)); /* a row is cleared before it is given out */
	memset(sets, 0, sizeof(sets));
	filled = taken = shown = 0;
	edges_open(&edges, &(struct edges_memory){rows, sets, stock, &filled, &taken, show, NULL});
	return 0;
}

static struct plimsoll_edge_key key_of(uint32_t n)
{
	return (struct plimsoll_edge_key){.cgroup = n + 1, .net = 1, .address = {2, 3}, .port = n};
}

/* As request.bpf.c does. Returns the handle. */
static uint32_t kernel_takes(uint32_t n)
{
	uint32_t handle = (uint32_t)stock[taken % PLIMSOLL_EDGES], row = PLIMSOLL_EDGE_ROW(handle);
	struct plimsoll_edge_key key = key_of(n);
	uint64_t hash = plimsoll_edge_hash(&key);
	struct plimsoll_edge_set *set = &sets[PLIMSOLL_EDGE_SET(hash)];
	int way = 0;

	assert_true(taken != filled);
	assert_true(row < shown);
	assert_int_equal(rows[row].use, PLIMSOLL_EDGE_USE(handle));
	assert_int_equal(rows[row].calls, 0);
	taken++;
	rows[row].key = key;
	while (set->way[way])
		way++;
	set->way[way] = hash >> 32 << 32 | handle;
	return handle;
}

static size_t in_sets(void)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		for (int way = 0; way < PLIMSOLL_EDGE_WAYS; way++)
			n += sets[i].way[way] != 0;
	return n;
}

static size_t in_use(void)
{
	uint32_t cursor = 0, handle;
	size_t n = 0;

	while (edges_next(&edges, &cursor, &handle))
		n++;
	return n;
}

static void what_was_taken_is_in_use_after_the_pass(void **state)
{
	uint32_t cursor = 0, handle, first;

	(void)state;
	assert_int_equal(shown, EDGES_READY);
	first = kernel_takes(7);
	assert_int_equal(in_use(), 0);
	edges_pass(&edges);
	assert_int_equal(edges_next(&edges, &cursor, &handle)->key.port, 7);
	assert_int_equal(handle, first);
	assert_null(edges_next(&edges, &cursor, &handle));
	assert_int_equal(filled - taken, EDGES_READY);
}

static void a_row_without_its_key_waits_for_the_next_pass(void **state)
{
	uint32_t handle;

	(void)state;
	handle = kernel_takes(7);
	rows[PLIMSOLL_EDGE_ROW(handle)].key.cgroup = 0;
	edges_pass(&edges);
	assert_int_equal(in_use(), 0);
	rows[PLIMSOLL_EDGE_ROW(handle)].key.cgroup = 8;
	assert_int_equal(in_use(), 1);
}

/* At once in no set and of no use, read at one more pass, and given out anew only at the one after it. */
static void what_is_given_back_goes_in_steps(void **state)
{
	uint32_t handle, row;

	(void)state;
	handle = kernel_takes(7);
	row = PLIMSOLL_EDGE_ROW(handle);
	edges_pass(&edges);
	edges_give_back(&edges, handle);
	edges_give_back(&edges, handle);
	assert_int_equal(in_sets(), 0);
	assert_int_equal(rows[row].use, 0);
	rows[row].calls = 5; /* of a CPU that was at it */
	edges_pass(&edges);
	assert_int_equal(in_use(), 1);
	for (uint32_t n = 0; n < EDGES_READY; n++)
		assert_int_not_equal(PLIMSOLL_EDGE_ROW(kernel_takes(100 + n)), row);
	edges_pass(&edges);
	assert_int_equal(in_use(), EDGES_READY);
	assert_int_equal(rows[row].calls, 0);
	assert_int_equal(rows[row].use, PLIMSOLL_EDGE_USE(handle) + 1);
	edges_give_back(&edges, handle); /* another's now */
	assert_int_equal(rows[row].use, PLIMSOLL_EDGE_USE(handle) + 1);
}

static void there_are_no_more_than_fit(void **state)
{
	uint32_t n = 0;

	(void)state;
	for (int pass = 0; pass < 2 * PLIMSOLL_EDGES / EDGES_READY; pass++) {
		while (taken != filled)
			(void)kernel_takes(n++);
		edges_pass(&edges);
	}
	assert_int_equal(n, PLIMSOLL_EDGES);
	assert_int_equal(in_use(), PLIMSOLL_EDGES);
	assert_int_equal(shown, PLIMSOLL_EDGES);
}

/* 65,535 uses of a row on, a use is 1 again and never 0. */
static void no_use_is_none(void **state)
{
	(void)state;
	edges.use[0] = UINT16_MAX;
	rows[0].use = UINT16_MAX;
	stock[0] = PLIMSOLL_EDGE_HANDLE(0, UINT16_MAX);
	edges_give_back(&edges, kernel_takes(1)); /* not in use yet: nothing happens */
	edges_pass(&edges);
	edges_give_back(&edges, PLIMSOLL_EDGE_HANDLE(0, UINT16_MAX));
	for (int i = 0; i < 3; i++)
		edges_pass(&edges);
	while (taken != filled)
		(void)kernel_takes(taken + 10);
	edges_pass(&edges);
	assert_int_equal(rows[0].use, 1);
}

static void nobody_counts_edges(void **state)
{
	(void)state;
	edges_open(&edges, &(struct edges_memory){0});
	edges_pass(&edges);
	assert_int_equal(in_use(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_taken_is_in_use_after_the_pass, setup),
		cmocka_unit_test_setup(a_row_without_its_key_waits_for_the_next_pass, setup),
		cmocka_unit_test_setup(what_is_given_back_goes_in_steps, setup),
		cmocka_unit_test_setup(there_are_no_more_than_fit, setup),
		cmocka_unit_test_setup(no_use_is_none, setup),
		cmocka_unit_test_setup(nobody_counts_edges, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
