/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of agent/probe/probe.h without a kernel, for tests of what stands on it: a machine with two
 * units and a container, 10 ms of CPU time a pass each; a third unit lives from pass 3 to pass 6 of
 * each ten. While the file named by FAKE_PROBE_BROKEN exists, passes fail.
 */
#ifndef TESTS_UNIT_AGENT_FAKE_PROBE_H
#define TESTS_UNIT_AGENT_FAKE_PROBE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/probe/probe.h"
#include "base/mem.h"

#define FAKE_PASS_CPU_NS 10000000ull
#define FAKE_CONTAINER   "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

enum { FAKE_ROOT, FAKE_ONE, FAKE_TWO, FAKE_CONTAINER_ROW, FAKE_BRIEF, FAKE_CGROUPS };

struct probe {
	struct probe_watcher watcher;
	struct probe_cgroup cgroups[FAKE_CGROUPS];
	uint64_t born_at[FAKE_CGROUPS]; /* pass */
	struct probe_stats stats;
};

static void fake_bear(struct probe *p, int i, const char *path)
{
	p->cgroups[i] = (struct probe_cgroup){
		.path = path, .slot = (uint32_t)i + 1, .parent = i ? &p->cgroups[FAKE_ROOT] : NULL};
	p->born_at[i] = p->stats.passes;
	p->watcher.born(&p->cgroups[i], p->watcher.data);
}

int probe_open(const struct probe_options *o, struct probe **ret_p, struct err *e)
{
	struct probe *p = mem_new(struct probe);

	(void)e;
	p->watcher = o->watcher;
	p->stats.cgroups = FAKE_CGROUPS - 1;
	fake_bear(p, FAKE_ROOT, "/");
	fake_bear(p, FAKE_ONE, "/one.service");
	fake_bear(p, FAKE_TWO, "/two.service");
	fake_bear(p, FAKE_CONTAINER_ROW, "/docker-" FAKE_CONTAINER ".scope");
	*ret_p = p;
	return 0;
}

struct probe *probe_close(struct probe *p)
{
	free(p);
	return NULL;
}

int probe_pass(struct probe *p, clock_boot_t *ret_at, struct err *e)
{
	const char *broken = getenv("FAKE_PROBE_BROKEN");

	if (broken && access(broken, F_OK) == 0)
		return err_set(e, -EIO, "the fake kernel is broken");
	p->stats.passes++;
	if (p->stats.passes % 10 == 3)
		fake_bear(p, FAKE_BRIEF, "/brief.service");
	if (p->stats.passes % 10 == 6)
		p->watcher.gone(&p->cgroups[FAKE_BRIEF], p->watcher.data);
	*ret_at = clock_boot();
	return 0;
}

void probe_read(const struct probe *p, const struct probe_cgroup *c, struct signals *ret)
{
	long i = c - p->cgroups;

	*ret = (struct signals){0};
	if (i == FAKE_TWO) /* idle */
		return;
	ret->cpu_ns = (p->stats.passes - p->born_at[i]) * FAKE_PASS_CPU_NS;
	ret->memory_usage_bytes = 1 << 20;
}

bool probe_hears_edges(const struct probe *p)
{
	(void)p;
	return false;
}

bool probe_next_edge(const struct probe *p, uint32_t *cursor, struct probe_edge *ret)
{
	(void)p;
	(void)cursor;
	(void)ret;
	return false;
}

void probe_end_edge(struct probe *p, uint32_t handle)
{
	(void)p;
	(void)handle;
	abort(); /* there is none */
}

void probe_measure(struct probe *p, bool on)
{
	p->stats.measurements += !on;
	p->stats.cost[PROBE_SWITCH] = (struct probe_cost){on ? 0 : 42.5, on ? 0 : 0.001};
}

void probe_stats(const struct probe *p, struct probe_stats *ret)
{
	*ret = p->stats;
}

bool probe_has_shares(const struct probe *p)
{
	(void)p;
	return true;
}

int probe_parts(const struct probe *p, struct probe_part ret[PROBE_PARTS_MAX])
{
	(void)p;
	(void)ret;
	return 0;
}

void probe_set_on(struct probe *p, int part, bool on, const char *why)
{
	(void)p;
	(void)part;
	(void)on;
	(void)why;
	abort(); /* there is none */
}

int probe_notices(const struct probe *p, struct probe_notice *ret, int room)
{
	(void)p;
	if (room < 1)
		return 0;
	ret[0] = (struct probe_notice){
		.id = "psi", .level = "warn", .text = "no PSI", .fix = "boot with psi=1"};
	return 1;
}

#endif
