/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which options mean something to a command, as a list of words in its row: "why", "sort=name|cpu" (only with these
 * values), "watch:seconds" (only in a stream), "once:limit" (never in one). What is on the command line and in no list
 * is an error: an option that does nothing would look as if it did.
 */
#ifndef CTL_TAKES_H
#define CTL_TAKES_H

#include <stdbool.h>

#include "base/err.h"

struct takes_flag { /* one that was given */
	const char *key, *value; /* value NULL: not one of a few words */
	const char *command;     /* "get nodes" */
	bool stream;             /* the command goes on */
};

bool takes_has(const char *list, const char *key); /* in whatever case */
/* -EINVAL with *e filled when the list has the key, but not for this value or kind of answer. */
int takes_check(const char *list, const struct takes_flag *f, struct err *e);

#endif
