/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll record WORKLOAD: a trace (simulate/trace.h) of a workload as it is, to stdout, second by second. */
#ifndef CTL_RECORD_H
#define CTL_RECORD_H

#include "ctl/command.h"

int record_run(const struct session *s);

#endif
