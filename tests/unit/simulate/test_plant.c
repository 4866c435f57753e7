/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "simulate/plant.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

static const struct plant_model model = {.capacity_milli = 500, .startup_s = 10, .slo = 5};

TEST(load_is_shared_by_those_that_serve)
{
	struct plant p;

	plant_begin(&model, 2, &p);
	plant_set(&p, 4, 100);
	plant_second(&p, 109, 800);
	assert_int_equal(p.serving, 2);
	assert_true(p.use_milli == 400);
	assert_int_equal(p.wait_permille, 800);
	plant_second(&p, 110, 800);
	assert_int_equal(p.serving, 4);
	assert_true(p.use_milli == 200);
	plant_set(&p, 1, 111);
	assert_int_equal(p.serving, 1);
	plant_done(&p);
}

/* 1,500 of 1,000 for two seconds; then 500, so that it takes two to work it off. */
TEST(what_cannot_be_carried_waits)
{
	struct plant p;

	plant_begin(&model, 2, &p);
	plant_second(&p, 0, 1500);
	assert_true(p.backlog_milli_s == 500);
	plant_second(&p, 1, 1500);
	assert_true(p.backlog_milli_s == 1000);
	assert_int_equal(p.wait_permille, 1000);
	plant_second(&p, 2, 500);
	assert_true(p.backlog_milli_s == 500);
	assert_true(p.missed);
	plant_second(&p, 3, 500);
	assert_true(p.backlog_milli_s == 0);
	assert_true(p.use_milli == 500);
	plant_second(&p, 4, 500);
	assert_false(p.missed);
	plant_done(&p);
}

/* 1 / (1 - u / C) = 5 at 80 %. */
TEST(the_slo_is_a_response_time)
{
	struct plant p;

	plant_begin(&model, 1, &p);
	plant_second(&p, 0, 400);
	assert_false(p.missed);
	plant_second(&p, 1, 401);
	assert_true(p.missed);
	plant_set(&p, 0, 2);
	plant_second(&p, 2, 1);
	assert_true(p.missed);
	plant_second(&p, 3, 0);
	plant_done(&p);
	assert_int_equal(plant_need(&model, 400), 1);
	assert_int_equal(plant_need(&model, 401), 2);
	assert_int_equal(plant_need(&model, 0), 0);
}

static uint64_t quantile_us(const struct plant *p, double quantile, uint64_t *ret_n)
{
	uint64_t all[HIST_BUCKETS], ns = 0;
	uint32_t took[HIST_BUCKETS];

	plant_took(p, took);
	*ret_n = 0;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		*ret_n += all[i] = took[i];
	hist_quantile(all, quantile, &ns);
	return ns / 1000;
}

/* At 80 % of what it can, a replica answers 80 of 10 ms each a second, in 50 ms on average: exponential, so p95 is 150. */
TEST(requests_take_longer_when_it_has_more_to_do)
{
	struct plant p;
	uint64_t n;

	plant_begin(&model, 1, &p);
	plant_second(&p, 0, 400);
	assert_in_range(quantile_us(&p, 0.95, &n), 130000, 170000);
	assert_int_equal(n, 80);
	assert_in_range(quantile_us(&p, 0.5, &n), 30000, 40000);
	plant_second(&p, 1, 0);
	quantile_us(&p, 0.95, &n);
	assert_int_equal(n, 0);
	plant_second(&p, 2, 2500); /* 2,000 milli x s are not served: 4 s until the next one's turn */
	assert_in_range(quantile_us(&p, 0.05, &n), 4000000, 8500000);
	assert_int_equal(n, 100);
	plant_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_is_shared_by_those_that_serve),
		cmocka_unit_test(what_cannot_be_carried_waits),
		cmocka_unit_test(the_slo_is_a_response_time),
		cmocka_unit_test(requests_take_longer_when_it_has_more_to_do),
	};

	return cmocka_run_group_tests_name("simulate/plant", tests, NULL, NULL);
}
