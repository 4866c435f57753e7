/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/workload.h"

#define N 3

static Plimsoll__V1__Workload item[N];
static Plimsoll__V1__Value rate[N];
static char *const names[N] = {"a", "b", "c"};

static void sorted(const char *by, const char *wanted)
{
	const Plimsoll__V1__Workload *list[N] = {&item[0], &item[1], &item[2]};

	workload_sort(list, N, by);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(list[i]->name[0], wanted[i]);
}

/* Of the first nobody hears any, which is less than none. */
static void who_answers_most_comes_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		plimsoll__v1__workload__init(&item[i]);
		plimsoll__v1__value__init(&rate[i]);
		item[i].name = names[i];
		item[i].requests_per_second = &rate[i];
	}
	rate[1].known = rate[2].known = true;
	rate[2].value = 7;
	sorted("requests", "cba");
	sorted("name", "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_answers_most_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
