/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands below a title of a list or of top, for people who see "OF PERIODS" for the first time: `plimsoll help
 * columns`. Measured ones are told from ctl/column.c and signals.def, the others stand in titles.def.
 */
#ifndef CTL_TITLES_H
#define CTL_TITLES_H

#include <stdbool.h>

#include "base/buf.h"

/* One, in whatever case; false: no screen has it. */
bool titles_one(const char *title, struct buf *to);
void titles_all(struct buf *to);
/* The one that is meant by a misspelt one, in small letters; false: none is like it. */
bool titles_nearest(const char *title, struct buf *to);

#endif
