/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/sanitizer.h"

#define MIB   ((uint64_t)1 << 20)
#define START (100 * CLOCK_NS_PER_S)

static void a_peak_that_is_over_is_given_back_once(void **state)
{
	struct heap h = {0};

	(void)state;
	assert_false(heap_fell(&h, 5 * MIB, START));
	assert_false(heap_fell(&h, 20 * MIB, START + 1));
	assert_true(heap_fell(&h, 6 * MIB, START + 2));
	assert_false(heap_fell(&h, 6 * MIB, START + 2 * HEAP_EVERY_NS));
}

static void what_falls_by_little_is_kept(void **state)
{
	struct heap h = {0};

	(void)state;
	assert_false(heap_fell(&h, 5 * MIB, START));
	assert_false(heap_fell(&h, 5 * MIB - HEAP_FALL_BYTES + 1, START + 1));
	assert_true(heap_fell(&h, 5 * MIB - HEAP_FALL_BYTES, START + 2));
}

static void of_a_large_heap_it_takes_more(void **state)
{
	struct heap h = {0};
	const uint64_t large = 1024 * MIB, fall = large / HEAP_FALL_PART;

	(void)state;
	assert_false(heap_fell(&h, large, START));
	assert_false(heap_fell(&h, large - fall + 1, START + 1));
	assert_true(heap_fell(&h, large - fall, START + 2));
}

static void little_falls_add_up(void **state)
{
	struct heap h = {0};
	int given_back = 0;

	(void)state;
	for (uint64_t i = 0; i < 40; i++)
		given_back += heap_fell(&h, 10 * MIB - i * MIB / 8, START + i * HEAP_EVERY_NS);
	assert_int_equal(given_back, 4);
}

static void who_comes_and_goes_all_the_time_is_given_back_now_and_then(void **state)
{
	struct heap h = {0};
	int given_back = 0;

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		given_back += heap_fell(&h, i % 2 ? 5 * MIB : 20 * MIB, START + i * CLOCK_NS_PER_S);
	assert_int_equal(given_back, 10);
}

#if !SANITIZER /* they have a malloc() of their own */
static uint64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long size, resident;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu", &size, &resident), 2);
	fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

enum { BLOCKS = 4096, BLOCK_BYTES = 5000 };

/* As rows below a batch of the spool. */
static void what_is_pinned_from_above_goes_back(void **state)
{
	static void *block[BLOCKS], *above;
	uint64_t used, resident;

	(void)state;
	heap_init();
	used = heap_used();
	for (int i = 0; i < BLOCKS; i++)
		memset(block[i] = malloc(BLOCK_BYTES), 1, BLOCK_BYTES);
	above = malloc(100);
	assert_true(heap_used() - used >= (uint64_t)BLOCKS * BLOCK_BYTES);
	for (int i = 0; i < BLOCKS; i++)
		free(block[i]);
	assert_true(heap_used() - used < MIB);
	resident = resident_bytes();
	heap_give_back();
	assert_true(resident - resident_bytes() > (uint64_t)BLOCKS * BLOCK_BYTES * 9 / 10);
	free(above);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peak_that_is_over_is_given_back_once),
		cmocka_unit_test(what_falls_by_little_is_kept),
		cmocka_unit_test(of_a_large_heap_it_takes_more),
		cmocka_unit_test(little_falls_add_up),
		cmocka_unit_test(who_comes_and_goes_all_the_time_is_given_back_now_and_then),
#if !SANITIZER
		cmocka_unit_test(what_is_pinned_from_above_goes_back),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
