/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/quantity_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "decide/quantity_parse.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static void prints(const char *text, const char *canonical)
{
	char got[QUANTITY_TEXT];
	struct quantity q;

	assert_int_equal(quantity_parse(text, strlen(text), &q), 0);
	assert_int_equal(quantity_print(&q, got, sizeof(got)), strlen(canonical));
	assert_string_equal(got, canonical);
}

TEST(the_largest_suffix_without_a_fraction)
{
	prints("1.5", "1500m");
	prints("1.5Gi", "1536Mi");
	prints("1500e-2", "15");
	prints("3.6e-3", "3600e-6");
	prints("1000k", "1M");
	prints("-0m", "0");
}

TEST(binary_below_1024_or_with_a_fraction_is_decimal)
{
	prints("0.5Ki", "512");
	prints("1.1Ki", "1126400m");
	prints("0.0001Ki", "102400u");
	prints("1024Ei", "9223372036854775807"); /* the most a binary one may be */
}

TEST(beyond_exa_there_is_no_suffix)
{
	prints("100000000000000000000000k", "100"); /* Kubernetes' own loss */
}

TEST(milli_units_print_in_either_format)
{
	struct quantity cpu = quantity_of_milli(1500, QUANTITY_DECIMAL_SI);
	struct quantity memory = quantity_of_milli(2048000, QUANTITY_BINARY_SI);
	char text[QUANTITY_TEXT];

	quantity_print(&cpu, text, sizeof(text));
	assert_string_equal(text, "1500m");
	quantity_print(&memory, text, sizeof(text));
	assert_string_equal(text, "2Ki");
}

TEST(decimals_are_exact_or_refused)
{
	char text[16];
	struct quantity q;

	quantity_parse("-1Ki", 4, &q);
	assert_int_equal(quantity_print_decimal(&q, text, sizeof(text)), 5);
	assert_string_equal(text, "-1024");
	quantity_parse("1200u", 5, &q);
	assert_int_equal(quantity_print_decimal(&q, text, sizeof(text)), 8);
	assert_string_equal(text, "0.001200");
	quantity_parse("1e2000000000", 12, &q);
	assert_int_equal(quantity_print_decimal(&q, text, sizeof(text)), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_suffix_without_a_fraction),
		cmocka_unit_test(binary_below_1024_or_with_a_fraction_is_decimal),
		cmocka_unit_test(beyond_exa_there_is_no_suffix),
		cmocka_unit_test(milli_units_print_in_either_format),
		cmocka_unit_test(decimals_are_exact_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
