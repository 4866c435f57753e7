/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unicode.h"

struct form {
	uint8_t mask, lead; /* byte & mask == lead */
	uint32_t least;     /* smaller numbers have a shorter form */
};

static const struct form forms[] = {
	{ 0x80, 0x00, 1 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 },
};

size_t unicode_next(const char *text, uint32_t *ret_code)
{
	const uint8_t *c = (const uint8_t *)text;
	size_t n = 0;

	while (n < 4 && (c[0] & forms[n].mask) != forms[n].lead)
		n++;
	if (n == 4)
		return 0;
	uint32_t code = c[0] & (uint8_t)~forms[n].mask;
	for (size_t i = 1; i <= n; i++) {
		if ((c[i] & 0xc0) != 0x80) /* also the NUL: never reads beyond it */
			return 0;
		code = code << 6 | (c[i] & 0x3f);
	}
	if (code < forms[n].least || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	*ret_code = code;
	return n + 1;
}
