/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "aggregator/store/ring.h"
#include "fleet.h"

#define WINDOW (3 * S)
#define SLACK (S * 3 / 2)
#define TICK (1ull << 20) /* of waits, the coarser ones */

static void close_to(uint64_t value, uint64_t wanted)
{
	if (value > wanted + TICK || value + TICK < wanted)
		fail_msg("%llu is not about %llu", (unsigned long long)value,
			 (unsigned long long)wanted);
}

static void rates_over_a_window(void **state)
{
	struct ring_clock c = { 0 };
	struct ring_values v = { 0 };
	struct ring_rate rate;
	struct ring *r;

	(void)state;
	ring_tick(&c, 100 * S, true);
	r = ring_new(&c, &v);
	assert_int_equal(ring_rate(r, &c, c.fine, 1, 1, WINDOW, SLACK, &rate), -ENODATA);
	for (uint64_t i = 1; i <= 200; i++) {
		ring_tick(&c, (100 + i) * S, false);
		v.cpu_ns += S / 2;
		v.wait_ns += S / 4;
		v.psi_ns[RING_PSI_IO] += S / 8;
		ring_write(r, &c, &v);
	}
	assert_int_equal(ring_rate(r, &c, c.fine, 1, 1, WINDOW, SLACK, &rate), 0);
	assert_int_equal(rate.cover_ns, WINDOW);
	close_to(rate.cpu_ns, 3 * S / 2);
	close_to(rate.wait_ns, 3 * S / 4);
	assert_int_equal(rate.psi_cover_ns, WINDOW);
	close_to(rate.psi_ns[RING_PSI_IO], 3 * S / 8);
	/* 60 s fit the fine lane, pressure reaches back 15 slots only. */
	assert_int_equal(ring_rate(r, &c, c.fine, 1, 1, 60 * S, SLACK, &rate), 0);
	assert_int_equal(rate.cover_ns, 60 * S);
	close_to(rate.cpu_ns, 30 * S);
	assert_int_equal(rate.psi_cover_ns, 15 * S);
	/* 150 s come from the lane of 10 s. */
	assert_int_equal(ring_rate(r, &c, c.fine, 1, 1, 150 * S, 11 * S, &rate), 0);
	assert_in_range(rate.cover_ns, 150 * S, 161 * S);
	close_to(rate.cpu_ns, rate.cover_ns / 2);
	free(r);
}

static void a_pause_is_filled(void **state)
{
	struct ring_clock c = { 0 };
	struct ring_values v = { .cpu_ns = 7 * S };
	struct ring_rate rate;
	struct ring *r;

	(void)state;
	ring_tick(&c, 1 * S, true);
	r = ring_new(&c, &v);
	for (uint64_t i = 2; i <= 11; i++)
		ring_tick(&c, i * S, false);
	/* Read before anything is written: nothing was used. */
	assert_int_equal(ring_rate(r, &c, c.fine, 1, 1, WINDOW, SLACK, &rate), 0);
	assert_int_equal(rate.cpu_ns, 0);
	ring_tick(&c, 12 * S, false);
	v.cpu_ns += S;
	ring_write(r, &c, &v);
	assert_int_equal(ring_rate(r, &c, c.fine, 1, 1, WINDOW, SLACK, &rate), 0);
	close_to(rate.cpu_ns, S); /* all of it in the last second, none smeared over the pause */
	assert_int_equal(ring_rate(r, &c, c.fine - 1, 1, 1, WINDOW, SLACK, &rate), 0);
	assert_int_equal(rate.cpu_ns, 0);
	free(r);
}

static void young_rows_have_short_windows(void **state)
{
	struct ring_clock c = { 0 };
	struct ring_rate rate;

	(void)state;
	for (uint64_t i = 1; i <= 20; i++)
		ring_tick(&c, i * S, i == 1);
	assert_int_equal(ring_rate(NULL, &c, 20, 19, 2, 10 * S, SLACK, &rate), 0);
	assert_int_equal(rate.cover_ns, S);
	assert_int_equal(rate.cpu_ns, 0);
	assert_int_equal(ring_rate(NULL, &c, 20, 20, 2, 10 * S, SLACK, &rate), -ENODATA);
	assert_int_equal(ring_rate(NULL, &c, 20, 1, 1, 10 * S, SLACK, &rate), 0);
	assert_int_equal(rate.cover_ns, 10 * S);
}

