/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet's budget: a fleet of made-up policies that want as much as they like, for hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aggregator/budget.h"

#define SECOND	 1000000000ull
#define POLICIES 40
#define HOURS_S	 (3600 * 3)
#define A_MINUTE 30

struct policy {
	struct budget_turn turn;
	uint32_t replicas, goal, period_s; /* it decides so often */
	uint32_t waited_s;		   /* since it began to want, or got something */
};

static struct policy policies[POLICIES];
static uint32_t added[HOURS_S + 1]; /* in each second */
static uint64_t seed;

static uint32_t from_to(uint32_t least, uint32_t most)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return least + (uint32_t)(seed >> 33) % (most - least + 1);
}

/* It wants its goal, gets what there is, and one order in ten fails. */
static void decide(struct budget *b, struct policy *p, uint32_t s)
{
	uint32_t room = budget_room(b, &p->turn, s * SECOND, p->replicas), from = p->replicas;
	uint32_t lacks = p->goal > from && p->goal - from > room ? p->goal - from - room : 0, to = p->goal - lacks;

	budget_note(b, &p->turn, s * SECOND, from, to, lacks);
	if (to > from && from_to(1, 10) == 1) {
		budget_failed(&p->turn, to);
		return;
	}
	p->replicas = to;
	added[s] += to > from ? to - from : 0;
	p->waited_s = to != from || !lacks ? 0 : p->waited_s + p->period_s;
}

static void round_of(struct budget *b, uint32_t s)
{
	struct budget_turn *line[POLICIES];

	for (size_t i = 0; i < POLICIES; i++)
		line[i] = &policies[i].turn;
	budget_line_up(line, POLICIES);
	budget_round(b);
	for (size_t i = 0; i < POLICIES; i++) {
		struct policy *p = (struct policy *)line[i]; /* which begins with it */

		if (s % p->period_s == 0)
			decide(b, p, s);
		budget_pass(b, &p->turn);
	}
}

static uint32_t of_a_minute(uint32_t s)
{
	uint32_t sum = 0;

	for (uint32_t i = s < 60 ? 0 : s - 60; i <= s; i++) /* both ends: 60 s and more */
		sum += added[i];
	return sum;
}

static void no_minute_has_more_than_the_budget_and_nobody_starves(void **state)
{
	struct budget b = {.a_minute = A_MINUTE};
	uint32_t most = 0, longest = 0;

	(void)state;
	seed = 7;
	for (size_t i = 0; i < POLICIES; i++)
		policies[i] = (struct policy){.turn.place = (uint32_t)i, .replicas = 2, .goal = 2, .period_s = i % 3 ? 1 : 15};
	for (uint32_t s = 1; s <= HOURS_S; s++) {
		for (size_t i = 0; i < POLICIES; i++)
			if (from_to(1, 600) == 1)
				policies[i].goal = from_to(1, 1000);
		round_of(&b, s);
		most = of_a_minute(s) > most ? of_a_minute(s) : most;
		for (size_t i = 0; i < POLICIES; i++)
			longest = policies[i].waited_s > longest ? policies[i].waited_s : longest;
	}
	assert_int_equal(most, A_MINUTE); /* never more, and it is used */
	/* One turn of each: a minute and a part, and what an HPA's period and a failure add. */
	assert_in_range(longest, 60, POLICIES * (61 + 15 + 15));
}

static void a_step_down_frees_nothing_early(void **state)
{
	struct budget b = {.a_minute = 10};
	struct budget_turn t = {0};

	(void)state;
	budget_note(&b, &t, 100 * SECOND, 0, 10, 0);
	budget_note(&b, &t, 110 * SECOND, 10, 2, 0);
	assert_int_equal(budget_room(&b, &t, 159 * SECOND, 2), 0);
	assert_int_equal(budget_room(&b, &t, 160 * SECOND, 2), 0); /* parts of a second count to their end */
	assert_int_equal(budget_room(&b, &t, 161 * SECOND, 2), 10);
}

static void a_failed_order_is_not_counted_twice(void **state)
{
	struct budget b = {.a_minute = 10};
	struct budget_turn t = {0}, other = {0};

	(void)state;
	budget_note(&b, &t, 100 * SECOND, 4, 12, 0);
	budget_failed(&t, 12);
	assert_int_equal(budget_room(&b, &other, 101 * SECOND, 4), 2);
	assert_int_equal(budget_room(&b, &t, 101 * SECOND, 4), 10); /* its own 8, and the rest */
	budget_note(&b, &t, 101 * SECOND, 4, 12, 0);
	budget_failed(&t, 12);
	assert_int_equal(budget_room(&b, &other, 101 * SECOND, 4), 2);
	assert_int_equal(budget_room(&b, &other, 161 * SECOND, 4), 2); /* from the second time on */
	assert_int_equal(budget_room(&b, &other, 162 * SECOND, 4), 10);
	budget_note(&b, &t, 165 * SECOND, 4, 12, 0);
	assert_int_equal(budget_room(&b, &other, 165 * SECOND, 4), 2);
}

/* Also where so many wait as long that a sort might mix them. */
static void those_that_waited_as_long_keep_their_places(void **state)
{
	static struct budget_turn turn[1000];
	static struct budget_turn *line[1000];

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		turn[i] = (struct budget_turn){.place = i, .since_ns = i % 3 ? 5 + i % 3 : 0};
		line[999 - i] = &turn[i];
	}
	budget_line_up(line, 1000);
	for (size_t i = 1; i < 1000; i++) {
		const struct budget_turn *a = line[i - 1], *b = line[i];

		assert_true(a->since_ns == b->since_ns ? a->place < b->place
						       : !b->since_ns || (a->since_ns && a->since_ns < b->since_ns));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_waited_as_long_keep_their_places),
		cmocka_unit_test(no_minute_has_more_than_the_budget_and_nobody_starves),
		cmocka_unit_test(a_step_down_frees_nothing_early),
		cmocka_unit_test(a_failed_order_is_not_counted_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
