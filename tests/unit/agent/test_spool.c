/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/spool.h"

/* Each batch's bytes are its sequence, repeated. */
static void put(struct spool *s, uint64_t sequence, bool keyframe, size_t size)
{
	uint8_t bytes[256];

	memset(bytes, (int)(sequence & 0xff), sizeof(bytes));
	assert_int_equal(spool_put(s, sequence, keyframe, bytes, size), 0);
}

static void put_many(struct spool *s, uint64_t first, uint64_t last, uint64_t keyframe_every)
{
	for (uint64_t i = first; i <= last; i++)
		put(s, i, (i - 1) % keyframe_every == 0, 8);
}

static void keeps_what_it_was_given(void **state)
{
	struct spool *s = spool_new(10, 1000);
	const struct spool_batch *b;

	(void)state;
	assert_null(spool_get(s, 1));
	assert_int_equal(spool_newest(s), 0);
	assert_int_equal(spool_resume(s, 0), 0);
	put_many(s, 1, 4, 3);
	b = spool_get(s, 3);
	assert_non_null(b);
	assert_int_equal(b->sequence, 3);
	assert_false(b->keyframe);
	assert_int_equal(b->size, 8);
	assert_memory_equal(b->bytes, "\3\3\3\3\3\3\3\3", 8);
	assert_null(spool_get(s, 5));
	assert_null(spool_get(s, 0));
	assert_int_equal(spool_newest(s), 4);
	assert_int_equal(spool_batches(s), 4);
	assert_int_equal(spool_bytes(s), 32);
	spool_free(s);
}

static void is_bounded_in_batches(void **state)
{
	struct spool *s = spool_new(10, 1000000);

	(void)state;
	put_many(s, 1, 25, 4);
	assert_int_equal(spool_batches(s), 10);
	assert_null(spool_get(s, 15));
	for (uint64_t i = 16; i <= 25; i++)
		assert_int_equal(spool_get(s, i)->bytes[0], i);
	spool_free(s);
}

static void is_bounded_in_bytes(void **state)
{
	struct spool *s = spool_new(100, 100);

	(void)state;
	for (uint64_t i = 1; i <= 9; i++)
		put(s, i, i == 1, 30);
	assert_int_equal(spool_batches(s), 3);
	assert_int_equal(spool_bytes(s), 90);
	assert_non_null(spool_get(s, 7));
	assert_null(spool_get(s, 6));
	spool_free(s);
}

static void a_batch_larger_than_all_is_a_hole(void **state)
{
	struct spool *s = spool_new(100, 100);
	uint8_t bytes[101] = {0};

	(void)state;
	spool_expect_acks(s);
	put(s, 1, true, 10);
	assert_int_equal(spool_put(s, 2, false, bytes, sizeof(bytes)), -E2BIG);
	assert_int_equal(spool_batches(s), 0);
	assert_int_equal(spool_newest(s), 2);
	assert_int_equal(spool_dropped(s), 2);
	put(s, 3, false, 10);
	assert_int_equal(spool_get(s, 3)->sequence, 3);
	assert_int_equal(spool_resume(s, 1), 0); /* no keyframe is left */
	put(s, 4, true, 10);
	assert_int_equal(spool_resume(s, 1), 4);
	spool_skip(s, 5);
	assert_int_equal(spool_resume(s, 4), 0);
	spool_free(s);
}

/* Beside the heap: what lies between two of them there would keep their pages when it is freed, and they its. */
static void batches_lie_one_behind_the_other(void **state)
{
	struct spool *s = spool_new(300, 1000000);
	void *row[300];

	(void)state;
	for (uint64_t i = 1; i <= 300; i++) {
		put(s, i, i == 1, 200);
		row[i - 1] = malloc(200);
	}
	for (uint64_t i = 2; i <= 300; i++)
		assert_ptr_equal(spool_get(s, i)->bytes, spool_get(s, i - 1)->bytes + 200);
	for (int i = 0; i < 300; i++)
		free(row[i]);
	spool_free(s);
}

enum { ODD_SIZES = 5, ODD_ROUNDS = 40, ODD_KEPT = 7 };

static void any_size_is_kept_as_long_as_it_may(void **state)
{
	static const size_t sizes[ODD_SIZES] = {1 << 20, 0, 100 << 10, 255 << 10, 256 << 10};
	struct spool *s = spool_new(ODD_KEPT, SPOOL_MAX_BYTES);
	uint8_t *bytes = malloc(sizes[0]);

	(void)state;
	for (uint64_t i = 1; i <= ODD_ROUNDS; i++) {
		memset(bytes, (int)i, sizes[0]);
		assert_int_equal(spool_put(s, i, false, bytes, sizes[i % ODD_SIZES]), 0);
		for (uint64_t old = i > ODD_KEPT ? i - ODD_KEPT + 1 : 1; old <= i; old++) {
			memset(bytes, (int)old, sizes[0]);
			assert_int_equal(spool_get(s, old)->size, sizes[old % ODD_SIZES]);
			assert_memory_equal(spool_get(s, old)->bytes, bytes, sizes[old % ODD_SIZES]);
		}
	}
	free(bytes);
	spool_free(s);
}

static void resumes_where_the_reader_is_or_at_a_keyframe(void **state)
{
	struct spool *s = spool_new(10, 1000000);

	(void)state;
	put_many(s, 1, 25, 4); /* holds 16 … 25, keyframes 17, 21, 25 */
	assert_int_equal(spool_resume(s, 20), 21);
	assert_int_equal(spool_resume(s, 15), 16);
	assert_int_equal(spool_resume(s, 25), 26); /* has all: goes on with what comes */
	assert_int_equal(spool_resume(s, 14), 17);
	assert_int_equal(spool_resume(s, 0), 17);
	assert_int_equal(spool_resume(s, 26), 17); /* from another life */
	assert_int_equal(spool_keyframe(s, 18), 21);
	assert_int_equal(spool_keyframe(s, 26), 0);
	spool_free(s);
}

static void counts_what_was_lost_before_it_was_acknowledged(void **state)
{
	struct spool *s = spool_new(10, 1000000);

	(void)state;
	put_many(s, 1, 15, 4);
	assert_int_equal(spool_dropped(s), 0); /* nobody was to acknowledge anything */
	spool_expect_acks(s);
	spool_acked(s, 8);
	put_many(s, 16, 20, 4); /* overwrites 6 … 10 */
	assert_int_equal(spool_dropped(s), 2);
	spool_acked(s, 20);
	spool_acked(s, 3);  /* late: no step back */
	spool_acked(s, 99); /* never sent: not believed */
	put_many(s, 21, 30, 4);
	assert_int_equal(spool_dropped(s), 2);
	put_many(s, 31, 31, 4);
	assert_int_equal(spool_dropped(s), 3);
	spool_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_it_was_given),
		cmocka_unit_test(is_bounded_in_batches),
		cmocka_unit_test(is_bounded_in_bytes),
		cmocka_unit_test(a_batch_larger_than_all_is_a_hole),
		cmocka_unit_test(batches_lie_one_behind_the_other),
		cmocka_unit_test(any_size_is_kept_as_long_as_it_may),
		cmocka_unit_test(resumes_where_the_reader_is_or_at_a_keyframe),
		cmocka_unit_test(counts_what_was_lost_before_it_was_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
