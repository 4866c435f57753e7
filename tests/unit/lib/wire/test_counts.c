/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/scope.h"
#include "plimsoll/signal.h"
#include "wire/counts.h"

#define CONNECT (SIGNAL_HIST_CONNECT * 48)
#define MANY	1000

/* Readers of the first part that are as old as it refuse a batch for a bucket that they do not know. */
static void each_bucket_goes_where_its_readers_look(void **state)
{
	scoped(counts_done) struct counts c = {0};
	Plimsoll__V1__Columns m = PLIMSOLL__V1__COLUMNS__INIT;
	struct counts_list l;

	(void)state;
	assert_int_equal(CONNECT, COUNTS_LATER_BUCKET);
	counts_add(&c, 0, CONNECT - 1, 7);
	counts_add(&c, 1, CONNECT, 8);
	counts_add(&c, 2, CONNECT + 47, 9);
	counts_point(&c, &m);
	assert_int_equal(counts_of(&m, COUNTS_FIRST, &l), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.bucket[0], CONNECT - 1);
	assert_int_equal(m.hist_bucket[0], CONNECT - 1);
	assert_int_equal(counts_of(&m, COUNTS_LATER, &l), 0);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.row[1], 2);
	assert_int_equal(l.bucket[1], CONNECT + 47);
	assert_int_equal(l.count[1], 9);
}

static void as_many_as_come(void **state)
{
	scoped(counts_done) struct counts c = {0};
	Plimsoll__V1__Columns m = PLIMSOLL__V1__COLUMNS__INIT;

	(void)state;
	for (int round = 0; round < 2; round++) { /* room stays, contents do not */
		counts_clear(&c);
		for (uint32_t i = 0; i < MANY; i++)
			counts_add(&c, i, round ? CONNECT : 0, MANY - i);
	}
	counts_point(&c, &m);
	assert_int_equal(m.n_hist_row, 0);
	assert_int_equal(m.n_hist_later_row, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(m.hist_later_row[i] == i && m.hist_later_count[i] == MANY - i);
}

static void columns_are_of_one_length(void **state)
{
	Plimsoll__V1__Columns m = PLIMSOLL__V1__COLUMNS__INIT;
	struct counts_list l;

	(void)state;
	assert_int_equal(counts_of(&m, COUNTS_FIRST, &l), 0);
	m.n_hist_later_row = m.n_hist_later_bucket = 1;
	assert_int_equal(counts_of(&m, COUNTS_FIRST, &l), 0);
	assert_int_equal(counts_of(&m, COUNTS_LATER, &l), -EBADMSG);
	m.n_hist_later_count = 1;
	assert_int_equal(counts_of(&m, COUNTS_LATER, &l), 0);
	m.n_hist_bucket = 1;
	assert_int_equal(counts_of(&m, COUNTS_FIRST, &l), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bucket_goes_where_its_readers_look),
		cmocka_unit_test(as_many_as_come),
		cmocka_unit_test(columns_are_of_one_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
