/* SPDX-License-Identifier: Apache-2.0 */
/* One wish at a time, in numbers that can be followed; the vectors have the rest. */
#include "decide/hpa_normalize.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))
#define ROOM 8

static struct hpa_log_entry room[3][ROOM];
static struct hpa_memory memory;

static void forget(void)
{
	memory = (struct hpa_memory){
		{.entry = room[0], .room = ROOM}, {.entry = room[1], .room = ROOM}, {.entry = room[2], .room = ROOM}};
}

static struct hpa_normalized wish(const struct hpa_behavior *b, int64_t now_ms, int32_t current,
				  int32_t desired)
{
	struct hpa_limits l = {1, 20, 300000, b};
	struct hpa_normalized n;

	hpa_normalize(&l, now_ms, current, desired, &memory, &n);
	if (n.replicas != current)
		hpa_normalize_changed(&l, now_ms, current, n.replicas, &memory);
	return n;
}

static void gives(struct hpa_normalized n, int32_t replicas, enum hpa_normalize_reason limited)
{
	assert_int_equal(n.replicas, replicas);
	assert_int_equal(n.limited, limited);
}

TEST(without_behavior_growth_at_most_doubles_or_reaches_four)
{
	forget();
	gives(wish(NULL, 0, 1, 9), 4, HPA_SCALE_UP_LIMIT);
	gives(wish(NULL, 0, 4, 9), 8, HPA_SCALE_UP_LIMIT);
	gives(wish(NULL, 0, 15, 25), 20, HPA_TOO_MANY_REPLICAS);
}

TEST(without_behavior_shrinking_waits_for_the_flag)
{
	forget();
	wish(NULL, 0, 9, 9);
	assert_int_equal(wish(NULL, 300000, 9, 2).able, HPA_SCALE_DOWN_STABILIZED);
	gives(wish(NULL, 300001, 9, 2), 2, HPA_DESIRED_WITHIN_RANGE);
	assert_int_equal(memory.recommendations.n, 2); /* that of 0 gave its place */
}

TEST(policies_count_what_was_done_in_their_period)
{
	static const struct hpa_policy two = {HPA_POLICY_PODS, 2, 15}, half = {HPA_POLICY_PERCENT, 50, 15};
	struct hpa_behavior b = {.up = {.n = 1, .policy = &two}, .down = {.window_known = true, .n = 1, .policy = &half}};

	forget();
	gives(wish(&b, 0, 4, 10), 6, HPA_SCALE_UP_LIMIT);
	gives(wish(&b, 14999, 6, 10), 6, HPA_SCALE_UP_LIMIT);
	gives(wish(&b, 15000, 6, 10), 8, HPA_SCALE_UP_LIMIT);
	gives(wish(&b, 40000, 8, 1), 4, HPA_SCALE_DOWN_LIMIT);
	gives(wish(&b, 40001, 4, 1), 4, HPA_SCALE_DOWN_LIMIT); /* half of the 8 it was */
}

TEST(the_policy_that_is_selected)
{
	static const struct hpa_policy policies[] = {{HPA_POLICY_PODS, 1, 15}, {HPA_POLICY_PERCENT, 100, 15}};
	struct hpa_behavior b = {.up = {.n = 2, .policy = policies}, .down = {.window_known = true}};

	forget();
	gives(wish(&b, 0, 5, 20), 10, HPA_SCALE_UP_LIMIT);
	forget();
	b.up.select = HPA_SELECT_MIN;
	gives(wish(&b, 0, 5, 20), 6, HPA_SCALE_UP_LIMIT);
	forget();
	b.up.select = HPA_SELECT_DISABLED;
	gives(wish(&b, 0, 5, 20), 5, HPA_SCALE_UP_LIMIT);
}

TEST(numbers_at_the_edge_wrap_as_in_go)
{
	static const struct hpa_policy huge = {HPA_POLICY_PODS, INT32_MIN, 15};
	struct hpa_behavior b = {.up = {.n = 1, .policy = &huge},
				 .down = {.window_known = true, .n = 1, .policy = &huge}};

	forget();
	gives(wish(&b, 0, 5, 20), 5, HPA_SCALE_UP_LIMIT);
	gives(wish(&b, 0, 5, 2), 2, HPA_DESIRED_WITHIN_RANGE); /* 5 - INT32_MIN is far below 0 */
}

TEST(every_reason_has_its_words)
{
	for (int r = 0; r <= HPA_DESIRED_WITHIN_RANGE; r++) {
		assert_true(*hpa_normalize_word((enum hpa_normalize_reason)r));
		assert_true(*hpa_normalize_message((enum hpa_normalize_reason)r));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_behavior_growth_at_most_doubles_or_reaches_four),
		cmocka_unit_test(without_behavior_shrinking_waits_for_the_flag),
		cmocka_unit_test(policies_count_what_was_done_in_their_period),
		cmocka_unit_test(the_policy_that_is_selected),
		cmocka_unit_test(numbers_at_the_edge_wrap_as_in_go),
		cmocka_unit_test(every_reason_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
