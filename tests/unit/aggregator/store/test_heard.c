/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/heard.h"
#include "fleet.h"

#include <errno.h>

/* All but a fifth have a time, of 2 ms each. */
static struct heard_counts counts(uint64_t requests, uint64_t errors)
{
	return (struct heard_counts){
		.requests = requests, .errors = errors, .timed = requests * 4 / 5, .ns = requests * 4 / 5 * 2 * MS};
}

static void rate_is(struct heard *h, uint64_t at_ns, double requests, double errors)
{
	uint64_t hist[HIST_BUCKETS] = { 0 };
	struct heard_rate rate;

	assert_int_equal(heard_recent(h, at_ns, &rate, hist), 0);
	assert_float_equal(rate.requests, requests, 0.01);
	assert_float_equal(rate.errors, errors, 0.01);
	assert_float_equal(rate.ns, rate.timed * 2 * MS, 0.01 * MS);
}

static uint64_t recent(struct heard *h, uint64_t at_ns, unsigned bucket)
{
	uint64_t hist[HIST_BUCKETS] = { 0 };
	struct heard_rate rate;

	assert_int_equal(heard_recent(h, at_ns, &rate, hist), 0);
	return hist[bucket];
}

/* 10 a second, every fifth an error, from 100 s on; of what was before nobody speaks. */
static void a_steady_load(void **state)
{
	struct heard *h = heard_new(100 * S, counts(7000, 70));

	(void)state;
	for (uint64_t t = 101; t <= 130; t++) {
		heard_put(h, (t - 1) * S, t * S, counts(7000 + 10 * (t - 100), 70 + 2 * (t - 100)));
		rate_is(h, t * S, 10, 2);
	}
	assert_null(heard_free(h));
}

/* Whether anybody looks in the meantime or not. */
static void a_load_that_ends(void **state)
{
	(void)state;
	for (int looks = 0; looks < 2; looks++) {
		struct heard *h = heard_new(100 * S, counts(0, 0));

		for (uint64_t t = 101; t <= 109; t++)
			heard_put(h, (t - 1) * S, t * S, counts(10 * (t - 100), 0));
		if (looks)
			rate_is(h, 110 * S, 50 / 6., 0); /* 90 at 109 s, 40 at 104 s, the last sample of its period */
		rate_is(h, 114 * S, 50 / 10., 0);
		rate_is(h, 115 * S, 0, 0);
		heard_put(h, 149 * S, 150 * S, counts(91, 1)); /* after a rest that is in the window */
		rate_is(h, 150 * S, 1 / 5., 1 / 5.);
		heard_free(h);
	}
}

/* An agent that samples every 60 s: from one sample to the next. */
static void a_slow_agent(void **state)
{
	struct heard *h = heard_new(60 * S, counts(0, 0));

	(void)state;
	heard_put(h, 60 * S, 120 * S, counts(600, 60));
	rate_is(h, 120 * S, 10, 1);
	heard_put(h, 120 * S, 180 * S, counts(600 + 1200, 60));
	rate_is(h, 180 * S, 20, 0);
	heard_free(h);
}

static void counters_wrap(void **state)
{
	struct heard *h = heard_new(100 * S, counts(UINT32_MAX - 4, 0));

	(void)state;
	heard_put(h, 100 * S, 101 * S, counts(UINT32_MAX + 6ull, 0));
	rate_is(h, 101 * S, 10, 0);
	heard_free(h);
}

static void durations_of_before_do_not_count(void **state)
{
	struct heard *h = heard_new(100 * S, counts(500, 0));
	uint64_t hist[HIST_BUCKETS] = { 0 };
	struct heard_rate rate;

	(void)state;
	assert_int_equal(heard_put_bucket(h, 100 * S, 20, 500), 0);
	heard_told(h);
	assert_int_equal(heard_recent(h, 100 * S, &rate, hist), -ENODATA);
	heard_put(h, 100 * S, 101 * S, counts(503, 0));
	heard_put_bucket(h, 101 * S, 20, 502);
	heard_put_bucket(h, 101 * S, 30, 1);
	assert_int_equal(recent(h, 101 * S, 20), 2);
	assert_int_equal(recent(h, 101 * S, 30), 1);
	heard_begin(h, 102 * S, counts(600, 0)); /* in mid-stream: the first count of a bucket is a life */
	heard_put(h, 102 * S, 103 * S, counts(601, 0));
	heard_put_bucket(h, 103 * S, 20, 599);
	assert_int_equal(recent(h, 103 * S, 20), 0);
	heard_told(h);
	heard_put_bucket(h, 103 * S, 31, 1); /* a keyframe did not tell it: it was 0 */
	assert_int_equal(recent(h, 103 * S, 31), 1);
	heard_free(h);
}

/* Of a row that is met in mid-stream: its buckets have counted before, too, those that are told later as well. */
static void a_life_before_does_not_count(void **state)
{
	struct heard *h = heard_new(100 * S, counts(500, 0));

	(void)state;
	heard_put_bucket(h, 100 * S, 20, 400);
	heard_put(h, 100 * S, 101 * S, counts(510, 0));
	heard_put_bucket(h, 101 * S, 20, 405);
	heard_put_bucket(h, 101 * S, 30, 105);
	assert_int_equal(recent(h, 101 * S, 20), 5);
	assert_int_equal(recent(h, 101 * S, 30), 0); /* of 105 nobody knows how many are new */
	heard_free(h);
	h = heard_new(100 * S, counts(0, 0)); /* it had answered none */
	heard_put(h, 100 * S, 101 * S, counts(7, 0));
	heard_put_bucket(h, 101 * S, 30, 7);
	assert_int_equal(recent(h, 101 * S, 30), 7);
	heard_free(h);
}

/* Its counters read 0 for a while. */
static void a_life_that_comes_back_does_not_count(void **state)
{
	struct heard *h = heard_new(100 * S, counts(0, 0));

	(void)state;
	heard_put(h, 100 * S, 101 * S, counts(500, 0));
	heard_put_bucket(h, 101 * S, 30, 500);
	heard_begin(h, 102 * S, counts(0, 0));
	heard_put_bucket(h, 102 * S, 30, 0);
	heard_put(h, 102 * S, 103 * S, counts(20, 0)); /* a new life */
	heard_put_bucket(h, 103 * S, 30, 20);
	assert_int_equal(recent(h, 103 * S, 30), 20);
	heard_put(h, 103 * S, 104 * S, counts(530, 0)); /* the old one again */
	heard_put_bucket(h, 104 * S, 30, 530);
	heard_put(h, 104 * S, 105 * S, counts(540, 0));
	heard_put_bucket(h, 105 * S, 30, 540);
	assert_int_equal(recent(h, 105 * S, 30), 10);
	rate_is(h, 105 * S, 10, 0);
	heard_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_load),
		cmocka_unit_test(a_load_that_ends),
		cmocka_unit_test(a_slow_agent),
		cmocka_unit_test(counters_wrap),
		cmocka_unit_test(durations_of_before_do_not_count),
		cmocka_unit_test(a_life_before_does_not_count),
		cmocka_unit_test(a_life_that_comes_back_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
