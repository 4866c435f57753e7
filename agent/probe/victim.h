/* SPDX-License-Identifier: Apache-2.0 */
/* Victims of OOM kills: read while the kernel may write, and those of several cgroups made one. Pure. */
#ifndef AGENT_PROBE_VICTIM_H
#define AGENT_PROBE_VICTIM_H

#include "plimsoll/victim.h"

/* Adds what `from` has: the counts add up, and the later of the two is the last. */
void victim_add(struct plimsoll_victim *to, const struct plimsoll_victim *from);
/* Of a tally in the kernel's array. All zero: there was none, or one is being written just now. */
struct plimsoll_victim victim_read(const struct plimsoll_victim *shared);

#endif
