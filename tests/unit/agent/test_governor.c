/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "agent/governor.h"

#define SECOND	 1000000000ull
#define PATIENCE 30 /* seconds */
#define PARTS	 3
#define HOUR	 3600

/* An agent whose parts cost what the test says, second by second. */
struct machine {
	struct governor g;
	struct governor_budget budget;
	struct governor_part parts[PARTS];
	double own, pass[PARTS], kernel, kernel_of[PARTS]; /* of a core, while they are on; without the parts */
	uint64_t now_ns, cpu_ns, measurements;
	unsigned second;
	int drops, returns;
	struct governor_verdict v;
};

static struct machine machine(double own, double kernel)
{
	struct machine m = {.budget = {own, kernel, PATIENCE * SECOND}, .now_ns = 5 * SECOND};

	for (int i = 0; i < PARTS; i++)
		m.parts[i] = (struct governor_part){.open = true, .on = true};
	governor_init(&m.g);
	return m;
}

static double measured(struct machine *m)
{
	double all = m->kernel;

	for (int i = 0; i < PARTS; i++) {
		m->parts[i].kernel = m->parts[i].on ? m->kernel_of[i] : 0;
		all += m->parts[i].kernel;
	}
	return all;
}

static void live(struct machine *m)
{
	double spent = m->own;
	struct governor_costs c;

	for (int i = 0; i < PARTS; i++) {
		if (!m->parts[i].on)
			continue;
		m->parts[i].pass_ns += (uint64_t)(m->pass[i] * SECOND);
		spent += m->pass[i];
	}
	m->second++;
	m->now_ns += SECOND;
	m->cpu_ns += (uint64_t)(spent * SECOND);
	m->measurements += m->second % PATIENCE == 1;
	c = (struct governor_costs){m->now_ns, m->cpu_ns, m->measurements, measured(m), m->parts, PARTS};
	m->v = governor_step(&m->g, &m->budget, &c);
	if (m->v.drop >= 0) {
		assert_true(m->parts[m->v.drop].on && m->parts[m->v.drop].open);
		m->parts[m->v.drop].on = false;
		m->drops++;
	}
	if (m->v.restore >= 0) {
		assert_false(m->parts[m->v.restore].on);
		m->parts[m->v.restore].on = true;
		m->returns++;
	}
}

static void live_for(struct machine *m, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++)
		live(m);
}

static int n_on(const struct machine *m)
{
	return m->parts[0].on + m->parts[1].on + m->parts[2].on;
}

static void within_the_budget_nothing_happens(void **state)
{
	struct machine m = machine(0.003, 0.02);

	(void)state;
	m.own = 0.002;
	m.pass[1] = 0.0005;
	m.kernel_of[2] = 0.019;
	live_for(&m, HOUR);
	assert_int_equal(m.drops + m.returns, 0);
	assert_int_equal(m.v.excess, GOVERNOR_WITHIN);
}

/* What it costs when most of its rows have gone was spent while they were there. */
static void a_budget_that_falls_is_not_held_against_the_past(void **state)
{
	struct machine m = machine(0.03, 0.02);

	(void)state;
	m.own = 0.02;
	m.pass[1] = 0.005;
	live_for(&m, PATIENCE - 5);
	m.budget.own = 0.003;
	m.own = 0.001;
	m.pass[1] = 0.001;
	live_for(&m, 2 * PATIENCE);
	assert_int_equal(m.drops, 0);
}

/* Whoever reads why something was left out compares the two. */
static void what_was_taken_is_told_beside_what_was_allowed_meanwhile(void **state)
{
	struct machine m = machine(0.02, 0.02);

	(void)state;
	m.own = 0.03;
	live_for(&m, PATIENCE / 2);
	m.budget.own = 0.06; /* rows came, and the window is not over */
	live_for(&m, PATIENCE / 2 + 1);
	assert_true(m.v.own > 0.029 && m.v.own < 0.031);
	assert_true(m.v.allowed > 0.035 && m.v.allowed < 0.045);
}

