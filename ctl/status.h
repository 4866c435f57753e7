/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll status: a daemon about itself. */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H

#include "ctl/command.h"

int status_run(const struct session *s);

#endif
