/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "agent/probe/victim.h"

static void the_later_one_is_the_last_and_counts_add_up(void **state)
{
	const struct plimsoll_victim none = {0}, early = {.at_ns = 5, .pid = 50, .count = 2, .comm = "early"},
				     late = {.at_ns = 7, .pid = 70, .count = 1, .comm = "late"};
	struct plimsoll_victim v = {0};

	(void)state;
	victim_add(&v, &none);
	assert_int_equal(v.at_ns, 0);
	victim_add(&v, &late);
	victim_add(&v, &early);
	victim_add(&v, &none);
	assert_int_equal(v.pid, 70);
	assert_string_equal(v.comm, "late");
	assert_int_equal(v.count, 3);
}

static void one_that_is_being_written_is_not_read(void **state)
{
	struct plimsoll_victim shared = {.at_ns = 0, .pid = 50, .count = 1, .comm = "half"}, v;

	(void)state;
	v = victim_read(&shared);
	assert_int_equal(v.pid | v.count, 0);
	shared.at_ns = 9;
	assert_int_equal(victim_read(&shared).pid, 50);
}

static void a_name_ends(void **state)
{
	struct plimsoll_victim shared = {.at_ns = 1};

	(void)state;
	memset(shared.comm, 'x', sizeof(shared.comm));
	assert_int_equal(strlen(victim_read(&shared).comm), PLIMSOLL_COMM - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_later_one_is_the_last_and_counts_add_up),
		cmocka_unit_test(one_that_is_being_written_is_not_read),
		cmocka_unit_test(a_name_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