static void without_a_budget_nothing_happens(void **state)
{
	struct machine m = machine(0, 0);

	(void)state;
	m.own = m.pass[1] = m.kernel = m.kernel_of[2] = 0.9;
	live_for(&m, HOUR);
	assert_int_equal(m.drops, 0);
	assert_int_equal(m.v.excess, GOVERNOR_WITHIN);
}

/* Which part goes, by what is too dear and what each takes of it. */
static void the_dearest_of_what_is_too_dear_goes(void **state)
{
	static const struct {
		const char *name;
		double own, pass[PARTS], kernel, kernel_of[PARTS];
		bool closed[PARTS];
		enum governor_excess excess;
		int drop;
	} table[] = {
		{"own, by pass", 0.003, {0.0002, 0.0004, 0.0001}, 0, {0, 0, 0.01}, {0}, GOVERNOR_OWN, 1},
		{"own, not what the kernel takes", 0.01, {0.0001}, 0.001, {0, 0.01, 0.02}, {0}, GOVERNOR_OWN, 0},
		{"kernel, by programs", 0, {0.002}, 0.001, {0.002, 0.03, 0.01}, {0}, GOVERNOR_KERNEL, 1},
		{"equal: the later one", 0.004, {0.0003, 0.0003, 0}, 0, {0}, {0}, GOVERNOR_OWN, 1},
		{"one that is not open", 0.004, {0.0001, 0.0003, 0}, 0, {0}, {0, true, 0}, GOVERNOR_OWN, 0},
		{"no part has a share", 0.004, {0}, 0, {0.001}, {0}, GOVERNOR_OWN, -1},
		{"only the core's programs", 0, {0.001}, 0.05, {0}, {0}, GOVERNOR_KERNEL, -1},
		{"both: own first", 0.004, {0.0001}, 0.05, {0, 0.01}, {0}, GOVERNOR_OWN, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct machine m = machine(0.003, 0.02);
		unsigned seconds = 0;

		m.own = table[i].own;
		m.kernel = table[i].kernel;
		for (int k = 0; k < PARTS; k++) {
			m.pass[k] = table[i].pass[k];
			m.kernel_of[k] = table[i].kernel_of[k];
			m.parts[k].open = !table[i].closed[k];
			m.parts[k].on = m.parts[k].open;
		}
		while (m.v.excess == GOVERNOR_WITHIN && seconds++ < 10 * PATIENCE)
			live(&m);
		if (m.v.excess != table[i].excess || m.v.drop != table[i].drop ||
		    m.v.helpless != (table[i].drop < 0))
			fail_msg("%s: excess %d, drop %d, helpless %d", table[i].name, m.v.excess, m.v.drop,
				 m.v.helpless);
	}
}

static void a_spike_is_forgiven(void **state)
{
	struct machine m = machine(0.003, 0.02);

	(void)state;
	m.own = 0.001;
	m.pass[0] = 0.0001;
	for (int hour = 0; hour < 3; hour++) {
		live_for(&m, HOUR);
		m.own = 0.05; /* a second of it is 0.0017 of a window */
		live_for(&m, 1);
		m.own = 0.001;
	}
	assert_int_equal(m.drops, 0);
}

static void one_dear_measurement_is_forgiven(void **state)
{
	struct machine m = machine(0.003, 0.02);

	(void)state;
	for (int i = 0; i < 100; i++) {
		m.kernel_of[1] = i % 2 ? 0.3 : 0.001;
		live_for(&m, PATIENCE);
	}
	assert_int_equal(m.drops, 0);
}

static void a_ladder_down_and_the_same_way_up(void **state)
{
	struct machine m = machine(0.003, 0);
	int order[PARTS] = {-1, -1, -1}, n = 0;

	(void)state;
	m.own = 0.0031;
	m.pass[0] = 0.0002;
	m.pass[1] = 0.0006;
	m.pass[2] = 0.0004;
	for (int i = 0; i < 6 * PATIENCE; i++) {
		live(&m);
		if (m.v.drop >= 0 && n < PARTS)
			order[n++] = m.v.drop;
	}
	assert_int_equal(n, 3);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 2);
	assert_int_equal(order[2], 0);
	assert_true(m.v.helpless);
	m.own = 0.0005;
	while (m.returns < 3 && m.second < HOUR) {
		live(&m);
		if (m.v.restore >= 0)
			assert_int_equal(m.v.restore, order[--n]);
	}
	assert_int_equal(n_on(&m), PARTS);
	assert_int_equal(m.drops, 3);
	live_for(&m, HOUR);
	assert_int_equal(m.drops, 3);
}

