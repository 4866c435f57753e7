/* SPDX-License-Identifier: Apache-2.0 */
/* A node's seconds: their order, gaps and clocks, agents that begin anew, and seconds in which nothing moves. */
#include <errno.h>

#include "app.h"

static void duplicates_gaps_and_time(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;

	(void)state;
	second(&x, 1, 11, 20 * S, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S), 1);
	assert_int_equal(store_counters(s)->duplicates, 1);
	second(&x, 2, 12, 21 * S, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S), -EBADMSG);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_EPOCH], 1);
	second(&x, 1, 12, 19 * S, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S), -EBADMSG);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_TIME], 1);
	second(&x, 1, 12, UINT64_MAX - 5, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S), -EBADMSG);
	assert_int_equal(store_counters(s)->gaps, 0);
	second(&x, 1, 14, 23 * S, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 23 * S), 0);
	assert_int_equal(store_counters(s)->gaps, 2);
	store_free(s);
}

/* The machine of run(1, 10, 40) at its second `at` of before, when it is second `now` here. Returns what is held. */
static uint64_t take_back(struct store *s, uint64_t at, uint64_t now, struct store_node **ret_n)
{
	struct second x;
	uint64_t held;

	second(&x, 1, 0, at * S, false);
	second_name(&x, 1, "/app/one");
	second_name(&x, 2, "/app/two");
	*ret_n = fleet_hello(s, "node-a", &x, T0 + now * S + LATE, &held);
	return held;
}

/* A snapshot of a virtual machine: the same run of the agent, whose seconds have the numbers of others. */
static void a_machine_that_was_taken_back_goes_on(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 40);
	struct second x;
	struct view v;

	(void)state;
	assert_int_equal(take_back(s, 20, 50, &n), 0);
	for (uint64_t t = 20; t <= 23; t++) {
		second(&x, 1, t - 9, t * S, t == 20);
		second_row(&x, 1, t * S / 2, t * S / 4);
		if (t == 20)
			second_row(&x, 2, 5 * S, 0);
		assert_int_equal(fleet_put(s, n, &x, T0 + (t + 30) * S + LATE), 0);
	}
	assert_int_equal(store_counters(s)->duplicates, 0);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_TIME], 0);
	assert_int_equal(store_counters(s)->epochs, 2);
	view_at(s, 53, &v);
	assert_int_equal(v.replicas, 2);
	assert_int_equal(v.replica[0].sample_age_ns, 0);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].cpu_milli, 500);
	store_free(s);
}

static void until_its_first_second_it_is_silent(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 40);

	(void)state;
	assert_int_equal(take_back(s, 20, 50, &n), 0);
	assert_int_equal(store_nodes_silent(s, (clock_boot_t){T0 + 52 * S}), 0);
	assert_int_equal(store_nodes_silent(s, (clock_boot_t){T0 + 55 * S}), 1);
	store_free(s);
}

static void a_preamble_that_was_overtaken_is_no_earlier_moment(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 40);

	(void)state;
	assert_int_equal(take_back(s, 37, 41, &n), 31);
	assert_int_equal(take_back(s, UINT64_MAX / S, 41, &n), 31);
	assert_int_equal(store_counters(s)->epochs, 1);
	store_free(s);
}

/* Else it would not be known before the next keyframe, on a node that is not silent. */
static void a_refused_second_says_who_is_there(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 12, 5 * S, false);
	second_name(&x, 3, "/app/three");
	x.identity[0].first_seen_boottime_ns = 5 * S;
	second_row(&x, 3, S, 0);
	x.gone[x.b.n_gone++] = 2;
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S), -EBADMSG);
	second(&x, 1, 13, 22 * S, false);
	second_row(&x, 1, 11 * S, 5 * S);
	second_row(&x, 3, 2 * S, 0);
	put_at(s, n, &x, 22);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_UNKNOWN_ROW], 0);
	view_at(s, 22, &v);
	assert_int_equal(v.replicas, 2);
	assert_string_equal(v.replica[1].name, "node-a:/app/three");
	assert_in_range(v.replica[1].age_ns, 0, 2 * S);
	assert_false(v.replica[1].cpu_known);
	second(&x, 1, 14, 23 * S, false);
	second_row(&x, 3, 3 * S, 0);
	put_at(s, n, &x, 23);
	view_at(s, 23, &v);
	assert_true(v.replica[1].cpu_known);
	assert_int_equal(v.replica[1].cpu_milli, 1000);
	store_free(s);
}

