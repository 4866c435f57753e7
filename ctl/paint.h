/* SPDX-License-Identifier: Apache-2.0 */
/* Colours and bars. A meaning never hangs on colour alone: a word or a sign stands beside it. */
#ifndef CTL_PAINT_H
#define CTL_PAINT_H

#include <stdbool.h>

#include "base/buf.h"

enum paint { PAINT_PLAIN, PAINT_BOLD, PAINT_DIM, PAINT_GOOD, PAINT_WARN, PAINT_BAD, PAINT_ACCENT };

struct paint_style {
	bool colour;
	bool unicode; /* bars of blocks; else of # and . */
};

/* `choice` as --color: auto, always, never. Reads NO_COLOR, CLICOLOR_FORCE, TERM and the locale. */
struct paint_style paint_style(const char *choice, bool terminal);
const char *paint_on(const struct paint_style *s, enum paint p); /* "" without colour */
const char *paint_off(const struct paint_style *s);

/* `width` columns, `share` of them full (0 … 1, clamped), in eighths where Unicode is at hand. */
void paint_bar(const struct paint_style *s, double share, int width, struct buf *to);
enum paint paint_load(double share); /* how worrying a saturation of 0 … 1 is */

#endif
