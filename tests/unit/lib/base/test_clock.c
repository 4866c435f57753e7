/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static void boot_never_falls(void **state)
{
	(void)state;
	clock_boot_t before = clock_boot();

	for (int i = 0; i < 10000; i++) {
		clock_boot_t now = clock_boot();

		assert_true(now.ns >= before.ns && now.ns > 0);
		before = now;
	}
}

static void ages_are_never_negative(void **state)
{
	(void)state;
	assert_int_equal(clock_since((clock_boot_t){ 7 }, (clock_boot_t){ 3 }), 4);
	assert_int_equal(clock_since((clock_boot_t){ 3 }, (clock_boot_t){ 7 }), 0);
	assert_int_equal(clock_since((clock_boot_t){ 3 }, (clock_boot_t){ 3 }), 0);
}

static void wall_time_as_text(void **state)
{
	(void)state;
	char text[32];

	clock_format((clock_wall_t){ 0 }, text, sizeof(text));
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	clock_format((clock_wall_t){ 951827696789999999ull }, text, sizeof(text)); /* a leap day */
	assert_string_equal(text, "2000-02-29T12:34:56.789Z");
	clock_format((clock_wall_t){ 0 }, text, 5);
	assert_string_equal(text, "1970");
	assert_true(clock_wall().ns > 1600000000ull * CLOCK_NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boot_never_falls),
		cmocka_unit_test(ages_are_never_negative),
		cmocka_unit_test(wall_time_as_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
