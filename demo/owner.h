/* SPDX-License-Identifier: Apache-2.0 */
/* Whose leftovers are these? Everything a run makes carries "plimsoll-demo-PID" in its name. */
#ifndef DEMO_OWNER_H
#define DEMO_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

#define OWNER_PREFIX "plimsoll-demo-"

/* The PID in "plimsoll-demo-PID" or "plimsoll-demo-PID-anything"; 0: not such a name. */
pid_t owner_pid(const char *name);

/* True when `name` is such a name and its PID is no live plimsoll-demo; false when in doubt. */
bool owner_is_dead(const char *name);

#endif
