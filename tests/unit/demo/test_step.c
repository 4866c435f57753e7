/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "demo/step.h"

static void starts_low(void **state)
{
	(void)state;
	assert_int_equal(step_at(0).number, 0);
	assert_int_equal(step_at(STEP_FIRST_NS - 1).per_s, STEP_LOW_PER_S);
}

static void alternates_without_a_gap(void **state)
{
	uint64_t at = STEP_FIRST_NS;

	(void)state;
	for (uint32_t number = 1; number < 20; number++) {
		struct step s = step_at(at);
		uint64_t length = number % 2 ? STEP_HIGH_NS : STEP_LOW_NS;

		assert_int_equal(s.number, number);
		assert_int_equal(s.began_ns, at);
		assert_int_equal(s.per_s, number % 2 ? STEP_HIGH_PER_S : STEP_LOW_PER_S);
		assert_int_equal(step_at(at - 1).number, number - 1);
		assert_int_equal(step_at(at + length - 1).number, number);
		at += length;
	}
}

/* What README promises: up and down again within 60 s, 8 s stabilization included. */
static void fits_a_cycle_into_a_minute(void **state)
{
	(void)state;
	assert_true(STEP_LOW_NS >= 13 * CLOCK_NS_PER_S);
	assert_true(STEP_FIRST_NS + STEP_HIGH_NS + STEP_LOW_NS <= 45 * CLOCK_NS_PER_S);
	/* One replica carries the low load below 60 % of 250m; the high one asks for 4. */
	assert_true(STEP_LOW_PER_S * STEP_REQUEST_US / 1000 < 150);
	assert_int_equal((STEP_HIGH_PER_S * STEP_REQUEST_US / 1000 + 149) / 150, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_low),
		cmocka_unit_test(alternates_without_a_gap),
		cmocka_unit_test(fits_a_cycle_into_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
