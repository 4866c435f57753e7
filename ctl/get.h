/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll get and watch: what kind of thing is meant, and which file shows it. */
#ifndef CTL_GET_H
#define CTL_GET_H

#include "ctl/command.h"

int get_run(const struct session *s);
int get_watch(const struct session *s);
bool get_knows(const char *word);           /* "nodes", "pods" and so on */
extern const char *const get_kinds[];       /* for completion */
extern const size_t get_n_kinds;
const char *get_kind(const struct session *s); /* the kind that the words ask for; NULL: there is none of that name */
const char *get_takes(const char *kind);       /* its options, ctl/takes.h */
bool get_takes_any(const char *key);           /* whether some kind has it */

#define GET_STREAM    "watch watch:seconds"
#define GET_DECISIONS GET_STREAM " watch:holds once:limit once:since"

#endif
