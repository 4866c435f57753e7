/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/recent.h"
#include "app.h"

#include <errno.h>

static uint32_t h[HIST_BUCKETS];
static uint64_t cover_ns;

static int sum(const struct recent *r, uint64_t at_ns, uint64_t window_ns)
{
	return recent_sum(r, at_ns, window_ns, h, &cover_ns);
}

/* Ten at each second t, of bucket t % 40. */
static void a_second_each(struct recent *r, uint64_t from, uint64_t to)
{
	for (uint64_t t = from; t <= to; t++)
		assert_int_equal(recent_put(r, (t - 1) * S, t * S, t % 40, 10), 0);
}

static void nobody_asked(void **state)
{
	struct recent r = {0};

	(void)state;
	assert_int_equal(recent_put(&r, S, 2 * S, 3, 1), 0);
	assert_null(r.kept);
	assert_int_equal(sum(&r, 2 * S, S), -ENODATA);
	assert_int_equal(recent_begin(&r, 2 * S), 0);
	assert_int_equal(sum(&r, 2 * S, S), -ENODATA);
	assert_int_equal(sum(&r, 3 * S, 5 * S), 0); /* nothing came, and that is known */
	assert_int_equal(cover_ns, S);
	recent_done(&r);
	assert_null(r.kept);
}

static void a_window_of_seconds(void **state)
{
	struct recent r = {0};

	(void)state;
	recent_begin(&r, 100 * S);
	a_second_each(&r, 101, 120);
	assert_int_equal(sum(&r, 120 * S, 2 * S), 0);
	assert_int_equal(h[0] + h[39], 20); /* 120, 119 */
	assert_int_equal(h[38], 0);
	assert_int_equal(cover_ns, 2 * S);
	assert_int_equal(sum(&r, 121 * S, 2 * S), 0); /* a second in which nothing came */
	assert_int_equal(h[0], 10);
	assert_int_equal(h[39], 0);
	assert_int_equal(sum(&r, 120 * S, 60 * S), 0); /* 8 s at the most */
	assert_int_equal(h[33], 10);
	assert_int_equal(h[32], 0);
	assert_int_equal(cover_ns, 8 * S);
	assert_int_equal(sum(&r, 130 * S, 2 * S), 0);
	assert_int_equal(h[0] + h[39] + h[38], 0);
	recent_done(&r);
}

/* Samples come a little early and late. */
static void jitter_moves_no_second(void **state)
{
	struct recent r = {0};
	uint64_t at = 100 * S, before;

	(void)state;
	recent_begin(&r, at);
	for (int i = 0; i < 30; i++) {
		before = at;
		at = (101 + (uint64_t)i) * S + (i % 2 ? 60 * MS : 0);
		recent_put(&r, before, at, 5, 1);
		if (i < 3)
			continue;
		assert_int_equal(sum(&r, at, 3 * S), 0);
		assert_int_equal(h[5], 3);
		assert_in_range(cover_ns, 3 * S - 70 * MS, 3 * S + 70 * MS);
	}
	recent_done(&r);
}

/* From one sample to the next, longer than the window. */
static void a_slow_agent(void **state)
{
	struct recent r = {0};

	(void)state;
	recent_begin(&r, 100 * S);
	recent_put(&r, 100 * S, 115 * S, 7, 30);
	recent_put(&r, 115 * S, 130 * S, 7, 60);
	assert_int_equal(sum(&r, 130 * S, 2 * S), 0);
	assert_int_equal(h[7], 60);
	assert_int_equal(cover_ns, 15 * S);
	recent_done(&r);
}

/* Ten samples a second: their seconds are kept, not they. */
static void a_quick_agent(void **state)
{
	struct recent r = {0};

	(void)state;
	recent_begin(&r, 100 * S);
	for (uint64_t i = 1; i <= 200; i++)
		recent_put(&r, 100 * S + (i - 1) * 100 * MS, 100 * S + i * 100 * MS, 9, 1);
	assert_int_equal(sum(&r, 120 * S, 4 * S), 0);
	assert_in_range(h[9], 35, 45);
	assert_in_range(cover_ns, 3500 * MS, 4500 * MS);
	assert_int_equal(cover_ns / (100 * MS), h[9]);
	recent_done(&r);
}

static void what_was_before_is_not_known(void **state)
{
	struct recent r = {0};

	(void)state;
	recent_begin(&r, 100 * S);
	a_second_each(&r, 101, 104);
	recent_begin(&r, 104 * S);
	recent_put(&r, 103 * S, 104 * S, 1, 5); /* of the sample that is the base */
	a_second_each(&r, 105, 105);
	assert_int_equal(sum(&r, 105 * S, 5 * S), 0);
	assert_int_equal(h[105 % 40], 10);
	assert_int_equal(h[104 % 40] + h[1], 0);
	assert_int_equal(cover_ns, S);
	recent_done(&r);
}

/* --- a row of the store */

#define HEARD_ROW 1

