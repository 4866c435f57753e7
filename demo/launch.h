/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the demo begins: the place and the cgroups it needs, its daemons and the clients it asks them with, the screen.
 * What was made before an error is in the run's state, for whoever ends the run to undo.
 */
#ifndef DEMO_LAUNCH_H
#define DEMO_LAUNCH_H

#include "demo/run_state.h"

/* Before the loop: finds the binaries, removes what a killed run left, makes folder, cgroup and files. -EPERM: not root. */
int launch_prepare(struct run *r, struct err *e);
/* `exited` is called from the loop, with the run, when one has ended, by itself or not. */
int launch_daemons(struct run *r, void (*exited)(struct child *, void *), struct err *e);
int launch_top(struct run *r, void (*exited)(struct child *, void *), struct err *e);

#endif