static void it_comes_back_only_after_its_time(void **state)
{
	struct machine m = machine(0.003, 0);
	unsigned gone_at;

	(void)state;
	m.own = 0.004;
	m.pass[1] = 0.0005;
	while (!m.drops)
		live(&m);
	gone_at = m.second;
	m.own = 0.001;
	while (!m.returns)
		live(&m);
	assert_int_equal(m.second - gone_at, GOVERNOR_WAIT_FIRST * PATIENCE);
}

/* Below the budget, but not so far that the part would fit. */
static void nearly_below_is_not_below(void **state)
{
	struct machine m = machine(0.003, 0);

	(void)state;
	m.own = 0.0025;
	m.pass[1] = 0.001;
	live_for(&m, 8 * HOUR);
	assert_int_equal(m.drops, 1);
	assert_int_equal(m.returns, 0);
}

/* It never fits: every return is a mistake, and there are fewer and fewer of them. */
static void a_part_that_never_fits_is_tried_ever_less(void **state)
{
	struct machine m = machine(0.003, 0);
	int first, later;

	(void)state;
	m.own = 0.0015;
	m.pass[1] = 0.002;
	live_for(&m, 2 * HOUR);
	first = m.drops;
	live_for(&m, 22 * HOUR);
	later = m.drops - first;
	print_message("  tried %d times in 2 h, %d in the 22 h that follow\n", first - 1, later);
	assert_true(first >= 3 && first <= 6);
	assert_in_range(later, 16, 22); /* about once an hour */
}

static double noise(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return (double)(*seed >> 8) / (1 << 24);
}

/* A load whose mean is at the budget, and that swings by half of it from second to second. */
static void noise_does_not_make_it_flap(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 50; seed++) {
		struct machine m = machine(0.003, 0.02);
		uint32_t s = seed;

		m.pass[1] = 0.0006;
		m.kernel = 0.01;
		for (int i = 0; i < 24 * HOUR; i++) {
			m.own = 0.0024 * (0.5 + noise(&s));
			m.kernel_of[2] = 0.01 * 2 * noise(&s);
			live(&m);
		}
		if (m.drops > 48)
			fail_msg("seed %u: %d drops in a day", seed, m.drops);
	}
}

static void a_gone_load_lets_everything_come_back(void **state)
{
	struct machine m = machine(0.003, 0.02);

	(void)state;
	m.kernel = 0.005;
	m.kernel_of[0] = 0.004;
	m.kernel_of[2] = 0.04;
	live_for(&m, HOUR);
	assert_false(m.parts[2].on);
	assert_true(m.parts[0].on);
	m.kernel_of[2] = 0.001;
	live_for(&m, 3 * HOUR);
	assert_int_equal(n_on(&m), PARTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_the_budget_nothing_happens),
		cmocka_unit_test(a_budget_that_falls_is_not_held_against_the_past),
		cmocka_unit_test(what_was_taken_is_told_beside_what_was_allowed_meanwhile),
		cmocka_unit_test(without_a_budget_nothing_happens),
		cmocka_unit_test(the_dearest_of_what_is_too_dear_goes),
		cmocka_unit_test(a_spike_is_forgiven),
		cmocka_unit_test(one_dear_measurement_is_forgiven),
		cmocka_unit_test(a_ladder_down_and_the_same_way_up),
		cmocka_unit_test(it_comes_back_only_after_its_time),
		cmocka_unit_test(nearly_below_is_not_below),
		cmocka_unit_test(a_part_that_never_fits_is_tried_ever_less),
		cmocka_unit_test(noise_does_not_make_it_flap),
		cmocka_unit_test(a_gone_load_lets_everything_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