static void requests_at(struct store *s, struct store_node *n, uint64_t t, uint64_t requests, uint32_t bucket,
			uint32_t count, bool heard)
{
	static uint32_t row_index, bucket_at, count_at;
	struct second x;

	second(&x, 1, t - 99, t * S, t == 100);
	second_row(&x, HEARD_ROW, t * S / 2, t * S / 4);
	x.column[SIGNAL_REQUESTS][0] = requests;
	x.flags[0] = heard ? 0 : SIGNAL_NO_REQUESTS;
	row_index = 0;
	bucket_at = SIGNAL_HIST_REQUEST * HIST_BUCKETS + bucket;
	count_at = count;
	if (count)
		x.b.hist[STORE_HISTS - 1] =
			(struct store_counts){.n = 1, .row = &row_index, .bucket = &bucket_at, .count = &count_at};
	put_at(s, n, &x, t);
}

static struct store_node *heard_node(struct store *s)
{
	struct store_node *n;
	struct second x;
	uint64_t held;

	second(&x, 1, 0, 100 * S, false);
	second_name(&x, HEARD_ROW, "/app/one");
	n = fleet_hello(s, "node-a", &x, T0 + 100 * S + LATE, &held);
	return n;
}

static const struct view_replica *seen(struct store *s, uint64_t t)
{
	static struct view v;
	struct store_workload *w = store_workload(s, "app", "/app/*");

	store_set_hears(w, true);
	assert_int_equal(store_view(w, (clock_boot_t){T0 + t * S + LATE}, WINDOW, FRESH, &v), 0);
	assert_int_equal(v.replicas, 1);
	return v.replica;
}

static void a_view_has_what_was_heard(void **state)
{
	struct store *s = new_store();
	struct store_node *n = heard_node(s);
	struct view v;

	(void)state;
	requests_at(s, n, 100, 0, 0, 0, true);
	requests_at(s, n, 101, 0, 0, 0, true);
	assert_non_null(seen(s, 101)->took); /* it answered none */
	assert_int_equal(seen(s, 101)->took[20], 0);
	requests_at(s, n, 102, 50, 20, 50, true);
	assert_null(seen(s, 102)->took); /* from here on it is kept */
	requests_at(s, n, 103, 80, 20, 80, true);
	assert_int_equal(seen(s, 103)->took[20], 30);
	assert_int_equal(seen(s, 103)->took_ns, S);
	requests_at(s, n, 104, 120, 25, 40, true);
	assert_int_equal(seen(s, 104)->took[20], 30);
	assert_int_equal(seen(s, 104)->took[25], 40);
	requests_at(s, n, 105, 120, 0, 0, false); /* nobody hears them any more */
	assert_null(seen(s, 105)->took);
	requests_at(s, n, 106, 500, 25, 400, true); /* what was meanwhile is not of now */
	assert_null(seen(s, 106)->took);
	requests_at(s, n, 107, 510, 25, 410, true);
	assert_int_equal(seen(s, 107)->took[25], 10);
	requests_at(s, n, 108, 520, 26, 90, true); /* of which nobody knows how many are new */
	assert_int_equal(seen(s, 108)->took[26], 0);
	store_set_hears(store_find_workload(s, "app"), false);
	view_at(s, 108, &v);
	assert_null(v.replica[0].took);
	store_free(s);
}

/* Of buckets that changed in a second which never came nothing is told until they change again: not as of then. */
static void a_lost_second_is_not_of_now(void **state)
{
	struct store *s = new_store();
	struct store_node *n = heard_node(s);

	(void)state;
	requests_at(s, n, 100, 0, 0, 0, true);
	requests_at(s, n, 101, 50, 20, 50, true);
	seen(s, 101);
	requests_at(s, n, 102, 60, 20, 60, true);
	assert_int_equal(seen(s, 102)->took[20], 10);
	requests_at(s, n, 104, 110, 20, 70, true); /* with 103, 40 of bucket 25 are lost */
	assert_int_equal(seen(s, 104)->took[20], 10);
	requests_at(s, n, 105, 115, 25, 45, true);
	assert_int_equal(seen(s, 105)->took[25], 0);
	requests_at(s, n, 106, 118, 25, 48, true);
	assert_int_equal(seen(s, 106)->took[25], 3);
	store_free(s);
}

/* A bucket that grows by more than was answered, or that falls. */
static void lies_are_refused(void **state)
{
	struct store *s = new_store();
	struct store_node *n = heard_node(s);

	(void)state;
	requests_at(s, n, 100, 0, 0, 0, true);
	requests_at(s, n, 101, 50, 20, 50, true);
	seen(s, 101);
	requests_at(s, n, 102, 60, 47, 1000000, true);
	assert_int_equal(seen(s, 102)->took[47], 0);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_DURATIONS], 1);
	requests_at(s, n, 103, 70, 47, 1000010, true);
	assert_int_equal(seen(s, 103)->took[47], 10);
	requests_at(s, n, 104, 80, 20, 49, true);
	assert_int_equal(seen(s, 104)->took[20], 0);
	store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_asked),
		cmocka_unit_test(a_window_of_seconds),
		cmocka_unit_test(jitter_moves_no_second),
		cmocka_unit_test(a_slow_agent),
		cmocka_unit_test(a_quick_agent),
		cmocka_unit_test(what_was_before_is_not_known),
		cmocka_unit_test(a_view_has_what_was_heard),
		cmocka_unit_test(a_lost_second_is_not_of_now),
		cmocka_unit_test(lies_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
