/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/fold.h"

#define N   8
#define GAP 2

/* A key, a name, one that is not shown, numbers of which three stay together. */
static const struct fold_column all[N] = {
	{12, 10, .key = true}, {25, 8}, {0, 5}, {6, 6}, {4, 4, .together = 1}, {4, 4, .together = 1}, {4, 4, .together = 1}, {9, 9},
};

static int width[N];

static size_t block(int room, size_t from)
{
	return fold_block(all, N, GAP, room, from, width);
}

static void widths_are(const int *wanted)
{
	for (size_t i = 0; i < N; i++)
		assert_int_equal(width[i], wanted[i]);
}

static void what_fits_is_one_block(void **state)
{
	(void)state;
	assert_int_equal(block(76, 0), N);
	widths_are((const int[]){12, 25, 0, 6, 4, 4, 4, 9});
	assert_int_equal(block(74, 0), N); /* the key gives first */
	widths_are((const int[]){10, 25, 0, 6, 4, 4, 4, 9});
}

static void what_does_not_fit_follows(void **state)
{
	(void)state;
	assert_int_equal(block(73, 0), 7);
	widths_are((const int[]){10, 25, 0, 6, 4, 4, 4, 0});
	assert_int_equal(block(73, 7), N);
	widths_are((const int[]){10, 0, 0, 0, 0, 0, 0, 9});
}

static void neighbours_stay_together(void **state)
{
	(void)state;
	assert_int_equal(block(60, 0), 4); /* two of them would fit */
	widths_are((const int[]){10, 25, 0, 6, 0, 0, 0, 0});
	assert_int_equal(block(60, 4), N);
	widths_are((const int[]){10, 0, 0, 0, 4, 4, 4, 9});
	assert_int_equal(block(22, 4), 6); /* not where no block has room for them */
	widths_are((const int[]){10, 0, 0, 0, 4, 4, 0, 0});
}

static void only_what_is_wider_than_a_block_is_cut(void **state)
{
	(void)state;
	assert_int_equal(block(37, 0), 3);
	widths_are((const int[]){10, 25, 0, 0, 0, 0, 0, 0});
	assert_int_equal(block(36, 0), 4);
	widths_are((const int[]){10, 16, 0, 6, 0, 0, 0, 0});
}

/* At every width: each stands in one block, which fits where that is possible. */
static void every_width(void **state)
{
	(void)state;
	for (int room = 1; room < 90; room++) {
		int times[N] = {0};

		for (size_t at = 0, next; at < N; at = next) {
			int total = -GAP;

			next = block(room, at);
			assert_true(next > at && width[0]);
			for (size_t i = 0; i < N; i++) {
				times[i] += width[i] > 0;
				total += width[i] ? GAP + width[i] : 0;
			}
			assert_true(total <= room || room < 10 + GAP + 9);
		}
		for (size_t i = 1; i < N; i++)
			assert_int_equal(times[i], all[i].width > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_one_block),
		cmocka_unit_test(what_does_not_fit_follows),
		cmocka_unit_test(neighbours_stay_together),
		cmocka_unit_test(only_what_is_wider_than_a_block_is_cut),
		cmocka_unit_test(every_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
