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

#endif
