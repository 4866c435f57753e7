/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/store/buckets.h"
#include "base/scope.h"

#define MANY 240u

static void the_last_count_is_kept(void **state)
{
	scoped(buckets_done) struct buckets b = {0};
	uint32_t bucket, count;
	size_t at = 0;

	(void)state;
	assert_false(buckets_next(&b, &at, &bucket, &count));
	assert_int_equal(buckets_put(&b, 60, 1), 0);
	assert_int_equal(buckets_put(&b, 250, 7), 0);
	assert_int_equal(buckets_put(&b, 60, 3), 0);
	assert_true(buckets_next(&b, &at, &bucket, &count));
	assert_int_equal(bucket, 60);
	assert_int_equal(count, 3);
	assert_true(buckets_next(&b, &at, &bucket, &count));
	assert_int_equal(bucket, 250);
	assert_int_equal(count, 7);
	assert_false(buckets_next(&b, &at, &bucket, &count));
}

static void there_is_room_for_all(void **state)
{
	struct buckets b = {0};
	uint32_t bucket, count, seen = 0;

	(void)state;
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < MANY; i++)
			assert_int_equal(buckets_put(&b, 48 + i, i + (uint32_t)round), 0);
	for (size_t at = 0; buckets_next(&b, &at, &bucket, &count); seen++)
		assert_int_equal(count, bucket - 48 + 1);
	assert_int_equal(seen, MANY);
	buckets_done(&b);
	assert_null(b.kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_count_is_kept),
		cmocka_unit_test(there_is_room_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
