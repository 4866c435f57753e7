/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll version: of this program and, when it answers, of the daemon. */
#ifndef CTL_VERSION_H
#define CTL_VERSION_H

#include "ctl/command.h"

int version_run(const struct session *s);

#endif
