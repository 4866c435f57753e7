/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the log whom the kernel killed for want of memory in the last second: one line a row. */
#ifndef AGENT_VICTIMS_H
#define AGENT_VICTIMS_H

#include "agent/sample.h"

/* After each sample_take(). Loop-thread-only. */
void victims_log(const struct sample *s);

#endif
