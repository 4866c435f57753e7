/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/store/changes.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static void make(struct changes *l, uint64_t id)
{
	changes_append(l, CHANGE_MADE, "{}")->x.id = id;
}

TEST(they_stand_in_order)
{
	struct changes l;

	changes_begin(&l);
	make(&l, 1);
	changes_append(&l, CHANGE_OUTCOME, NULL)->x.id = 1;
	make(&l, 2);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.octets, 4);
	assert_ptr_equal(changes_made(&l, 1), l.first);
	assert_ptr_equal(changes_made(&l, 2), l.first->next->next);
	assert_null(changes_made(&l, 3));
	changes_clear(&l);
	assert_null(l.first);
	assert_int_equal(l.n + l.octets, 0);
	make(&l, 4);
	assert_int_equal(l.first->x.id, 4);
	changes_clear(&l);
}

TEST(pauses_outlive_the_limit)
{
	struct changes l;

	changes_begin(&l);
	changes_append(&l, CHANGE_PAUSED, NULL);
	for (uint64_t id = 1; id <= DECISIONS_WAITING + 10; id++)
		make(&l, id);
	assert_int_equal(changes_limit(&l), 11);
	assert_int_equal(l.n, DECISIONS_WAITING);
	assert_int_equal(l.first->kind, CHANGE_PAUSED);
	assert_int_equal(l.first->next->x.id, 12);
	assert_int_equal(changes_limit(&l), 0);
	changes_append(&l, CHANGE_RESUMED, NULL);
	assert_int_equal(changes_drop_decisions(&l), DECISIONS_WAITING - 1);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.octets, 0);
	make(&l, 5); /* the end is where it belongs */
	assert_int_equal(l.first->next->next->x.id, 5);
	changes_clear(&l);
}

TEST(the_newest_stays_whatever_its_size)
{
	static char record[DECISIONS_WAITING_OCTETS + 2];
	struct changes l;

	memset(record, ' ', sizeof(record) - 1);
	changes_begin(&l);
	make(&l, 1);
	changes_append(&l, CHANGE_MADE, record)->x.id = 2;
	assert_int_equal(changes_limit(&l), 1);
	assert_int_equal(l.first->x.id, 2);
	changes_clear(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_stand_in_order),
		cmocka_unit_test(pauses_outlive_the_limit),
		cmocka_unit_test(the_newest_stays_whatever_its_size),
	};

	return cmocka_run_group_tests_name("store/changes", tests, NULL, NULL);
}
