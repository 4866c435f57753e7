/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll pause and resume. */
#ifndef CTL_BRAKE_H
#define CTL_BRAKE_H

#include "ctl/command.h"

int brake_pause(const struct session *s);
int brake_resume(const struct session *s);

#endif