/* After a gap a row that is left out may have changed in the lost second. */
static void a_gap_makes_left_out_rows_stale(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;
	struct view v;

	(void)state;
	for (uint64_t t = 22; t <= 26; t++) {
		second(&x, 1, t - 9, t * S, false);
		second_row(&x, 1, t * S / 2, t * S / 4);
		put_at(s, n, &x, t);
	}
	view_at(s, 26, &v);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].cpu_milli, 500);
	assert_false(v.replica[1].cpu_known);
	assert_int_equal(v.replica[1].sample_age_ns, 6 * S);
	/* A keyframe names everything again. What happened in between is not the last second's. */
	second(&x, 1, 18, 27 * S, true);
	second_row(&x, 1, 27 * S / 2, 27 * S / 4);
	second_row(&x, 2, 9 * S, 0);
	put_at(s, n, &x, 27);
	view_at(s, 27, &v);
	assert_int_equal(v.replica[1].sample_age_ns, 0);
	assert_false(v.replica[1].cpu_known);
	second(&x, 1, 19, 28 * S, false);
	put_at(s, n, &x, 28);
	view_at(s, 28, &v);
	assert_true(v.replica[1].cpu_known);
	assert_int_equal(v.replica[1].cpu_milli, 0);
	store_free(s);
}

/* CPUs are idle or at work: a node whose idle time stands still, too, was not measured. */
static void a_node_that_stands_still_is_silent(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;
	struct view v;

	(void)state;
	for (uint64_t t = 21; t <= 30; t++) {
		second(&x, 1, t - 9, t * S, t == 25);
		x.b.node = (struct store_node_sample){.known = true, .cpu_idle_ns = 7 * S};
		second_row(&x, 1, 11 * S, 6 * S);
		if (t == 25)
			second_row(&x, 2, 5 * S, 0);
		put_at(s, n, &x, t);
	}
	view_at(s, 30, &v);
	assert_int_equal(v.replicas, 2);
	assert_int_equal(v.nodes_silent, 1);
	assert_int_equal(v.fleet_silent, 1);
	assert_false(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].sample_age_ns, 9 * S);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_STILL], 9);
	/* It moves: an hour of work is none in one second. */
	second(&x, 1, 22, 31 * S, false);
	x.b.node = (struct store_node_sample){.known = true, .cpu_idle_ns = 8 * S};
	second_row(&x, 1, 12 * S, 6 * S);
	put_at(s, n, &x, 31);
	view_at(s, 31, &v);
	assert_int_equal(v.nodes_silent, 0);
	assert_int_equal(v.replica[0].sample_age_ns, 0);
	assert_false(v.replica[1].cpu_known); /* it was not named since */
	store_free(s);
}

/* All CPUs at work: idle time stands still, the rows do not. */
static void a_busy_node_does_not_stand_still(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;

	(void)state;
	for (uint64_t t = 21; t <= 30; t++) {
		second(&x, 1, t - 9, t * S, false);
		x.b.node = (struct store_node_sample){.known = true, .cpu_idle_ns = 7 * S};
		second_row(&x, 1, (t - 10) * S, 0);
		put_at(s, n, &x, t);
	}
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_STILL], 0);
	assert_int_equal(store_nodes_silent(s, (clock_boot_t){T0 + 31 * S}), 0);
	store_free(s);
}

