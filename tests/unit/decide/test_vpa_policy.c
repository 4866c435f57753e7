/* SPDX-License-Identifier: Apache-2.0 */
#include "vpa.h"

static const struct vpa_policy policies[] = {
	{.container = "app"}, {.container = "*", .off = true}, {.container = "sidecar"}};

TEST(the_name_goes_before_the_star)
{
	assert_ptr_equal(vpa_policy_of(policies, 3, "app"), &policies[0]);
	assert_ptr_equal(vpa_policy_of(policies, 3, "sidecar"), &policies[2]);
	assert_ptr_equal(vpa_policy_of(policies, 3, "other"), &policies[1]);
}

TEST(without_either_nothing_is_bound)
{
	const struct vpa_policy *p = vpa_policy_of(policies, 1, "other");

	assert_ptr_equal(p, &vpa_policy_default);
	assert_true(!p->off && p->controlled[VPA_CPU] && p->controlled[VPA_MEMORY]);
	assert_int_equal(p->max_allowed[VPA_MEMORY], VPA_UNSET);
	assert_ptr_equal(vpa_policy_of(NULL, 0, "app"), &vpa_policy_default);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_goes_before_the_star),
		cmocka_unit_test(without_either_nothing_is_bound),
	};

	return cmocka_run_group_tests_name("decide/vpa_policy", tests, NULL, NULL);
}
