/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll simulate: policies against a load, on a table, in a terminal's plot and as SVG. */
#ifndef CTL_SIMULATE_H
#define CTL_SIMULATE_H

#include "ctl/command.h"

int simulate_run(const struct session *s);

#endif
