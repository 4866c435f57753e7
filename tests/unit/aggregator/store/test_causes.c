/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/store/causes.h"

#define IO    SATURATION_IO
#define QUEUE SATURATION_ACCEPT_QUEUE

static struct causes c;
static struct saturation mean;

static int setup(void **state)
{
	(void)state;
	causes_reset(&c);
	return 0;
}

static void put(uint32_t slot, uint16_t io, uint16_t queue)
{
	struct saturation s = {.known = 1u << IO | 1u << QUEUE, .advice = SATURATION_SLOW_DISK};

	s.permille[IO] = io;
	s.permille[QUEUE] = queue;
	causes_put(&c, slot, &s);
}

static void nothing_put_is_nothing_known(void **state)
{
	(void)state;
	causes_mean(&c, 7, 3, &mean);
	assert_int_equal(mean.known, 0);
	assert_int_equal(mean.advice, SATURATION_NONE);
}

static void the_mean_is_over_the_last_slots(void **state)
{
	(void)state;
	put(5, 1000, 0);
	put(6, 400, 0);
	put(7, 200, 0);
	causes_mean(&c, 7, 2, &mean);
	assert_int_equal(mean.known, 1u << IO | 1u << QUEUE);
	assert_int_equal(mean.permille[IO], 300);
	assert_int_equal(mean.advice, SATURATION_SLOW_DISK);
	causes_mean(&c, 7, 8, &mean); /* three are all there are */
	assert_in_range(mean.permille[IO], 528, 533);
}

static void a_pause_is_0_but_a_queue_stays_full(void **state)
{
	(void)state;
	put(10, 800, 600);
	causes_mean(&c, 11, 2, &mean); /* slot 11 was not written */
	assert_int_equal(mean.permille[IO], 400);
	assert_int_equal(mean.permille[QUEUE], 600);
	causes_mean(&c, 30, 3, &mean);
	assert_int_equal(mean.permille[IO], 0);
	assert_int_equal(mean.permille[QUEUE], 600);
	assert_int_equal(mean.advice, SATURATION_WAITS_FOR_OTHERS); /* it does nothing but has a queue */
	put(31, 800, 0);
	causes_mean(&c, 36, 3, &mean);
	assert_int_equal(mean.advice, SATURATION_NONE); /* that was long ago */
	put(40, 200, 0);
	causes_mean(&c, 40, 4, &mean);
	assert_int_equal(mean.permille[IO], 50); /* 200 / 4 */
}

static void a_slot_keeps_the_highest_of_its_samples(void **state)
{
	(void)state;
	put(3, 100, 0);
	put(3, 900, 0);
	put(3, 300, 0);
	causes_mean(&c, 3, 1, &mean);
	assert_int_equal(mean.permille[IO], 900);
}

/* Not only in the first slots of a node's life. */
static void its_later_samples_leave_the_slots_before_alone(void **state)
{
	(void)state;
	put(20, 600, 0);
	put(21, 900, 0);
	put(21, 300, 0);
	causes_mean(&c, 21, 1, &mean);
	assert_int_equal(mean.permille[IO], 900);
	causes_mean(&c, 21, 2, &mean);
	assert_int_equal(mean.permille[IO], 750);
}

static void unknown_is_left_out_of_the_mean(void **state)
{
	struct saturation blind = {0};

	(void)state;
	put(1, 600, 0);
	causes_put(&c, 2, &blind);
	causes_mean(&c, 2, 2, &mean);
	assert_int_equal(mean.permille[IO], 600);
	causes_mean(&c, 2, 1, &mean);
	assert_int_equal(mean.known, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_put_is_nothing_known, setup),
		cmocka_unit_test_setup(the_mean_is_over_the_last_slots, setup),
		cmocka_unit_test_setup(a_pause_is_0_but_a_queue_stays_full, setup),
		cmocka_unit_test_setup(a_slot_keeps_the_highest_of_its_samples, setup),
		cmocka_unit_test_setup(its_later_samples_leave_the_slots_before_alone, setup),
		cmocka_unit_test_setup(unknown_is_left_out_of_the_mean, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
