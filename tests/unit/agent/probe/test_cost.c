/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "agent/probe/cost.h"

#define CPUS 2

static struct plimsoll_cost kernel[CPUS * PLIMSOLL_PROGRAMS];
static uint32_t wanted;

static struct plimsoll_cost *at(uint32_t cpu, enum plimsoll_program program)
{
	return &kernel[cpu * PLIMSOLL_PROGRAMS + program];
}

static void runs(uint32_t cpu, enum plimsoll_program program, uint64_t n, uint64_t ns, uint64_t clock_ns)
{
	struct plimsoll_cost *c = at(cpu, program);

	c->runs += n;
	c->ns += n * ns;
	c->clock_ns += n * clock_ns;
}

static int begin(void **state)
{
	static struct cost_meter m;

	for (int i = 0; i < CPUS * PLIMSOLL_PROGRAMS; i++)
		kernel[i] = (struct plimsoll_cost){.ns = 1000000, .clock_ns = 7000, .runs = 100};
	wanted = 0;
	cost_init(&m, kernel, CPUS, &wanted);
	*state = &m;
	return 0;
}

static clock_boot_t second(double s)
{
	return (clock_boot_t){(uint64_t)(s * CLOCK_NS_PER_S)};
}

static void assert_close(double value, double expected)
{
	if (fabs(value - expected) > 1e-9 * (1 + fabs(expected)))
		fail_msg("%.12g is not %.12g", value, expected);
}

static void a_run_is_without_the_clock_and_over_all_cpus(void **state)
{
	struct cost_meter *m = *state;

	cost_start(m, second(10));
	assert_int_equal(wanted, 1);
	runs(0, PLIMSOLL_PROGRAM_SWITCH, 3000, 120, 20);
	runs(1, PLIMSOLL_PROGRAM_SWITCH, 1000, 320, 20);
	runs(1, PLIMSOLL_PROGRAM_TASK, 10, 520, 20);
	cost_stop(m, second(12));
	assert_int_equal(wanted, 0);
	assert_close(m->of[PLIMSOLL_PROGRAM_SWITCH].ns_per_run, 150);
	assert_close(m->of[PLIMSOLL_PROGRAM_SWITCH].share, 4000 * 150 / 2e9);
	assert_close(m->of[PLIMSOLL_PROGRAM_TASK].ns_per_run, 500);
	assert_close(m->of[PLIMSOLL_PROGRAM_CGROUP].ns_per_run, 0);
	assert_int_equal(m->results, 1);
}

static void what_ran_before_does_not_count(void **state)
{
	struct cost_meter *m = *state;

	runs(0, PLIMSOLL_PROGRAM_SWITCH, 100, 100000, 20);
	cost_start(m, second(1));
	cost_stop(m, second(2));
	assert_close(m->of[PLIMSOLL_PROGRAM_SWITCH].ns_per_run, 0);
	assert_close(m->of[PLIMSOLL_PROGRAM_SWITCH].share, 0);
}

static void shorter_than_the_clock_is_nothing(void **state)
{
	struct cost_meter *m = *state;

	cost_start(m, second(1));
	runs(0, PLIMSOLL_PROGRAM_SWITCH, 100, 18, 20);
	cost_stop(m, second(2));
	assert_close(m->of[PLIMSOLL_PROGRAM_SWITCH].ns_per_run, 0);
}

static void twice_on_or_off_changes_nothing(void **state)
{
	struct cost_meter *m = *state;

	cost_stop(m, second(1));
	assert_int_equal(m->results, 0);
	cost_start(m, second(2));
	runs(0, PLIMSOLL_PROGRAM_SWITCH, 10, 120, 20);
	cost_start(m, second(3));
	cost_stop(m, second(4));
	cost_stop(m, second(5));
	assert_int_equal(m->results, 1);
	assert_close(m->of[PLIMSOLL_PROGRAM_SWITCH].share, 10 * 100 / 2e9);
}

static void programs_know_their_part_and_who_pays(void **state)
{
	struct cost_meter *m = *state;

	assert_true(cost_paid_by_others(PLIMSOLL_PROGRAM_SWITCH));
	assert_false(cost_paid_by_others(PLIMSOLL_PROGRAM_TASK));
	cost_start(m, second(1));
	runs(0, PLIMSOLL_PROGRAM_BIRTH, 1000, 120, 20);
	runs(1, PLIMSOLL_PROGRAM_DEATH, 2000, 220, 20);
	runs(1, PLIMSOLL_PROGRAM_TASK, 2000, 220, 20);
	runs(1, PLIMSOLL_PROGRAM_EXIT, 1000, 120, 20);
	cost_stop(m, second(2));
	assert_close(cost_of_part(m, "cgroup"), (1000 * 100 + 2000 * 200) / 1e9);
	assert_close(cost_of_part(m, "task"), 1000 * 100 / 1e9); /* its walk is the agent's own */
	assert_close(cost_of_part(m, "nothing"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_run_is_without_the_clock_and_over_all_cpus, begin),
		cmocka_unit_test_setup(what_ran_before_does_not_count, begin),
		cmocka_unit_test_setup(shorter_than_the_clock_is_nothing, begin),
		cmocka_unit_test_setup(twice_on_or_off_changes_nothing, begin),
		cmocka_unit_test_setup(programs_know_their_part_and_who_pays, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
