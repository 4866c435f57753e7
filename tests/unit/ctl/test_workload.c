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

/* Nothing holds any of them back, of which the last is busy; of the second nobody knows all causes. */
static void of_equals_the_busy_one_comes_first(void **state)
{
	static Plimsoll__V1__Value cores[N], share[N];
	static Plimsoll__V1__Cause cause[N], *causes[N];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		plimsoll__v1__workload__init(&item[i]);
		plimsoll__v1__value__init(&cores[i]);
		plimsoll__v1__value__init(&share[i]);
		plimsoll__v1__cause__init(&cause[i]);
		item[i].name = names[i];
		item[i].cpu_cores = &cores[i];
		item[i].saturation = &causes[i];
		item[i].n_saturation = 1;
		causes[i] = &cause[i];
		cause[i].value = &share[i];
		cores[i].known = true;
		share[i].known = i != 1;
	}
	cores[2].value = 0.8;
	sorted("saturation", "cab");
	cores[1].value = 0.9; /* it may be held back by what is not known, but is not known to be */
	sorted("saturation", "bca");
	share[0].value = 0.2;
	sorted("saturation", "abc");
	sorted("cpu", "bca");
	sorted("name", "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_answers_most_comes_first),
		cmocka_unit_test(of_equals_the_busy_one_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