static void no_mean_over_a_silence(void **state)
{
	struct ring_clock c = { 0 };
	struct ring_rate rate;

	(void)state;
	ring_tick(&c, 1 * S, true);
	ring_tick(&c, 2 * S, false);
	ring_tick(&c, 90 * S, false);
	assert_int_equal(ring_rate(NULL, &c, c.fine, 1, 1, WINDOW, SLACK, &rate), -ENODATA);
	ring_tick(&c, 91 * S, false);
	assert_int_equal(ring_rate(NULL, &c, c.fine, 1, 1, WINDOW, SLACK, &rate), -ENODATA);
	for (uint64_t i = 92; i < 95; i++)
		ring_tick(&c, i * S, false);
	assert_int_equal(ring_rate(NULL, &c, c.fine, 1, 1, WINDOW, SLACK, &rate), 0);
	assert_int_equal(rate.cover_ns, WINDOW);
}

static void fast_samples_share_a_slot(void **state)
{
	struct ring_clock c = { 0 };
	struct ring_values v = { 0 };
	struct ring_rate rate;
	struct ring *r;

	(void)state;
	ring_tick(&c, 10 * S, true);
	r = ring_new(&c, &v);
	for (uint64_t i = 1; i <= 40; i++) {
		ring_tick(&c, 10 * S + i * 250 * MS, false);
		v.cpu_ns += 50 * MS;
		ring_write(r, &c, &v);
	}
	assert_in_range(c.fine, 10, 12);
	assert_int_equal(ring_rate(r, &c, c.fine, 1, 1, WINDOW, SLACK, &rate), 0);
	close_to(rate.cpu_ns, rate.cover_ns / 5);
	free(r);
}

static void counters_wrap(void **state)
{
	struct ring_clock c = { 0 };
	struct ring_values v = { .cpu_ns = (1ull << 49) - S, .wait_ns = (1ull << 52) - S };
	struct ring_rate rate;
	struct ring *r;

	(void)state;
	ring_tick(&c, 1 * S, true);
	r = ring_new(&c, &v);
	for (uint64_t i = 2; i < 5; i++) {
		ring_tick(&c, i * S, false);
		v.cpu_ns += S;
		ring_write(r, &c, &v);
	}
	assert_int_equal(ring_rate(r, &c, c.fine, 1, 1, WINDOW, SLACK, &rate), 0);
	close_to(rate.cpu_ns, 3 * S);
	free(r);
}

/* An overload must not look mild: as many as wait on the largest machines, over the longest window. */
static void crowds_are_counted(void **state)
{
	struct ring_clock c = { 0 };
	struct ring_values v = { 0 };
	struct ring_rate rate;
	struct ring *r;

	(void)state;
	ring_tick(&c, 1 * S, true);
	r = ring_new(&c, &v);
	for (uint64_t i = 2; i < 320; i++) {
		ring_tick(&c, i * S, false);
		v.cpu_ns += 1024 * S;
		v.wait_ns += 10000 * S;
		ring_write(r, &c, &v);
	}
	assert_int_equal(ring_rate(r, &c, c.fine, 1, 1, 300 * S, 11 * S, &rate), 0);
	close_to(rate.cpu_ns, 1024 * rate.cover_ns);
	close_to(rate.wait_ns, 10000 * rate.cover_ns);
	free(r);
}

static void memory_law(void **state)
{
	(void)state;
	/* The arithmetic in ring.h. */
	assert_int_equal(sizeof(struct ring), 968);
	assert_true(sizeof(struct store_row) <= 936);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_over_a_window),
		cmocka_unit_test(a_pause_is_filled),
		cmocka_unit_test(young_rows_have_short_windows),
		cmocka_unit_test(no_mean_over_a_silence),
		cmocka_unit_test(fast_samples_share_a_slot),
		cmocka_unit_test(counters_wrap),
		cmocka_unit_test(crowds_are_counted),
		cmocka_unit_test(memory_law),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
