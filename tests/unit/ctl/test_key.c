/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/key.h"

static void is(const char *bytes, int last, size_t taken, enum key_name name, uint32_t code)
{
	struct key k = {.name = KEY_NONE};

	assert_int_equal(key_parse(bytes, strlen(bytes), last, &k), taken);
	if (!taken)
		return;
	assert_int_equal(k.name, name);
	assert_int_equal(k.code, code);
	if (name == KEY_TEXT)
		assert_true(strlen(k.text) == taken && strncmp(k.text, bytes, taken) == 0);
}

static void test_characters(void **state)
{
	(void)state;
	is("q", 0, 1, KEY_TEXT, 'q');
	is("é!", 0, 2, KEY_TEXT, 0xe9);
	is("\r", 0, 1, KEY_ENTER, 0);
	is("\n", 0, 1, KEY_ENTER, 0);
	is("\x7f", 0, 1, KEY_BACKSPACE, 0);
	is("\b", 0, 1, KEY_BACKSPACE, 0);
	is("\x0c", 0, 1, KEY_REDRAW, 0);
	is("\x01", 0, 1, KEY_NONE, 0);
}

static void test_sequences(void **state)
{
	(void)state;
	is("\033[A", 0, 3, KEY_UP, 0);
	is("\033OB", 0, 3, KEY_DOWN, 0);
	is("\033OM", 0, 3, KEY_ENTER, 0);
	is("\033[5~x", 0, 4, KEY_PAGE_UP, 0);
	is("\033[6~", 0, 4, KEY_PAGE_DOWN, 0);
	is("\033[1~", 0, 4, KEY_HOME, 0);
	is("\033[F", 0, 3, KEY_END, 0);
	is("\033[1;5A", 0, 6, KEY_UP, 0);         /* with Ctrl */
	is("\033[200~", 0, 6, KEY_NONE, 0);       /* pasting begins */
	is("\033[<0;12;3M", 0, 10, KEY_NONE, 0);  /* a mouse that nobody asked for */
	is("\033x", 0, 2, KEY_NONE, 0);           /* Alt */
}

static void test_halves_wait(void **state)
{
	(void)state;
	is("\033", 0, 0, KEY_NONE, 0);
	is("\033[", 0, 0, KEY_NONE, 0);
	is("\033[5", 0, 0, KEY_NONE, 0);
	is("\033O", 0, 0, KEY_NONE, 0);
	is("\xc3", 0, 0, KEY_NONE, 0);
	is("\033", 1, 1, KEY_ESCAPE, 0);
	is("\033\033", 0, 1, KEY_ESCAPE, 0);
	is("\033[5", 1, 3, KEY_NONE, 0);
	is("\xc3", 1, 1, KEY_NONE, 0);
	is("\xff", 0, 0, KEY_NONE, 0);
	is("\x80", 0, 1, KEY_NONE, 0);
}

/* Whatever comes: bytes are taken, never more than there are, and everything is taken in the end. */
static void test_noise_is_swallowed(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		char bytes[65];
		size_t n = 1 + (size_t)rand() % 64;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)(rand() % 3 ? 1 + rand() % 255 : "\033[O;1~"[rand() % 6]);
		bytes[n] = '\0';
		for (size_t at = 0; at < n;) {
			struct key k;
			size_t taken = key_parse(bytes + at, n - at, 1, &k);

			assert_in_range(taken, 1, n - at);
			at += taken;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_halves_wait),
		cmocka_unit_test(test_noise_is_swallowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
