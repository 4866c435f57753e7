/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/meet.h"

#define NUMBERS 8

static struct graph_place at(uint8_t last, uint16_t port)
{
	return (struct graph_place){.port = port, .address = {[10] = 0xff, [11] = 0xff, 10, 0, 0, last}};
}

static const struct graph_place *behind(const struct meet *m, const struct graph_place *called)
{
	return meet_behind(m, called);
}

static void either_end_may_be_the_first_to_tell(void **state)
{
	struct graph_place service = at(1, 80), other = at(2, 80), pod = at(7, 8080);

	(void)state;
	for (int first = 0; first < 2; first++) {
		struct meet *m = meet_new(NUMBERS);

		meet_heard(m, 5, first, first ? &pod : &service);
		assert_null(behind(m, &service));
		meet_heard(m, 5, !first, first ? &service : &pod);
		assert_int_equal(behind(m, &service)->port, 8080);
		assert_int_equal(behind(m, &service)->address[15], 7);
		assert_null(behind(m, &other));
		meet_free(m);
	}
}

static void other_numbers_say_nothing(void **state)
{
	struct graph_place service = at(1, 80), pod = at(7, 8080);
	struct meet *m = meet_new(NUMBERS);

	(void)state;
	meet_heard(m, 5, true, &pod);
	meet_heard(m, 6, false, &service);
	meet_heard(m, 0, true, &pod);
	meet_heard(m, 0, false, &service);
	assert_null(behind(m, &service));
	meet_free(m);
}

static void old_numbers_are_forgotten(void **state)
{
	struct graph_place service = at(1, 80), pod = at(7, 8080);
	struct meet *m = meet_new(NUMBERS);

	(void)state;
	meet_heard(m, 5, true, &pod);
	for (uint64_t n = 0; n < NUMBERS; n++)
		meet_heard(m, 100 + n, true, &pod);
	meet_heard(m, 5, false, &service);
	assert_null(behind(m, &service));
	meet_heard(m, 107, false, &service);
	assert_non_null(behind(m, &service));
	meet_free(m);
}

/* Who answers there says so himself; and loopback is another machine's for everybody else. */
static void what_is_not_translated_needs_no_memory(void **state)
{
	struct graph_place pod = at(7, 8080), own = {.port = 80, .address = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1}};
	struct meet *m = meet_new(NUMBERS);

	(void)state;
	meet_heard(m, 5, true, &pod);
	meet_heard(m, 5, false, &pod);
	meet_heard(m, 5, false, &own);
	assert_null(behind(m, &pod));
	assert_null(behind(m, &own));
	meet_free(m);
}

/* The newest counts, and memory is bounded. */
static void addresses_are_learned_anew(void **state)
{
	struct graph_place pod = at(7, 8080), next = at(8, 8080), service = at(1, 1);
	struct meet *m = meet_new(NUMBERS);

	(void)state;
	for (uint16_t port = 1; port <= MEET_ADDRESSES; port++) {
		service.port = port;
		meet_heard(m, port, true, &pod);
		meet_heard(m, port, false, &service);
	}
	meet_heard(m, 9000, true, &next);
	meet_heard(m, 9000, false, &service);
	assert_int_equal(behind(m, &service)->address[15], 8);
	service.port = 1;
	assert_non_null(behind(m, &service));
	service.port = MEET_ADDRESSES + 1;
	meet_heard(m, 9000, false, &service);
	assert_non_null(behind(m, &service));
	service.port = 1;
	assert_null(behind(m, &service));
	meet_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(either_end_may_be_the_first_to_tell),
		cmocka_unit_test(other_numbers_say_nothing),
		cmocka_unit_test(old_numbers_are_forgotten),
		cmocka_unit_test(what_is_not_translated_needs_no_memory),
		cmocka_unit_test(addresses_are_learned_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
