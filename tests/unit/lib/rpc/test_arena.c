/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/arena.h"

static void *take(struct rpc_arena *a, size_t n)
{
	return a->allocator.alloc(a->allocator.allocator_data, n);
}

static void give(struct rpc_arena *a, void *p)
{
	a->allocator.free(a->allocator.allocator_data, p);
}

static void blocks_are_aligned_and_apart(void **state)
{
	struct rpc_arena a;
	unsigned char *p[200];

	(void)state;
	rpc_arena_init(&a, 64, 1 << 20);
	for (size_t i = 0; i < 200; i++) {
		p[i] = take(&a, i + 1);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		memset(p[i], (int)i, i + 1);
	}
	for (size_t i = 0; i < 200; i++)
		for (size_t j = 0; j <= i; j++)
			assert_int_equal(p[i][j], i);
	rpc_arena_done(&a);
}

static void newest_block_is_used_again(void **state)
{
	struct rpc_arena a;
	void *first, *second;

	(void)state;
	rpc_arena_init(&a, 4096, 4096);
	first = take(&a, 1000);
	second = take(&a, 1000);
	give(&a, first); /* not the newest: nothing happens */
	assert_ptr_equal(take(&a, 16), (char *)second + 1008);
	give(&a, NULL);
	for (int i = 0; i < 1000; i++) /* scratch that comes and goes needs no more room */
		give(&a, take(&a, 1000));
	assert_int_equal(a.total_bytes, 4096);
	rpc_arena_done(&a);
}

static void cap_holds(void **state)
{
	struct rpc_arena a;
	size_t got = 0;

	(void)state;
	rpc_arena_init(&a, 100, 10000);
	assert_null(take(&a, SIZE_MAX));
	assert_false(a.exceeded);
	while (take(&a, 64))
		got += 64;
	assert_true(a.exceeded);
	assert_true(got > 5000 && got <= 10000);
	assert_true(a.total_bytes <= 10000);
	rpc_arena_done(&a);
	rpc_arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_aligned_and_apart),
		cmocka_unit_test(newest_block_is_used_again),
		cmocka_unit_test(cap_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
