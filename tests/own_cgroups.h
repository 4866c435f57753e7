/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups of a test's or benchmark's own, below /plimsoll-test-PID in v2 and, on a hybrid machine, in
 * the v1 hierarchies that the probe looks at. own_split() makes two processes of one: the child goes on, the parent
 * waits; however the child ends, the parent kills what still runs in these cgroups and removes them.
 * Every failure ends the program with a message: without cgroups there is nothing to test.
 */
#ifndef TESTS_OWN_CGROUPS_H
#define TESTS_OWN_CGROUPS_H

#include <stddef.h>
#include <sys/types.h>

#include "agent/probe/hierarchy.h"

#define OWN_PATH 128 /* bytes of "/plimsoll-test-PID/…" */

struct own_cgroups {
	struct hierarchy at;
	char top[OWN_PATH]; /* "/plimsoll-test-PID" */
};

/* Before any thread, once. Ends with status 77 ("cannot run here") without root or without v2. */
void own_split(struct own_cgroups *ret);

void own_make(const struct own_cgroups *o, const char *path);   /* parents first; `path` from the root on */
void own_remove(const struct own_cgroups *o, const char *path); /* waits for processes that are ending */
void own_clear(const struct own_cgroups *o, const char *path);  /* the same; ends them first */

/* Threads of one process can be in different ones of these, which have the same parent. */
void own_make_threaded(const struct own_cgroups *o, const char *path);

void own_move(const struct own_cgroups *o, const char *path, pid_t pid); /* with all its threads; 0: oneself */
void own_move_thread(const struct own_cgroups *o, const char *path, pid_t tid);

/* Runs `work` in a new process of the cgroup, which dies with this one. Returns once it is inside. */
pid_t own_spawn(const struct own_cgroups *o, const char *path, void (*work)(const void *), const void *data);
void own_end(pid_t pid); /* SIGKILL and wait */

#endif
