/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/key.h"

#include <string.h>

#include "base/unicode.h"

#define ESC       '\033'
#define CSI_BYTES 32 /* longer ones are no keys */

static size_t is(struct key *ret, enum key_name name, size_t n)
{
	*ret = (struct key){.name = name};
	return n;
}

/* The end of "ESC [ parameters final" and of "ESC O final" (ECMA-48; cursor keys in application
 * mode). */
static enum key_name sequence(char final, int parameter)
{
	switch (final) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	case '~':
		break;
	default:
		return KEY_NONE;
	}
	switch (parameter) {
	case 1:
	case 7:
		return KEY_HOME;
	case 4:
	case 8:
		return KEY_END;
	case 5:
		return KEY_PAGE_UP;
	case 6:
		return KEY_PAGE_DOWN;
	default:
		return KEY_NONE;
	}
}

static size_t control_sequence(const char *bytes, size_t n, int last, struct key *ret)
{
	int parameter = 0;
	size_t i = 2;

	for (; i < n && i < CSI_BYTES && (unsigned char)bytes[i] < 0x40; i++)
		if (bytes[i] >= '0' && bytes[i] <= '9' && parameter < 100)
			parameter = parameter * 10 + bytes[i] - '0';
	if (i == n && !last && n < CSI_BYTES)
		return 0;
	if (i == n || i == CSI_BYTES)
		return is(ret, KEY_NONE, i);
	return is(ret, sequence(bytes[i], parameter), i + 1);
}

static size_t escape(const char *bytes, size_t n, int last, struct key *ret)
{
	if (n == 1)
		return last ? is(ret, KEY_ESCAPE, 1) : 0;
	if (bytes[1] == '[')
		return control_sequence(bytes, n, last, ret);
	if (bytes[1] == 'O') {
		if (n == 2)
			return last ? is(ret, KEY_NONE, 2) : 0;
		return is(ret, bytes[2] == 'M' ? KEY_ENTER : sequence(bytes[2], 0),
			  3); /* M: keypad */
	}
	if (bytes[1] == ESC)
		return is(ret, KEY_ESCAPE, 1);
	return is(ret, KEY_NONE, 2); /* Alt and a key */
}

static size_t control(char c, struct key *ret)
{
	switch (c) {
	case '\r':
	case '\n':
		return is(ret, KEY_ENTER, 1);
	case '\t':
		return is(ret, KEY_TAB, 1);
	case '\b':
	case 0x7f:
		return is(ret, KEY_BACKSPACE, 1);
	case 0x0c:
		return is(ret, KEY_REDRAW, 1);
	case 0x0e: /* Ctrl-N and Ctrl-P, as in Emacs and shells */
		return is(ret, KEY_DOWN, 1);
	case 0x10:
		return is(ret, KEY_UP, 1);
	default:
		return is(ret, KEY_NONE, 1);
	}
}

size_t key_parse(const char *bytes, size_t n, int last, struct key *ret)
{
	unsigned char c = (unsigned char)bytes[0];
	uint32_t code;

	if (c == ESC)
		return escape(bytes, n, last, ret);
	if (c < 0x20 || c == 0x7f)
		return control(bytes[0], ret);
	size_t bytes_of = unicode_next(bytes, &code);
	if (bytes_of) {
		*ret = (struct key){.name = KEY_TEXT, .code = code};
		memcpy(ret->text, bytes, bytes_of);
		return bytes_of;
	}
	if (c >= 0xc0 && n < 4 && !last)
		return 0; /* the rest of a character may be under way */
	return is(ret, KEY_NONE, 1);
}
