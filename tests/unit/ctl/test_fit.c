/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/fit.h"

#define N   4
#define GAP 2

static struct fit_column c[N];

static int setup(void **state)
{
	static const struct fit_column all[N] = {{30, 10, 0}, {5, 5, 2}, {20, 8, 1}, {6, 6, 2}};

	(void)state;
	for (size_t i = 0; i < N; i++)
		c[i] = all[i];
	return 0;
}

static void widths_are(int a, int b, int d, int e)
{
	assert_int_equal(c[0].width, a);
	assert_int_equal(c[1].width, b);
	assert_int_equal(c[2].width, d);
	assert_int_equal(c[3].width, e);
}

static void what_fits_stays(void **state)
{
	(void)state;
	assert_int_equal(fit_total(c, N, GAP), 67);
	fit_columns(c, N, GAP, 67);
	widths_are(30, 5, 20, 6);
}

static void the_widest_gives_first(void **state)
{
	(void)state;
	fit_columns(c, N, GAP, 60);
	widths_are(23, 5, 20, 6);
	fit_columns(c, N, GAP, 51);
	widths_are(17, 5, 17, 6);
}

static void the_least_worth_goes_when_all_are_at_their_least(void **state)
{
	(void)state;
	fit_columns(c, N, GAP, 35);
	widths_are(10, 5, 8, 6);
	setup(NULL);
	fit_columns(c, N, GAP, 34); /* the last of equals; its room goes to the others */
	widths_are(12, 5, 13, 0);
	setup(NULL);
	fit_columns(c, N, GAP, 26);
	widths_are(12, 0, 12, 0);
	setup(NULL);
	fit_columns(c, N, GAP, 19);
	widths_are(19, 0, 0, 0);
}

static void what_never_goes_stays_at_its_least(void **state)
{
	(void)state;
	fit_columns(c, N, GAP, 4);
	widths_are(10, 0, 0, 0);
	c[0].width = 7; /* wants less than its least */
	fit_columns(c, N, GAP, 4);
	widths_are(7, 0, 0, 0);
}

/* At every width: it fits, and nothing is narrower than it may be. */
static void every_width(void **state)
{
	(void)state;
	for (int room = 10; room < 80; room++) {
		setup(NULL);
		fit_columns(c, N, GAP, room);
		assert_true(fit_total(c, N, GAP) <= room);
		for (size_t i = 0; i < N; i++)
			assert_true(!c[i].width || c[i].width >= c[i].least);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_fits_stays, setup),
		cmocka_unit_test_setup(the_widest_gives_first, setup),
		cmocka_unit_test_setup(the_least_worth_goes_when_all_are_at_their_least, setup),
		cmocka_unit_test_setup(what_never_goes_stays_at_its_least, setup),
		cmocka_unit_test_setup(every_width, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
