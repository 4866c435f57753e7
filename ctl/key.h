/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal sends when a key is pressed: bytes in, keys out. Pure. */
#ifndef CTL_KEY_H
#define CTL_KEY_H

#include <stddef.h>
#include <stdint.h>

enum key_name {
	KEY_NONE, /* a sequence that means nothing here: swallowed whole */
	KEY_TEXT, /* a printable character, in `code` */
	KEY_ENTER,
	KEY_ESCAPE,
	KEY_BACKSPACE,
	KEY_TAB,
	KEY_UP,
	KEY_DOWN,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_REDRAW, /* Ctrl-L */
};

struct key {
	enum key_name name;
	uint32_t code;
	char text[5]; /* the same in UTF-8 */
};

/* Bytes taken from `bytes` (n > 0, NUL-terminated), 0: the key is not whole yet. `last`: nothing more
 * follows for now, so a lone escape is the Escape key and broken UTF-8 is swallowed. */
size_t key_parse(const char *bytes, size_t n, int last, struct key *ret);

#endif
