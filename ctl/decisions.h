/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll decisions, and decisions as rows and trees for other verbs. */
#ifndef CTL_DECISIONS_H
#define CTL_DECISIONS_H

#include "ctl/command.h"
#include "ctl/method.h"

int decisions_run(const struct session *s);
/* The same for these workloads; `watch` goes on with new ones. */
int decisions_show(const struct session *s, char **workloads, size_t n, bool watch);

#endif
