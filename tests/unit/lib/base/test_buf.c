/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/scope.h"

static void empty_is_text(void **state)
{
	(void)state;
	struct buf b = { 0 };

	assert_string_equal(buf_text(&b), "");
	buf_clear(&b);
	scoped(freep) char *text = buf_take(&b);
	assert_string_equal(text, "");
	buf_done(&b);
}

static void grows_and_keeps_bytes(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b = { 0 };

	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%03d,", i);
	assert_int_equal(b.size, 4000);
	assert_int_equal(strlen(buf_text(&b)), 4000);
	assert_memory_equal(b.data + 4 * 997, "997,998,999,", 12);
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.size, 4003);
	assert_memory_equal(b.data + 4000, "a\0b", 4);
}

static void clear_keeps_room(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b = { 0 };

	buf_printf(&b, "%0500d", 7);
	size_t room = b.room;
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(b.room, room);
}

static void take_empties(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b = { 0 };

	buf_printf(&b, "hull");
	scoped(freep) char *text = buf_take(&b);
	assert_string_equal(text, "hull");
	assert_int_equal(b.size, 0);
	assert_null(b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_text),
		cmocka_unit_test(grows_and_keeps_bytes),
		cmocka_unit_test(clear_keeps_room),
		cmocka_unit_test(take_empties),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
