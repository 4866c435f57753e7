/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/figure.h"

#define S  1000000000ull
#define is(f, text_) assert_string_equal((f).text, text_)

static void test_cores(void **state)
{
	(void)state;
	is(figure_cores(0), "0.00");
	is(figure_cores(0.25), "0.25");
	is(figure_cores(9.994), "9.99");
	is(figure_cores(9.999), "10.0");
	is(figure_cores(99.99), "100");
	is(figure_cores((double)NAN), "–");
}

static void test_bytes(void **state)
{
	(void)state;
	is(figure_bytes(0), "0B");
	is(figure_bytes(1023), "1023B");
	is(figure_bytes(1024), "1.0Ki");
	is(figure_bytes(1536), "1.5Ki");
	is(figure_bytes(128 << 20), "128Mi");
	is(figure_bytes(1023.9 * (1 << 20)), "1.0Gi");
	is(figure_bytes(3.5 * (1ull << 40)), "3.5Ti");
	is(figure_bytes(1.0 / 0.0), "–");
}

static void test_share(void **state)
{
	(void)state;
	is(figure_share(0), "0%");
	is(figure_share(0.0004), "0%");
	is(figure_share(0.004), "0.4%");
	is(figure_share(0.0996), "10%");
	is(figure_share(0.85), "85%");
	is(figure_share(2.5), "250%");
}

static void test_duration(void **state)
{
	(void)state;
	is(figure_duration(850), "850ns");
	is(figure_duration(120000), "120us");
	is(figure_duration(12 * S / 1000), "12ms");
	is(figure_duration(S / 2), "0.5s");
	is(figure_duration(42 * S), "42s");
	is(figure_duration(312 * S), "5m12s");
	is(figure_duration(3 * 3600 * S + 5 * 60 * S), "3h05m");
	is(figure_duration(52 * 3600 * S), "2d4h");
	is(figure_age(301000), "0.0s");
	is(figure_age(S / 2), "0.5s");
	is(figure_age(42 * S), "42s");
	/* The longest there is fits. */
	assert_true(strlen(figure_duration(UINT64_MAX - 1).text) < sizeof(struct figure) - 1);
	is(figure_duration(UINT64_MAX), FIGURE_NONE); /* never */
	is(figure_age(UINT64_MAX), FIGURE_NONE);
}

static void test_rate(void **state)
{
	(void)state;
	is(figure_rate(0), "0");
	is(figure_rate(0.017), "<0.1");
	is(figure_rate(0.2), "0.2");
	is(figure_rate(9.94), "9.9");
	is(figure_rate(9.96), "10");
	is(figure_rate(1800), "1.8k");
	is(figure_rate((double)NAN), FIGURE_NONE);
}

static void test_count(void **state)
{
	(void)state;
	is(figure_count(410), "410");
	is(figure_count(1800), "1.8k");
	is(figure_count(12e6), "12M");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cores),	 cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_share),	 cmocka_unit_test(test_duration),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_rate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
