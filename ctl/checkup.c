/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/checkup.h"

#include <stdarg.h>
#include <stdio.h>

const char *checkup_word(enum checkup_level l)
{
	return l == CHECKUP_OK ? "ok" : l == CHECKUP_WARN ? "warn" : "fail";
}

void checkup_add(struct checkup *c, const char *id, enum checkup_level l, const char *fix,
		 const char *text, ...)
{
	struct checkup_line *line = &c->line[c->n];
	va_list args;

	if (c->n == CHECKUP_LINES)
		return;
	c->n++;
	line->level = l;
	snprintf(line->id, sizeof(line->id), "%s", id);
	snprintf(line->fix, sizeof(line->fix), "%s", fix ? fix : "");
	va_start(args, text);
	vsnprintf(line->text, sizeof(line->text), text, args);
	va_end(args);
}
