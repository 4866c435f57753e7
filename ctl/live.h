/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The full-screen top: keys and streams in, ctl/view.h out. Keeps trying when the daemon goes away. Ends
 * by q, a signal or --seconds; the terminal is given back in every case (ctl/screen.h).
 */
#ifndef CTL_LIVE_H
#define CTL_LIVE_H

#include "ctl/command.h"

struct connect;

/* Takes the connection. An exit code; 128 + N when signal N ended it. */
int live_run(const struct session *s, struct connect *c, bool agent);

#endif
