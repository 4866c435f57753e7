/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that lives as long as the run: it dies with its parent even when that is killed
 * (PR_SET_PDEATHSIG), leads its own process group unless it needs the terminal, and its last stderr
 * lines are kept for the error that names its death. Loop thread only, and that thread must be the
 * process's first: the death signal is tied to the thread that forked.
 */
#ifndef DEMO_CHILD_H
#define DEMO_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "demo/cgroup.h"
#include "loop/loop.h"

#define CHILD_TAIL 2048 /* bytes of stderr kept: about the last 20 lines */

#define CHILD_SOCKET 3  /* the descriptor under which a child finds its socket */

struct child;

struct child_options {
	const char *name;               /* in messages; borrowed */
	char *const *argv;              /* argv[0] is the path */
	const struct cgroup_door *door; /* cgroups to start in; NULL: ours */
	int socket;                     /* becomes descriptor CHILD_SOCKET; -1: none */
	int death_signal;               /* when we die */
	bool terminal;                  /* keeps our terminal and process group; stderr is not captured */
	/* Comes once, after the process is reaped; the child is freed when it returns. */
	void (*exited)(struct child *c, void *data);
	void *data;
};

int child_start(struct loop *l, const struct child_options *o, struct child **ret_c, struct err *e);
pid_t child_pid(const struct child *c);
const char *child_name(const struct child *c);
void child_kill(struct child *c, int signum);
const char *child_tail(const struct child *c); /* its last stderr lines, "" when it said nothing */
/* "exited with status 1", "was killed by signal 9 (Killed)"; valid during exited(). */
const char *child_fate(const struct child *c);
int child_status(const struct child *c); /* exit status, -1: died by a signal; during exited() */

#endif
