/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll get policies, and describe policy/NAME. */
#ifndef CTL_POLICIES_H
#define CTL_POLICIES_H

#include "ctl/command.h"

#define POLICIES_PREFIX "policy/" /* as -o name prints them */

/* `watch`: once a second, as get does. */
int policies_show(const struct session *s, char **names, size_t n, bool watch);
int policies_describe(const struct session *s, char *name);

#endif
