/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo's own cgroups. On a v2 machine one directory is a cgroup; on a hybrid one the same path
 * also gets a twin in the v1 memory hierarchy, because there the v2 directory has no memory
 * controller. Where the hierarchies are mounted is read from mountinfo, never assumed.
 *
 * Every run lives below "/plimsoll-demo-PID", so that the next run can tell whose leftovers it sees.
 * Any thread; file system calls only.
 */
#ifndef DEMO_CGROUP_H
#define DEMO_CGROUP_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define CGROUP_PATH 512 /* bytes of an absolute path; ours are below 100, mount points rarely longer */

struct cgroup_mounts {
	char v2[CGROUP_PATH];
	char memory[CGROUP_PATH]; /* v1 memory; empty: the v2 hierarchy has memory, or nothing has */
};

struct cgroup_door { /* open cgroup.procs files: a child that writes "0" to each has moved in */
	int procs[2];
	size_t n;
};

/* -ENODEV when no cgroup v2 hierarchy is mounted. `mountinfo` is /proc/self/mountinfo. */
int cgroup_find(const char *mountinfo, struct cgroup_mounts *ret_m, struct err *e);

/* `path` starts with "/". Makes the directory in every hierarchy; one that exists is fine. Parents
 * must exist; their controllers are switched on where that is possible. */
int cgroup_make(const struct cgroup_mounts *m, const char *path, struct err *e);
int cgroup_open(const struct cgroup_mounts *m, const char *path, struct cgroup_door *ret_d,
		struct err *e);
void cgroup_close(struct cgroup_door *d);

/* 0 also when it is gone already; -EBUSY while a process or a child cgroup is in it. */
int cgroup_remove(const struct cgroup_mounts *m, const char *path);

/* Removes what killed runs left: /plimsoll-demo-PID trees whose PID is no live plimsoll-demo and
 * that hold no process. Returns how many trees went. */
int cgroup_sweep(const struct cgroup_mounts *m);

#endif
