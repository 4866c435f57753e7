/* SPDX-License-Identifier: Apache-2.0 */
/* What the fleet loses, from batches to words: each kind by itself, the nodes that lose most, and only what is news. */
#include "aggregator/toll.h"
#include "unit/aggregator/store/fleet.h"

#define T0    (1000 * S)
#define NODES 5

static struct store *s;
static struct store_node *node[NODES];
static struct aggregator_notice notice[AGGREGATOR_NOTICES];

static int begin(void **state)
{
	const struct store_options o = {.agents_max = 10, .rows_max = 10};

	(void)state;
	s = store_new(&o);
	for (int i = 0; i < NODES; i++) {
		const char name[] = {'n', (char)('a' + i), '\0'};
		struct second x;
		uint64_t held;

		node[i] = fleet_hello(s, name, second(&x, 1, 0, 10 * S, false), T0, &held);
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	store_free(s);
	return 0;
}

static void tell(int i, uint64_t second_of_run, enum loss_id kind, uint64_t count)
{
	struct second x;

	second(&x, 1, second_of_run, (10 + second_of_run) * S, false);
	x.b.losses.count[kind] = count;
	assert_int_equal(fleet_put(s, node[i], &x, T0 + second_of_run * S), 0);
}

static size_t notices_at(uint64_t second_of_run)
{
	return toll_notices(s, (clock_boot_t){T0 + second_of_run * S}, notice, AGGREGATOR_NOTICES);
}

static void what_has_no_slot_is_told_with_its_nodes_while_it_lasts(void **state)
{
	(void)state;
	for (int i = 0; i < NODES; i++)
		tell(i, 1, LOSS_SLOTS_FULL, i < 2 ? 10 + (uint64_t)i : 0);
	assert_int_equal(notices_at(1), 1);
	assert_string_equal(notice[0].id, "slots");
	assert_string_equal(notice[0].level, "warn");
	assert_memory_equal(notice[0].text, "21 cgroups on 2 of 5 nodes (nb 11, na 10) have no slot: ", 56);
	assert_non_null(strstr(notice[0].fix, "--max-cgroups"));
	for (int i = 0; i < NODES; i++)
		tell(i, 2, LOSS_SLOTS_FULL, 0);
	assert_int_equal(notices_at(2), 0);
}

static void of_many_nodes_the_worst_are_named(void **state)
{
	static const uint64_t full[NODES] = {4, 9, 1, 7, 2};

	(void)state;
	for (int i = 0; i < NODES; i++)
		tell(i, 1, LOSS_SLOTS_FULL, full[i]);
	assert_int_equal(notices_at(1), 1);
	assert_non_null(strstr(notice[0].text, "23 cgroups on 5 of 5 nodes (most: nb 9, nd 7, na 4) "));
}

static void each_kind_is_its_own_notice_the_worst_first(void **state)
{
	struct second x;

	(void)state;
	tell(0, 1, LOSS_LATE_TICKS, 0);
	tell(1, 1, LOSS_LATE_TICKS, 0);
	tell(0, 2, LOSS_LATE_TICKS, 3);
	second(&x, 1, 2, 12 * S, false);
	x.b.losses = (struct losses){.slots_full = 5, .late_ticks = 1};
	assert_int_equal(fleet_put(s, node[1], &x, T0 + 2 * S), 0);
	assert_int_equal(notices_at(2), 2);
	assert_string_equal(notice[0].id, "slots");
	assert_string_equal(notice[1].id, "late");
	assert_non_null(strstr(notice[1].text, "4 samples on 2 of 5 nodes (na 3, nb 1) were skipped"));
}

/* The sum of a run stays for ever: it is told for a while after it grew. */
static void what_was_lost_long_ago_is_no_news(void **state)
{
	const uint64_t news = STORE_LOST_NS / S;

	(void)state;
	tell(0, 1, LOSS_LATE_TICKS, 7); /* before this aggregator heard of it */
	assert_int_equal(notices_at(1), 0);
	tell(0, 2, LOSS_LATE_TICKS, 8);
	assert_int_equal(notices_at(2), 1);
	tell(0, 3, LOSS_LATE_TICKS, 8);
	assert_int_equal(notices_at(news + 1), 1);
	assert_int_equal(notices_at(news + 2), 0);
}

static void a_silent_node_tells_nothing_of_now(void **state)
{
	(void)state;
	tell(0, 1, LOSS_SLOTS_FULL, 7);
	assert_int_equal(notices_at(1), 1);
	assert_int_equal(notices_at(30), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_has_no_slot_is_told_with_its_nodes_while_it_lasts, begin, end),
		cmocka_unit_test_setup_teardown(of_many_nodes_the_worst_are_named, begin, end),
		cmocka_unit_test_setup_teardown(each_kind_is_its_own_notice_the_worst_first, begin, end),
		cmocka_unit_test_setup_teardown(what_was_lost_long_ago_is_no_news, begin, end),
		cmocka_unit_test_setup_teardown(a_silent_node_tells_nothing_of_now, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
