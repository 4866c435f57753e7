/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll top: full-screen on a terminal, else a stream of lines. */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include "ctl/command.h"

int top_run(const struct session *s);

#endif