static void a_restarted_agent_continues_its_replicas(void **state)
{
	struct store *s = new_store();
	struct second x;
	struct store_node *n;
	uint64_t held;
	struct view v;

	(void)state;
	run(s, 1, 10, 20);
	second(&x, 2, 0, 22 * S, false);
	second_name(&x, 9, "/app/one");
	second_name(&x, 1, "/app/three"); /* the numbers of the first run mean nothing now */
	n = fleet_hello(s, "node-a", &x, T0 + 22 * S + LATE, &held);
	assert_int_equal(held, 0);
	second(&x, 2, 1, 22 * S, true);
	second_row(&x, 9, 10 * MS, 0);
	second_row(&x, 1, 0, 0);
	put_at(s, n, &x, 22);
	view_at(s, 22, &v);
	assert_int_equal(v.replicas, 2); /* "two" is gone, it was not in the new run's names */
	assert_string_equal(v.replica[0].name, "node-a:/app/one");
	assert_false(v.replica[0].cpu_known);           /* one sample of this run */
	assert_int_equal(v.replica[0].age_ns, 12 * S);  /* but the replica is the old one */
	assert_string_equal(v.replica[1].name, "node-a:/app/three");
	second(&x, 2, 2, 23 * S, false);
	second_row(&x, 9, 10 * MS + S, 0);
	put_at(s, n, &x, 23);
	view_at(s, 23, &v);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].cpu_milli, 1000);
	assert_int_equal(store_counters(s)->gaps, 0);
	assert_int_equal(store_counters(s)->epochs, 2);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_COUNTER_FELL], 0);
	store_free(s);
}

/* 100 s are replayed in one moment; they get their true place, so nothing old looks new. */
static void replayed_seconds_get_their_place(void **state)
{
	struct store *s = new_store();
	uint64_t now_ns = T0 + 110 * S + LATE, held;
	struct store_node *n;
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 0, 110 * S, false); /* the preamble is of now */
	second_name(&x, 1, "/app/one");
	n = fleet_hello(s, "node-a", &x, now_ns, &held);
	for (uint64_t t = 10; t <= 109; t++) {
		second(&x, 1, t, t * S, t == 10);
		second_row(&x, 1, t * S / 2, 0);
		assert_int_equal(fleet_put(s, n, &x, now_ns), 0);
		view_at(s, 110, &v);
		assert_in_range(v.replica[0].sample_age_ns, (110 - t) * S, (110 - t) * S + MS);
	}
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].cpu_milli, 500);
	assert_int_equal(store_counters(s)->gaps, 0); /* 1 … 9 were before the oldest keyframe */
	store_free(s);
}

static void clocks_drift(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 10);
	uint64_t at = 0;
	struct second x;
	struct view v;

	(void)state;
	/* The agent's clock loses 100 ppm: after a day it is 8.6 s behind. */
	for (uint64_t i = 1; i < 8640; i++) {
		at = 10 * S + i * 10 * S;
		second(&x, 1, i + 1, at - at / 10000, false);
		assert_int_equal(fleet_put(s, n, &x, T0 + at + LATE), 0);
	}
	assert_int_equal(store_view(store_workload(s, "app", "/app/*"),
				    (clock_boot_t){ T0 + at + LATE }, WINDOW, FRESH, &v),
			 0);
	assert_in_range(v.replica[0].sample_age_ns, 0, 10 * MS);
	store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duplicates_gaps_and_time),
		cmocka_unit_test(a_machine_that_was_taken_back_goes_on),
		cmocka_unit_test(until_its_first_second_it_is_silent),
		cmocka_unit_test(a_preamble_that_was_overtaken_is_no_earlier_moment),
		cmocka_unit_test(a_refused_second_says_who_is_there),
		cmocka_unit_test(a_gap_makes_left_out_rows_stale),
		cmocka_unit_test(a_node_that_stands_still_is_silent),
		cmocka_unit_test(a_busy_node_does_not_stand_still),
		cmocka_unit_test(a_restarted_agent_continues_its_replicas),
		cmocka_unit_test(replayed_seconds_get_their_place),
		cmocka_unit_test(clocks_drift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
