/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/vpa_amount.h"
#include "vpa.h"

static void all_amounts(const struct vpa_recommendation *r, enum vpa_resource of, int64_t amount)
{
	assert_int_equal(r->target[of], amount);
	assert_int_equal(r->lower[of], amount);
	assert_int_equal(r->upper[of], amount);
	assert_int_equal(r->uncapped[of], amount);
}

TEST(nothing_seen_is_the_minimum)
{
	struct vpa v = vpa_new();
	struct vpa_recommendation r = vpa_recommended(&v, &vpa_policy_default, 1);

	all_amounts(&r, VPA_CPU, 25);
	all_amounts(&r, VPA_MEMORY, 250 * MIB);
	assert_int_equal(r.samples, 0);
}

TEST(containers_share_the_minimum)
{
	struct vpa v = vpa_new();
	struct vpa_recommendation r = vpa_recommended(&v, &vpa_policy_default, 3);

	all_amounts(&r, VPA_CPU, 8);
	all_amounts(&r, VPA_MEMORY, 250 * MIB / 3);
}

/* One time of sampling is no history: below everything, above everything. */
TEST(without_confidence_the_bounds_are_open)
{
	struct vpa v = vpa_new();
	struct vpa_recommendation r;

	vpa_cpu(&v, NOW, 1000);
	vpa_memory(&v, NOW, 1000 * MIB);
	r = vpa_recommended(&v, &vpa_policy_default, 1);
	assert_int_equal(r.upper[VPA_CPU], VPA_AMOUNT_MOST);
	assert_int_equal(r.lower[VPA_CPU], 25);
	assert_int_equal(r.upper[VPA_MEMORY], VPA_AMOUNT_MOST);
	assert_int_equal(r.lower[VPA_MEMORY], 250 * MIB);
	assert_true(r.target[VPA_CPU] > 1150);
}

/*
 * A sample a minute for two days, all of 1 core: bucket 36 ends at 0.01 x (1.05^37 - 1) / 0.05 = 1.0163 cores,
 * shown as 1016; 15 % more is 1016 + 152 = 1168. The confidence is the lifespan, 2879 of 1440 minutes.
 */
TEST(the_formula_by_hand)
{
	struct vpa v = vpa_new();
	struct vpa_recommendation r;

	for (int i = 0; i < 2 * 1440; i++)
		vpa_cpu(&v, NOW + i * MINUTE, 1000);
	r = vpa_recommended(&v, &vpa_policy_default, 1);
	assert_int_equal(r.target[VPA_CPU], 1168);
	assert_int_equal(r.upper[VPA_CPU], 1752); /* 1168 x (1 + 1440/2879) = 1752.2 */
	assert_int_equal(r.lower[VPA_CPU], 1166); /* 1168 x (1 + 1.44/2879)^-2 = 1166.8 */
	assert_int_equal(r.samples, 2880);
}

TEST(minutes_that_are_missing_cost_confidence)
{
	struct vpa v = vpa_new();
	struct vpa_recommendation r;

	vpa_cpu(&v, NOW, 1000);
	vpa_cpu(&v, NOW + 30 * DAY, 1000);
	r = vpa_recommended(&v, &vpa_policy_default, 1);
	assert_int_equal(r.upper[VPA_CPU], 1168 * 721); /* two samples are 1/720 of a day */
}

TEST(bounds_cap_but_zero_is_none)
{
	struct vpa v = vpa_new();
	struct vpa_policy p = vpa_policy_default;
	struct vpa_recommendation r;

	p.min_allowed[VPA_CPU] = 100;
	p.max_allowed[VPA_MEMORY] = 100 * MIB;
	r = vpa_recommended(&v, &p, 1);
	assert_int_equal(r.target[VPA_CPU], 100);
	assert_int_equal(r.uncapped[VPA_CPU], 25);
	assert_int_equal(r.upper[VPA_MEMORY], 100 * MIB);
	p.min_allowed[VPA_CPU] = p.max_allowed[VPA_MEMORY] = 0;
	r = vpa_recommended(&v, &p, 1);
	assert_int_equal(r.target[VPA_CPU], 25);
	assert_int_equal(r.upper[VPA_MEMORY], 250 * MIB);
}

TEST(the_most_wins_over_the_least)
{
	struct vpa v = vpa_new();
	struct vpa_policy p = vpa_policy_default;

	p.min_allowed[VPA_CPU] = 200;
	p.max_allowed[VPA_CPU] = 100;
	assert_int_equal(vpa_recommended(&v, &p, 1).target[VPA_CPU], 100);
}

TEST(the_recommenders_most_holds_where_the_policy_has_none)
{
	struct vpa v = vpa_new();
	struct vpa_policy p = vpa_policy_default;

	v.options.of[VPA_CPU].max_allowed = 10;
	assert_int_equal(vpa_recommended(&v, &p, 1).target[VPA_CPU], 10);
	p.max_allowed[VPA_CPU] = 20;
	assert_int_equal(vpa_recommended(&v, &p, 1).target[VPA_CPU], 20);
	p.max_allowed[VPA_CPU] = 0; /* said, and none */
	assert_int_equal(vpa_recommended(&v, &p, 1).target[VPA_CPU], 25);
}

TEST(rounding_comes_before_the_caps)
{
	struct vpa v = vpa_new();
	struct vpa_policy p = vpa_policy_default;
	struct vpa_recommendation r;

	v.options.of[VPA_CPU].round_to = 20;
	p.max_allowed[VPA_CPU] = 39;
	r = vpa_recommended(&v, &p, 1);
	assert_int_equal(r.uncapped[VPA_CPU], 40);
	assert_int_equal(r.target[VPA_CPU], 39);
}

TEST(what_is_not_controlled_has_no_amount)
{
	struct vpa v = vpa_new();
	struct vpa_policy p = vpa_policy_default;
	struct vpa_recommendation r;

	p.controlled[VPA_MEMORY] = false;
	r = vpa_recommended(&v, &p, 1);
	assert_true(r.controlled[VPA_CPU]);
	assert_false(r.controlled[VPA_MEMORY]);
	all_amounts(&r, VPA_MEMORY, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_seen_is_the_minimum),
		cmocka_unit_test(containers_share_the_minimum),
		cmocka_unit_test(without_confidence_the_bounds_are_open),
		cmocka_unit_test(the_formula_by_hand),
		cmocka_unit_test(minutes_that_are_missing_cost_confidence),
		cmocka_unit_test(bounds_cap_but_zero_is_none),
		cmocka_unit_test(the_most_wins_over_the_least),
		cmocka_unit_test(the_recommenders_most_holds_where_the_policy_has_none),
		cmocka_unit_test(rounding_comes_before_the_caps),
		cmocka_unit_test(what_is_not_controlled_has_no_amount),
	};

	return cmocka_run_group_tests_name("decide/vpa_recommend", tests, NULL, NULL);
}
