/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine that the test makes: cgroups are born and die, and their readings are what the test
 * says. Stands in for agent/probe where sample, encode and what follows are tested.
 */
#ifndef TESTS_UNIT_AGENT_MACHINE_H
#define TESTS_UNIT_AGENT_MACHINE_H

#include "agent/sample.h"

struct fake {
	struct probe_cgroup cgroup; /* first: a reading finds its fake by it */
	struct signals reading;
};

struct machine {
	struct sample *sample;
	struct probe_watcher watcher;
	struct fake root;
	uint64_t second;
};

static inline void machine_read(const struct probe *p, const struct probe_cgroup *c,
				struct signals *ret)
{
	(void)p;
	*ret = ((const struct fake *)(const void *)c)->reading;
}

static inline void bear(struct machine *m, struct fake *f, const char *path, struct fake *parent)
{
	*f = (struct fake){.cgroup = {.path = path, .parent = parent ? &parent->cgroup : NULL}};
	m->watcher.born(&f->cgroup, m->watcher.data);
}

static inline void die(struct machine *m, struct fake *f)
{
	m->watcher.gone(&f->cgroup, m->watcher.data);
}

static inline void machine_init(struct machine *m)
{
	*m = (struct machine){.sample = sample_new(machine_read)};
	m->watcher = sample_watcher(m->sample);
	sample_attach(m->sample, (const struct probe *)(const void *)m);
	bear(m, &m->root, "/", NULL);
}

static inline void machine_second(struct machine *m)
{
	sample_take(m->sample, (clock_boot_t){++m->second * CLOCK_NS_PER_S});
}

static inline void machine_done(struct machine *m)
{
	m->sample = sample_free(m->sample);
}

#endif
