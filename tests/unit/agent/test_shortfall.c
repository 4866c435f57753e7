/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/metrics.h"
#include "agent/shortfall.h"

#define S    CLOCK_NS_PER_S
#define ROOM LOSSES

static struct probe_notice notice[ROOM];

static int notices_at(const struct shortfall *s, uint64_t now_ns)
{
	return shortfall_notices(s, now_ns, notice, ROOM);
}

static void nothing_lost_is_nothing_said(void **state)
{
	struct shortfall s = {0};

	(void)state;
	shortfall_take(&s, &(struct losses){0}, S);
	assert_int_equal(notices_at(&s, S), 0);
}

static void what_is_now_is_said_while_it_lasts(void **state)
{
	struct shortfall s = {0};

	(void)state;
	shortfall_take(&s, &(struct losses){.slots_full = 12}, S);
	assert_int_equal(notices_at(&s, S), 1);
	assert_int_equal(notices_at(&s, S + 2 * SHORTFALL_NEWS_NS), 1);
	assert_string_equal(notice[0].id, "slots");
	assert_string_equal(notice[0].level, "warn");
	assert_memory_equal(notice[0].text, "12 cgroups have no slot: ", 25);
	assert_non_null(strstr(notice[0].fix, "--max-cgroups"));
	shortfall_take(&s, &(struct losses){0}, 2 * S);
	assert_int_equal(notices_at(&s, 2 * S), 0);
}

static void what_grew_is_said_for_a_while(void **state)
{
	struct shortfall s = {0};

	(void)state;
	shortfall_take(&s, &(struct losses){.births_late = 2}, S);
	shortfall_take(&s, &(struct losses){.births_late = 5}, 2 * S);
	shortfall_take(&s, &(struct losses){.births_late = 5}, 3 * S);
	assert_int_equal(notices_at(&s, 2 * S + SHORTFALL_NEWS_NS - 1), 1);
	assert_string_equal(notice[0].id, "births");
	assert_memory_equal(notice[0].text, "5 directories of cgroups were made with no slot ready", 53);
	assert_int_equal(notices_at(&s, 2 * S + SHORTFALL_NEWS_NS), 0);
}

/* Each kind has a cause and what to do about it, and all of both. */
static void every_kind_is_said_whole(void **state)
{
	struct shortfall s = {0};
	struct losses all;

	(void)state;
	for (int i = 0; i < LOSSES; i++)
		all.count[i] = UINT64_MAX;
	shortfall_take(&s, &all, S);
	assert_int_equal(notices_at(&s, S), LOSSES);
	for (int i = 0; i < LOSSES; i++) {
		assert_in_range(strlen(notice[i].text), 40, sizeof(notice->text) - 2);
		assert_in_range(strlen(notice[i].fix), 10, sizeof(notice->fix) - 2);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(notice[i].id, notice[j].id);
	}
	assert_int_equal(shortfall_notices(&s, S, notice, 2), 2);
}

static void metrics_are_the_counts(void **state)
{
	struct shortfall s = {0};

	(void)state;
	shortfall_take(&s, &(struct losses){.slots_full = 3, .births_late = 4, .victims_unknown = 5}, S);
	shortfall_observe(&s);
	assert_int_equal(agent_get(agent_slots_full), 3);
	assert_int_equal(agent_get(agent_births_late_total), 4);
	assert_int_equal(agent_get(agent_victims_unknown_total), 5);
	assert_int_equal(agent_get(agent_reclaims_unplaced_total), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_lost_is_nothing_said),
		cmocka_unit_test(what_is_now_is_said_while_it_lasts),
		cmocka_unit_test(what_grew_is_said_for_a_while),
		cmocka_unit_test(every_kind_is_said_whole),
		cmocka_unit_test(metrics_are_the_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
