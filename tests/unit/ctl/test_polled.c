/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/polled.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"

#define S CLOCK_NS_PER_S

/* How many more lists come when each answer takes so long, and when it is over. */
static unsigned lists(uint64_t period_ns, uint64_t seconds, uint64_t answer_ns, uint64_t *ret_end_ns)
{
	uint64_t begin_ns = 7 * S, now_ns = begin_ns + answer_ns, end_ns = begin_ns + seconds * S;
	unsigned n = 0;

	for (bool last = false;;) {
		now_ns += polled_wait(begin_ns, now_ns, period_ns, end_ns, &last);
		if (last)
			break;
		now_ns += answer_ns;
		n++;
	}
	*ret_end_ns = now_ns - begin_ns;
	return n;
}

/* As a stream of the same length: by the clock, whatever the period and however slow the answers. */
static void it_is_over_when_the_seconds_have_passed(void **unused)
{
	uint64_t end_ns;

	(void)unused;
	assert_int_equal(lists(S, 4, 0, &end_ns), 3);
	assert_int_equal(end_ns, 4 * S);
	assert_int_equal(lists(S, 4, S / 10, &end_ns), 3);
	assert_int_equal(end_ns, 4 * S);
	assert_int_equal(lists(60 * S, 10, S / 10, &end_ns), 0);
	assert_int_equal(end_ns, 10 * S);
	assert_int_equal(lists(60 * S, 121, S / 10, &end_ns), 2);
	assert_int_equal(end_ns, 121 * S);
	assert_int_equal(lists(S, 4, 3 * S / 2, &end_ns), 1); /* a time that passed meanwhile is left out */
	assert_int_equal(end_ns, 4 * S);
	assert_int_equal(lists(S, 4, 9 * S, &end_ns), 0);
	assert_int_equal(end_ns, 9 * S);
}

static void without_an_end_it_goes_on(void **unused)
{
	bool last = true;

	(void)unused;
	assert_int_equal(polled_wait(7 * S, 7 * S, S, UINT64_MAX, &last), S);
	assert_false(last);
	assert_int_equal(polled_wait(7 * S, 9 * S + S / 4, S, UINT64_MAX, &last), 3 * S / 4);
	assert_false(last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_over_when_the_seconds_have_passed),
		cmocka_unit_test(without_an_end_it_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
