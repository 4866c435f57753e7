/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/quantity_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))

static int code_of(const char *text)
{
	struct quantity q;

	return quantity_parse(text, strlen(text), &q);
}

static int64_t milli(const char *text)
{
	struct quantity q;

	assert_int_equal(quantity_parse(text, strlen(text), &q), 0);

	return quantity_milli(&q);
}

TEST(what_is_no_quantity_is_told_apart)
{
	assert_int_equal(code_of(""), QUANTITY_PARSE_FORMAT);
	assert_int_equal(code_of("1.2.3"), QUANTITY_PARSE_FORMAT);
	assert_int_equal(code_of(" 1"), QUANTITY_PARSE_FORMAT);
	assert_int_equal(quantity_parse("1\0m", 3, &(struct quantity){0}), QUANTITY_PARSE_FORMAT);
	assert_int_equal(code_of("1mm"), QUANTITY_PARSE_SUFFIX);
	assert_int_equal(code_of("1e+"), QUANTITY_PARSE_SUFFIX);
	assert_int_equal(code_of("Ei"), QUANTITY_PARSE_NUMERIC);
	assert_int_equal(code_of("1.Ei") == 0, true);
	for (int code = -100; code < 0; code++)
		assert_true(*quantity_parse_error(code));
}

TEST(exponents_and_digits_have_a_bound)
{
	static char digits[QUANTITY_DIGITS + 2];

	assert_int_equal(code_of("1e2147483647"), 0);
	assert_int_equal(code_of("1e2147483648"), QUANTITY_PARSE_SUFFIX);
	assert_int_equal(code_of("1e-2147483648"), 0);
	assert_int_equal(code_of("1e-2147483649"), QUANTITY_PARSE_SUFFIX);
	assert_int_equal(code_of("1e99999999999999999999999999"), QUANTITY_PARSE_SUFFIX);
	assert_int_equal(code_of("1234567890123456789e2147483647"), QUANTITY_PARSE_RANGE);
	assert_int_equal(milli("1e-2147483648"), 1); /* upstream too: as little as there is */
	assert_int_equal(milli("1e2147483647"), 0);
	memset(digits, '9', QUANTITY_DIGITS + 1);
	assert_int_equal(code_of(digits), QUANTITY_PARSE_RANGE);
	digits[QUANTITY_DIGITS - 9] = '\0';
	assert_int_equal(code_of(digits), 0);
	digits[QUANTITY_DIGITS - 10] = 'E';
	digits[QUANTITY_DIGITS - 9] = 'i';
	digits[QUANTITY_DIGITS - 8] = '\0';
	assert_int_equal(code_of(digits), QUANTITY_PARSE_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_quantity_is_told_apart),
		cmocka_unit_test(exponents_and_digits_have_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
