/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "decide/vpa_amount.h"
#include "vpa.h"

TEST(a_fraction_is_cut_off)
{
	assert_int_equal(vpa_amount(1.999), 1);
	assert_int_equal(vpa_amount(-0.5), 0);
	assert_int_equal(vpa_amount(-7), 0);
	assert_int_equal(vpa_amount_scaled(7, 0.15), 1);
}

TEST(there_is_a_most)
{
	assert_int_equal(vpa_amount(1e14), VPA_AMOUNT_MOST);
	assert_int_equal(vpa_amount(1e300), VPA_AMOUNT_MOST);
	assert_int_equal(vpa_amount_scaled(1, INFINITY), VPA_AMOUNT_MOST);
	assert_int_equal(vpa_amount_scaled(0, INFINITY), 0); /* not a number */
	assert_int_equal(vpa_amount_scaled(INT64_MAX, 1.2), VPA_AMOUNT_MOST);
}

TEST(rounding_goes_up)
{
	assert_int_equal(vpa_amount_round_up(0, 50), 0);
	assert_int_equal(vpa_amount_round_up(1, 50), 50);
	assert_int_equal(vpa_amount_round_up(50, 50), 50);
	assert_int_equal(vpa_amount_round_up(VPA_AMOUNT_MOST, 1), VPA_AMOUNT_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fraction_is_cut_off),
		cmocka_unit_test(there_is_a_most),
		cmocka_unit_test(rounding_goes_up),
	};

	return cmocka_run_group_tests_name("decide/vpa_amount", tests, NULL, NULL);
}
