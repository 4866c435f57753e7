/* SPDX-License-Identifier: Apache-2.0 */
/* A list of findings: each ok, a warning or a failure, in a sentence, with what to do about it. */
#ifndef CTL_CHECKUP_H
#define CTL_CHECKUP_H

#include <stddef.h>

enum checkup_level { CHECKUP_OK, CHECKUP_WARN, CHECKUP_FAIL };

struct checkup_line {
	char id[32];
	enum checkup_level level;
	char text[320];
	char fix[320]; /* empty when ok */
};

#define CHECKUP_LINES 64

struct checkup {
	struct checkup_line line[CHECKUP_LINES];
	size_t n; /* more lines than there is room for are left out */
};

const char *checkup_word(enum checkup_level l); /* "ok", "warn", "fail" */
/* Adds a line; `fix` may be NULL. */
void checkup_add(struct checkup *c, const char *id, enum checkup_level l, const char *fix,
		 const char *text, ...) __attribute__((format(printf, 5, 6)));

#endif
