/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/beat.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

#define S     CLOCK_NS_PER_S
#define MS    CLOCK_NS_PER_MS
#define BEGIN (1000 * S)

/* Until then, without a second in between. How often it was decided; *ret_ns: the last time. */
static unsigned run_until(struct beat *b, uint64_t until_ns, uint64_t *ret_ns)
{
	unsigned n = 0;

	for (; b->next_ns <= until_ns; n++) {
		*ret_ns = b->next_ns;
		beat_decided(b, b->next_ns);
	}
	return n;
}

static void begin(struct beat *b, uint64_t begin_ns)
{
	beat_begin(b, S, begin_ns);
}

/* Whenever the aggregator was started between two seconds of an agent, and however they swing. */
TEST(a_second_is_decided_on_at_once)
{
	for (uint64_t phase_ns = 0; phase_ns < S; phase_ns += 10 * MS) {
		struct beat b;
		uint64_t at_ns = BEGIN + phase_ns, decided_ns = 0;

		begin(&b, BEGIN);
		run_until(&b, at_ns, &decided_ns);
		for (unsigned i = 0; i < 20; i++, at_ns += S + (i % 2 ? 40 : -40) * (int64_t)MS) {
			uint64_t before_ns = at_ns - 1;

			run_until(&b, before_ns, &decided_ns);
			assert_true(beat_second(&b, at_ns));
			assert_int_equal(run_until(&b, at_ns + BEAT_LEAST_NS, &decided_ns), 1);
			if (i > 0)
				assert_int_equal(decided_ns, at_ns + BEAT_GATHER_NS);
		}
	}
}

TEST(seconds_of_many_nodes_come_together)
{
	struct beat b;
	uint64_t decided_ns = 0;
	unsigned n = 0;

	begin(&b, BEGIN);
	for (uint64_t at_ns = BEGIN; at_ns < BEGIN + 10 * S; at_ns += MS) {
		n += run_until(&b, at_ns, &decided_ns);
		(void)beat_second(&b, at_ns);
	}
	assert_in_range(n, 39, 41);
}

TEST(without_seconds_it_ticks)
{
	struct beat b;
	uint64_t decided_ns = 0;

	begin(&b, BEGIN);
	assert_int_equal(beat_wait(&b, BEGIN), S);
	assert_int_equal(beat_wait(&b, BEGIN + 2 * S), 0);
	assert_int_equal(run_until(&b, BEGIN + 10 * S, &decided_ns), 10);
	assert_true(beat_second(&b, BEGIN + 10 * S + 500 * MS));
	assert_false(beat_second(&b, BEGIN + 10 * S + 510 * MS));
	assert_int_equal(run_until(&b, BEGIN + 11 * S, &decided_ns), 1);
	/* Not later than a tick and the little that the next second is given. */
	assert_int_equal(run_until(&b, decided_ns + S + BEAT_LEAST_NS, &decided_ns), 1);
	assert_int_equal(run_until(&b, decided_ns + 5 * S, &decided_ns), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_is_decided_on_at_once),
		cmocka_unit_test(seconds_of_many_nodes_come_together),
		cmocka_unit_test(without_seconds_it_ticks),
	};

	return cmocka_run_group_tests_name("aggregator/beat", tests, NULL, NULL);
}
