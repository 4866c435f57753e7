/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/fleet.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"
#include "demo/child.h"

#define FLEET_MAGIC 0x64666c74u
#define RETRY_NS    (20 * CLOCK_NS_PER_MS) /* a cgroup stays busy for a moment after its last exit */
#define STOP_NS	    (3 * CLOCK_NS_PER_S)   /* SIGTERM to SIGKILL: a replica drains within 64 ms of CPU */

enum replica_state { FREE, RUNNING, STOPPING, REMOVING };

struct replica {
	enum replica_state state;
	struct child *child;
	struct load_target *target;
	clock_boot_t stopping_since;
	char cgroup[CGROUP_PATH];
};

struct fleet {
	unsigned magic;
	struct fleet_options o;
	char root[CGROUP_PATH / 2];
	struct loop_timer *retry;
	uint32_t wanted;
	bool settling;
	struct replica replica[FLEET_MAX];
};

static uint32_t count(const struct fleet *f, enum replica_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < FLEET_MAX; i++)
		n += f->replica[i].state == state;
	return n;
}

static bool all_serve(const struct fleet *f)
{
	for (uint32_t i = 0; i < FLEET_MAX; i++) {
		if (f->replica[i].state == RUNNING && !load_serves(f->replica[i].target))
			return false;
	}
	return true;
}

static void settle(struct fleet *f)
{
	if (!f->settling || count(f, STOPPING) || count(f, REMOVING) || !all_serve(f))
		return;
	f->settling = false;
	loop_timer_stop(f->retry);
	f->o.settled(f->o.data);
}

static void remove_cgroup(struct fleet *f, struct replica *r)
{
	if (cgroup_remove(f->o.mounts, r->cgroup) == 0)
		r->state = FREE;
}

static void retry(void *data)
{
	struct fleet *f = obj_cast(struct fleet, data, FLEET_MAGIC);

	for (uint32_t i = 0; i < FLEET_MAX; i++) {
		struct replica *r = &f->replica[i];
		if (r->state == REMOVING)
			remove_cgroup(f, r);
		if (r->state == STOPPING && clock_since(clock_boot(), r->stopping_since) > STOP_NS)
			child_kill(r->child, SIGKILL);
	}
	settle(f);
}

static struct replica *replica_of(struct fleet *f, const struct child *c)
{
	for (uint32_t i = 0; i < FLEET_MAX; i++) {
		if (f->replica[i].child == c)
			return &f->replica[i];
	}
	wrong("a child of no replica");
}

static void exited(struct child *c, void *data)
{
	struct fleet *f = obj_cast(struct fleet, data, FLEET_MAGIC);
	struct replica *r = replica_of(f, c);
	bool asked = r->state == STOPPING;

	load_remove(r->target);
	r->target = NULL;
	r->child = NULL;
	r->state = REMOVING;
	remove_cgroup(f, r);
	if (!asked)
		f->o.lost(child_name(c), child_fate(c), child_tail(c), f->o.data);
	settle(f);
}

static int start_process(struct fleet *f, struct replica *r, const char *name, struct err *e)
{
	char *argv[] = { (char *)f->o.binary, "replica", NULL };
	struct cgroup_door door;
	int pair[2];

	int error = cgroup_open(f->o.mounts, r->cgroup, &door, e);
	if (error < 0)
		return error;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		cgroup_close(&door);
		return err_set(e, -errno, "cannot make a socket for %s", name);
	}
	const struct child_options o = { .name = name, .argv = argv, .door = &door,
					 .socket = pair[1], .death_signal = SIGKILL,
					 .exited = exited, .data = f };
	error = child_start(f->o.loop, &o, &r->child, e);
	cgroup_close(&door);
	close(pair[1]);
	if (error < 0) {
		close(pair[0]);
		return error;
	}
	r->target = load_add(f->o.load, pair[0]);
	must(r->target); /* the loop just took the child's descriptors */
	return 0;
}

static int start(struct fleet *f, uint32_t i, struct err *e)
{
	struct replica *r = &f->replica[i];
	char name[32];

	snprintf(name, sizeof(name), "replica-%u", i + 1);
	snprintf(r->cgroup, sizeof(r->cgroup), "%s/%s", f->root, name);
	int error = cgroup_make(f->o.mounts, r->cgroup, e);
	if (error < 0)
		return error;
	error = start_process(f, r, name, e);
	if (error < 0) {
		(void)cgroup_remove(f->o.mounts, r->cgroup);
		return error;
	}
	r->state = RUNNING;
	return 0;
}

static void stop(struct replica *r)
{
	r->state = STOPPING;
	r->stopping_since = clock_boot();
	load_drain(r->target);
	child_kill(r->child, SIGTERM);
}

int fleet_scale(struct fleet *f, uint32_t replicas, struct err *e)
{
	if (replicas > FLEET_MAX) {
		err_set(e, -ERANGE, "cannot run %u replicas", replicas);
		return err_cause(e, "the demo runs at most %d", FLEET_MAX);
	}
	f->wanted = replicas;
	for (uint32_t i = 0; i < FLEET_MAX && fleet_replicas(f) < replicas; i++) {
		int r = f->replica[i].state == FREE ? start(f, i, e) : 0;
		if (r < 0)
			return r;
	}
	for (uint32_t i = FLEET_MAX; i-- > 0 && fleet_replicas(f) > replicas;) {
		if (f->replica[i].state == RUNNING)
			stop(&f->replica[i]);
	}
	f->settling = true;
	loop_timer_start(f->retry, 0, RETRY_NS); /* settled() never comes inside this call */
	return 0;
}

void fleet_kill(struct fleet *f)
{
	for (uint32_t i = 0; i < FLEET_MAX; i++) {
		struct replica *r = &f->replica[i];
		if (r->state == RUNNING)
			stop(r);
		if (r->state == STOPPING)
			child_kill(r->child, SIGKILL);
	}
}

uint32_t fleet_replicas(const struct fleet *f)
{
	return count(f, RUNNING);
}

uint32_t fleet_wanted(const struct fleet *f)
{
	return f->wanted;
}

struct fleet *fleet_new(const struct fleet_options *o)
{
	struct fleet *f = mem_new(struct fleet);

	f->magic = FLEET_MAGIC;
	f->o = *o;
	snprintf(f->root, sizeof(f->root), "%s", o->root);
	f->o.root = f->root;
	f->retry = loop_timer_new(o->loop, retry, f);
	return f;
}

struct fleet *fleet_free(struct fleet *f)
{
	if (!f)
		return NULL;
	must(count(f, FREE) == FLEET_MAX);
	loop_timer_close(f->retry);
	f->magic = 0;
	free(f);
	return NULL;
}
