/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll help: from the command and option tables. */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include "ctl/command.h"

int help_run(const struct session *s);

#endif
