/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replicas: each a `plimsoll-demo replica` process in its own cgroup ROOT/replica-N. Counts are
 * counts of processes that live, not of what was asked for. Loop thread only.
 */
#ifndef DEMO_FLEET_H
#define DEMO_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "demo/cgroup.h"
#include "demo/load.h"
#include "loop/loop.h"

#define FLEET_MAX 64 /* replicas: a demo, not a stress test */

struct fleet;

struct fleet_options {
	struct loop *loop;
	const struct cgroup_mounts *mounts;
	const char *root;   /* cgroup path, "/plimsoll-demo-PID"; must exist */
	const char *binary; /* path of plimsoll-demo */
	struct load *load;
	/* A replica ended that nobody had stopped. */
	void (*lost)(const char *name, const char *fate, const char *tail, void *data);
	/* The number asked for is reached: all serve, all others gone and their cgroups removed. */
	void (*settled)(void *data);
	void *data;
};

struct fleet *fleet_new(const struct fleet_options *o);
/* 0 … FLEET_MAX; starts at once, stops with SIGTERM and removes the cgroup after the exit; the
 * highest numbers go first. settled() follows, also when nothing had to change. */
int fleet_scale(struct fleet *f, uint32_t replicas, struct err *e);
void fleet_kill(struct fleet *f); /* SIGKILL to all, also those that were asked to stop */
uint32_t fleet_replicas(const struct fleet *f); /* live and not asked to stop */
uint32_t fleet_wanted(const struct fleet *f);
struct fleet *fleet_free(struct fleet *f); /* when settled at 0; NULL is fine */

#endif
