/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/shares.h"

#define NODE_MILLI 4000
#define PERIOD_NS  100000000ull

/* What runc, crun and the kernel themselves make of these. */
static void weights_are_theirs(void **state)
{
	static const struct {
		uint64_t shares, kernel, linear, curved;
	} table[] = {
		{2, 1, 1, 1},		{10, 1, 1, 4},		{102, 10, 4, 17},	   {512, 50, 20, 59},
		{1024, 100, 39, 100},	{2000, 195, 77, 170},	{22000, 2148, 840, 1204}, {262144, 25600, 10000, 10000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(shares_weight(SHARES_KERNEL, table[i].shares), table[i].kernel);
		assert_int_equal(shares_weight(SHARES_LINEAR, table[i].shares), table[i].linear);
		assert_int_equal(shares_weight(SHARES_CURVED, table[i].shares), table[i].curved);
		assert_int_equal(shares_weight(SHARES_UNKNOWN, table[i].shares), 0);
	}
	assert_int_equal(shares_weight(SHARES_CURVED, 1u << 20), 10000);
}

static void shares_are_the_kubelets(void **state)
{
	(void)state;
	assert_int_equal(shares_of_milli(0), 2);
	assert_int_equal(shares_of_milli(1), 2);
	assert_int_equal(shares_of_milli(100), 102);
	assert_int_equal(shares_of_milli(1000), 1024);
	assert_int_equal(shares_of_milli(UINT64_MAX), 262144);
}

static struct shares_request asked(enum shares_scale scale, uint64_t weight)
{
	struct shares_container of = shares_container(weight, 0, 0, "burstable");

	return shares_request(scale, &of);
}

static void a_range_is(enum shares_scale scale, uint64_t weight, uint64_t least, uint64_t most)
{
	struct shares_request r = asked(scale, weight);

	assert_true(r.known);
	assert_int_equal(r.least_milli, least);
	assert_int_equal(r.most_milli, most);
}

static void a_weight_is_a_range_of_requests(void **state)
{
	(void)state;
	a_range_is(SHARES_KERNEL, 10, 96, 105);
	a_range_is(SHARES_LINEAR, 4, 80, 104);
	a_range_is(SHARES_CURVED, 17, 93, 100);
	a_range_is(SHARES_CURVED, 100, 989, 1000);
	assert_false(asked(SHARES_LINEAR, 1).known); /* it may have asked for nothing */
	assert_false(asked(SHARES_KERNEL, 0).known);
	assert_false(asked(SHARES_UNKNOWN, 17).known);
	assert_false(asked(SHARES_SCALES, 17).known); /* what a newer agent says */
	assert_false(asked(SHARES_LINEAR, 10001).known);
}

static void what_was_asked_for_is_in_the_range(void **state)
{
	(void)state;
	for (int scale = SHARES_KERNEL; scale < SHARES_SCALES; scale++)
		for (uint64_t milli = 1; milli < 100000; milli += milli < 5000 ? 1 : 97) {
			uint64_t weight = shares_weight((enum shares_scale)scale, shares_of_milli(milli));
			struct shares_request r = asked((enum shares_scale)scale, weight);

			if (weight == 1) {
				assert_false(r.known);
				continue;
			}
			if (!r.known || milli < r.least_milli || milli > r.most_milli)
				fail_msg("%u milli on scale %d: weight %u, from %u to %u", (unsigned)milli, scale,
					 (unsigned)weight, (unsigned)r.least_milli, (unsigned)r.most_milli);
			assert_true(r.most_milli - r.least_milli < 28 + milli / 50);
		}
}

static struct shares_container guaranteed(enum shares_scale scale, uint64_t milli, uint64_t limit_milli)
{
	return shares_container(shares_weight(scale, shares_of_milli(milli)), limit_milli * PERIOD_NS / 1000, PERIOD_NS,
				"guaranteed");
}

static void a_guaranteed_one_asked_for_its_limit(void **state)
{
	struct shares_container of = guaranteed(SHARES_CURVED, 250, 250);
	struct shares_request r = shares_request(SHARES_UNKNOWN, &of);

	(void)state;
	assert_true(r.known && r.least_milli == 250 && r.most_milli == 250);
	of = guaranteed(SHARES_CURVED, 250, 2000); /* the limit is its whole pod's */
	assert_false(shares_request(SHARES_UNKNOWN, &of).known);
	r = shares_request(SHARES_CURVED, &of);
	assert_true(r.known && r.least_milli <= 250 && r.most_milli >= 250 && r.most_milli < 260);
	of = shares_container(17, 0, 0, "besteffort");
	assert_false(shares_request(SHARES_CURVED, &of).known);
}

static enum shares_scale concluded(const struct shares_container *of, size_t n)
{
	struct shares_clues c = {0};

	for (size_t i = 0; i < n; i++)
		shares_clue(&c, &of[i]);
	return shares_conclude(&c, NODE_MILLI);
}

static void containers_give_the_formula_away(void **state)
{
	const struct shares_container linear = guaranteed(SHARES_LINEAR, 500, 500), curved = guaranteed(SHARES_CURVED, 500, 500),
				      both[] = {linear, curved}, some = shares_container(17, 0, 0, "burstable"),
				      tight = shares_container(17, PERIOD_NS / 5, PERIOD_NS, "burstable"),
				      many[] = {some, some, some, some, some, some, some, some, some, some, some};

	(void)state;
	assert_int_equal(concluded(&linear, 1), SHARES_LINEAR);
	assert_int_equal(concluded(&curved, 1), SHARES_CURVED);
	assert_int_equal(concluded(both, 2), SHARES_UNKNOWN);
	assert_int_equal(concluded(&some, 1), SHARES_UNKNOWN);
	assert_int_equal(concluded(&tight, 1), SHARES_CURVED); /* 413 milli at least would be above its limit of 200 */
	assert_int_equal(concluded(many, 11), SHARES_CURVED);  /* eleven times that, above what the node has */
	assert_int_equal(concluded(NULL, 0), SHARES_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_theirs),
		cmocka_unit_test(shares_are_the_kubelets),
		cmocka_unit_test(a_weight_is_a_range_of_requests),
		cmocka_unit_test(what_was_asked_for_is_in_the_range),
		cmocka_unit_test(a_guaranteed_one_asked_for_its_limit),
		cmocka_unit_test(containers_give_the_formula_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
