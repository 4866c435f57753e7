/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll explain: every number behind a decision, in the daemon's words. */
#ifndef CTL_EXPLAIN_H
#define CTL_EXPLAIN_H

#include "ctl/command.h"

int explain_run(const struct session *s);
/* The record of a decision, by its id or a workload's newest one: JSON, the caller's. */
int explain_record(const struct session *s, const char *word, char **ret, struct err *e);

#endif
