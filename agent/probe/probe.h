/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel side of the agent behind one door: loads and attaches the programs of bpf/, keeps the
 * table cgroup id → slot, runs the cgroup pass, and reads the mmapped slots without a system call.
 * The only folder that knows libbpf. Loop-thread-only; probe_pass() blocks for about 1 us a cgroup.
 *
 * A cgroup here is one directory of the machine's hierarchy, whatever it holds; which of them are
 * containers is for agent/identity to say. CPU counters and inactive file pages are the cgroup's own
 * (without its children); memory usage, limit and PSI include the children, as the kernel keeps them.
 * On hybrid machines the v1 memory directory and the v2 directory of one path are one cgroup here.
 */
#ifndef AGENT_PROBE_PROBE_H
#define AGENT_PROBE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hist.h"

struct probe;

struct probe_cgroup {
	const char *path;            /* "/" for the root, else "/a/b"; below the cgroup root */
	struct probe_cgroup *parent; /* NULL for the root */
	uint64_t id;                 /* kernfs id: unique until reboot within its hierarchy */
	uint32_t slot;               /* 0: none was free, its CPU time is in the overflow slot */
	void *data;                  /* the watcher's own */
};

enum { /* what a reading could not tell; same bits as Missing in metrics.proto */
	PROBE_NO_CPU = 1,
	PROBE_NO_MEMORY = 2,
	PROBE_NO_WORKING_SET = 4,
	PROBE_NO_PSI = 8,
};

struct probe_reading { /* counters only grow; all since the slot was given out unless said */
	uint32_t missing;
	uint64_t cpu_ns;             /* on-CPU, running tasks folded in up to the pass */
	uint64_t runq_wait_ns;
	uint64_t switches;
	uint32_t hist[HIST_BUCKETS]; /* run-queue wait; wraps at 2^32 */
	uint64_t memory_usage_bytes;
	uint64_t memory_limit_bytes; /* 0: unlimited */
	uint64_t inactive_file_bytes;/* this cgroup's own */
	uint64_t psi_cpu_some_ns, psi_cpu_full_ns;       /* since the cgroup was made, fresh */
	uint64_t psi_memory_some_ns, psi_memory_full_ns;
	uint64_t psi_io_some_ns, psi_io_full_ns;
};

struct probe_watcher { /* called inside probe_open() and probe_pass() */
	void (*born)(struct probe_cgroup *c, void *data); /* parents before children */
	void (*gone)(struct probe_cgroup *c, void *data); /* children first; readable until it returns */
	void *data;
};

struct probe_notice { /* what was found out about this kernel at load, for logs and `doctor` */
	const char *id;       /* "btf", "cgroup-hierarchy", "sched-switch", "psi" … */
	const char *level;    /* "ok", "warn", "fail" */
	char text[160], fix[200];
};

struct probe_options {
	uint32_t max_cgroups;        /* slots; 64 … 65536 */
	struct probe_watcher watcher;
};

struct probe_stats {
	uint64_t passes, pass_ns_last;
	uint32_t cgroups, slots_full;     /* slots_full: cgroups now without a slot */
	uint64_t overflow_cpu_ns;         /* time accounted to the overflow slot */
	uint64_t lost;                    /* task storage or table misses in the kernel, by count */
	double ns_per_switch;             /* of the last probe_measure(), 0: never measured */
	uint64_t map_bytes;               /* kernel memory of our maps */
};

/* -ENOENT no BTF, -EPERM missing capability (cause names it), -EOPNOTSUPP kernel too old for a hook;
 * *e always says what to do. */
int probe_open(const struct probe_options *o, struct probe **ret_p, struct err *e);
struct probe *probe_close(struct probe *p); /* NULL is fine; returns NULL */

/* One complete pass: finds births and deaths, then every cgroup's row is of `*ret_at`. */
int probe_pass(struct probe *p, clock_boot_t *ret_at, struct err *e);
void probe_read(const struct probe *p, const struct probe_cgroup *c, struct probe_reading *ret);

/* Kernel run-time statistics: on (true) costs about 20 ns a switch, so it is on for a second now and
 * then; off (false) computes stats.ns_per_switch. Needs CAP_SYS_ADMIN; -EPERM without. */
int probe_measure(struct probe *p, bool on);
void probe_stats(const struct probe *p, struct probe_stats *ret);
/* What this machine lacks or what was chosen for it. Returns the count. */
int probe_notices(const struct probe *p, struct probe_notice *ret, int room);

#endif
