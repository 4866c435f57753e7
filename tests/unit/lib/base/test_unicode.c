/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/unicode.h"

static void reads(const char *text, size_t bytes, uint32_t code)
{
	uint32_t found = 0;

	assert_int_equal(unicode_next(text, &found), bytes);
	assert_int_equal(found, code);
}

static void good(void **state)
{
	(void)state;
	reads("a", 1, 'a');
	reads("\x7f", 1, 0x7f);
	reads("\xc2\x80", 2, 0x80);
	reads("\xdf\xbf", 2, 0x7ff);
	reads("\xe0\xa0\x80", 3, 0x800);
	reads("\xef\xbf\xbf", 3, 0xffff);
	reads("\xf0\x90\x80\x80", 4, 0x10000);
	reads("\xf4\x8f\xbf\xbf", 4, 0x10ffff);
}

static void bad(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x9a",
		"\xc3x", "\xe2\x82x",
	};
	uint32_t code = 7;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(unicode_next(texts[i], &code), 0);
	assert_int_equal(code, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(good), cmocka_unit_test(bad) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
