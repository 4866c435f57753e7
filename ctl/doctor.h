/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll doctor: what this machine and its daemons lack. The checks are in machine.h and here. */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "ctl/command.h"

int doctor_run(const struct session *s);

#endif
