/* SPDX-License-Identifier: Apache-2.0 */
/* The real probe, with its cgroups by path. Failures of the probe end the test with the probe's words. */
#ifndef TESTS_BPF_WATCH_H
#define TESTS_BPF_WATCH_H

#include "agent/probe/probe.h"
#include "base/map.h"

struct watch {
	struct probe *probe;
	struct strmap *cgroups; /* struct probe_cgroup by path */
	clock_boot_t at; /* of the last pass */
	unsigned dawdle_ms; /* that each birth takes */
	const char *below;         /* see watch_count_below() */
	unsigned births, deaths;
	unsigned departed_idle;    /* those of the deaths that never ran anything */
	uint64_t departed_cpu_ns;  /* of all that went */
	const char *mourned;       /* path of a cgroup whose reading at its end is wanted … */
	struct signals last; /* … and that reading */
};

void watch_open(struct watch *w, uint32_t max_cgroups); /* with everything that there is */
void watch_open_also(struct watch *w, uint32_t max_cgroups, uint32_t also); /* besides the default: probe_options */
void watch_close(struct watch *w);
void watch_count_below(struct watch *w, const char *path); /* from now on, what is said of births and deaths is of these */
void watch_pass(struct watch *w);
struct probe_cgroup *watch_find(const struct watch *w, const char *path); /* NULL: not known */
struct signals watch_read(const struct watch *w, const char *path); /* as of the last pass */
/* How many times of that histogram may be from…to: whole buckets. */
uint64_t watch_times(const struct signals *s, enum signal_histogram h, uint64_t from_ns, uint64_t to_ns);
int watch_part(const struct watch *w, const char *name); /* its number, for probe_set_on(); -1: there is none */
struct probe_stats watch_stats(const struct watch *w);

#endif
