/* SPDX-License-Identifier: Apache-2.0 */
/* The last values of each name, for sparklines. Unknown ones are gaps. */
#ifndef CTL_HISTORY_H
#define CTL_HISTORY_H

#include <stdbool.h>

#include "base/buf.h"

#define HISTORY_VALUES 120 /* two minutes of seconds */

struct history;
struct history *history_new(void);
struct history *history_free(struct history *h); /* NULL is fine; returns NULL */
void history_add(struct history *h, const char *name, bool known, double value);
/* The newest `width` values on the right, between 0 and the highest of them. */
void history_draw(const struct history *h, const char *name, int width, bool unicode, struct buf *to);

#endif
