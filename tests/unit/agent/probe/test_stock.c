/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's side of the ring is played by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/probe/stock.h"

static struct plimsoll_birth ring[PLIMSOLL_STOCK];
static uint32_t filled, taken, known;
static struct stock stock;

static int setup(void **state)
{
	(void)state;
	filled = taken = known = UINT32_MAX - 2; /* numbers wrap */
	stock = (struct stock){.ring = ring, .filled = &filled, .taken = &taken, .known = &known, .read = taken};
	return 0;
}

static void a_birth_takes_the_slot_put_in_first(void **state)
{
	(void)state;
	for (uint32_t slot = 1; slot <= 4; slot++)
		stock_put(&stock, slot);
	assert_null(stock_next(&stock));
	taken += 3;
	assert_int_equal(stock_slots(&stock), 1);
	for (uint32_t slot = 1; slot <= 3; slot++)
		assert_int_equal(stock_next(&stock)->row, slot);
	assert_null(stock_next(&stock));
}

static void an_entry_is_free_when_its_birth_is_known(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < PLIMSOLL_STOCK; i++)
		stock_put(&stock, i + 1);
	taken += 5;
	while (stock_next(&stock))
		;
	assert_int_equal(stock_room(&stock), 0);
	stock_known(&stock);
	assert_int_equal(stock_room(&stock), 5);
	assert_int_equal(stock_slots(&stock), PLIMSOLL_STOCK - 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_birth_takes_the_slot_put_in_first, setup),
		cmocka_unit_test_setup(an_entry_is_free_when_its_birth_is_known, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
