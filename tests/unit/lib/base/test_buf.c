/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

static int fed(struct buf *b, const char *text, size_t most)
{
	int ends[2], r;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	r = buf_read(b, ends[0], most);
	close(ends[0]);
	return r;
}

static void reads_to_the_end_or_the_limit(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b = {0}, more = {0};
	scoped(closep) int folder = open("/", O_RDONLY | O_CLOEXEC);

	assert_int_equal(fed(&b, "", 0), 0);
	assert_int_equal(fed(&b, "one ", 7), 0);
	assert_int_equal(fed(&b, "two", 7), 0);
	assert_string_equal(buf_text(&b), "one two");
	assert_int_equal(fed(&b, "!", 7), -E2BIG);
	assert_int_equal(buf_read(&more, folder, 7), -EISDIR);
	assert_int_equal(buf_read(&more, -1, 7), -EBADF);
	assert_int_equal(more.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_text),
		cmocka_unit_test(grows_and_keeps_bytes),
		cmocka_unit_test(clear_keeps_room),
		cmocka_unit_test(take_empties),
		cmocka_unit_test(reads_to_the_end_or_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
