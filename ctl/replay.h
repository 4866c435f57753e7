/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll replay FILE|ID|WORKLOAD: decides again on what a decision was made from. */
#ifndef CTL_REPLAY_H
#define CTL_REPLAY_H

#include "ctl/command.h"

int replay_run(const struct session *s);

#endif
