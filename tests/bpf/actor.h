/* SPDX-License-Identifier: Apache-2.0 */
/* A process in a cgroup that does what it is told, one order at a time, while the test looks on. */
#ifndef TESTS_BPF_ACTOR_H
#define TESTS_BPF_ACTOR_H

#include "own_cgroups.h"

struct actor {
	pid_t pid;
	void (*obey)(int order, void *data); /* in the process; order 0 comes first, by itself */
	void *data;                          /* shared with it, see actor_share() */
	struct actor_orders *orders;
};

void *actor_share(size_t bytes); /* zeroed memory that the process sees too; ends with the test */
void actor_start(struct actor *a, const struct own_cgroups *o, const char *path);
void actor_tell(struct actor *a, int order); /* returns when it is done; ends the test if the process ended */
void actor_end(struct actor *a); /* nothing if it is not there, so that it may stand in a teardown */

#endif
