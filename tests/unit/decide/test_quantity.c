/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "decide/quantity_parse.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static struct quantity of(const char *text)
{
	struct quantity q;

	if (quantity_parse(text, strlen(text), &q) < 0)
		fail_msg("%s is refused", text);
	return q;
}

static int64_t milli(const char *text)
{
	struct quantity q = of(text);

	return quantity_milli(&q);
}

static int compare(const char *a, const char *b)
{
	struct quantity x = of(a), y = of(b);

	assert_int_equal(quantity_compare(&y, &x), -quantity_compare(&x, &y));
	return quantity_compare(&x, &y);
}

TEST(suffixes_scale)
{
	assert_int_equal(milli("250m"), 250);
	assert_int_equal(milli("0.25"), 250);
	assert_int_equal(milli("25e-2"), 250);
	assert_int_equal(milli("1.5Gi"), 1610612736000);
	assert_int_equal(milli("-2k"), -2000000);
	assert_int_equal(milli("4T"), 4000000000000000);
}

TEST(finer_than_milli_rounds_away_from_zero)
{
	assert_int_equal(milli("1n"), 1);
	assert_int_equal(milli("1000001n"), 2);
	assert_int_equal(milli("-1000001n"), -2);
	assert_int_equal(milli("1000000n"), 1);
	assert_int_equal(milli("0n"), 0);
}

/* Accidents of Kubernetes that are copied: docs/design/compat.md. */
TEST(beyond_int64_is_what_go_gives)
{
	assert_int_equal(milli("9E"), 0);
	assert_int_equal(milli("836914400865935328"), 6810917549005505280);
	assert_int_equal(milli("-33.8Ti"), 6696289695947);
	assert_int_equal(milli("-1e-12"), 1);
}

TEST(comparison_is_exact_at_any_size)
{
	assert_int_equal(compare("1", "1000m"), 0);
	assert_int_equal(compare("1Ki", "1024"), 0);
	assert_int_equal(compare("0", "-0.000"), 0);
	assert_int_equal(compare("1000000000000000000000001", "1000000000000000000000000"), 1);
	assert_int_equal(compare("1e2147483647", "2e2147483647"), -1);
	assert_int_equal(compare("-1e2147483647", "1n"), -1);
	assert_int_equal(compare("-3", "-2.999999999"), -1);
	assert_int_equal(compare("1.000000001", "1"), 1);
}

TEST(sign_and_float)
{
	struct quantity a = of("0.1"), b = of("-1Gi"), c = of("0Ei"), d = of("1e99");

	assert_int_equal(quantity_sign(&a), 1);
	assert_int_equal(quantity_sign(&b), -1);
	assert_int_equal(quantity_sign(&c), 0);
	assert_true(quantity_double(&a) == 0.1);
	assert_true(quantity_double(&b) == -1073741824.0);
	assert_true(quantity_double(&d) == 1.0000000000000001e+99); /* Go's Pow10 is two factors */
}

TEST(what_rounding_added_is_known)
{
	struct quantity a = of("1000001n"), b = of("250m"), c = of("1n");

	assert_int_equal(quantity_excess_nano(&a), 999999);
	assert_int_equal(quantity_excess_nano(&b), 0);
	assert_int_equal(quantity_excess_nano(&c), 999999);
}

TEST(what_int64_has_no_room_for_is_known)
{
	static const char *const fit[] = {"0", "1n", "9223372036854775807m", "-9223372036854775808m", "8Pi"};
	static const char *const too_large[] = {"9223372036854775808m", "9223372036854775807000001n", "-9223372036854775809m",
						"9223372036854775808", "9Pi", "1e30"};

	for (size_t i = 0; i < sizeof(fit) / sizeof(fit[0]); i++) {
		struct quantity q = of(fit[i]);

		assert_true(quantity_milli_fits(&q));
	}
	for (size_t i = 0; i < sizeof(too_large) / sizeof(too_large[0]); i++) {
		struct quantity q = of(too_large[i]);

		assert_false(quantity_milli_fits(&q));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes_scale),
		cmocka_unit_test(finer_than_milli_rounds_away_from_zero),
		cmocka_unit_test(beyond_int64_is_what_go_gives),
		cmocka_unit_test(comparison_is_exact_at_any_size),
		cmocka_unit_test(sign_and_float),
		cmocka_unit_test(what_rounding_added_is_known),
		cmocka_unit_test(what_int64_has_no_room_for_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
