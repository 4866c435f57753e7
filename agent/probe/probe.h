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
#include "plimsoll/loss.h"
#include "plimsoll/signal.h"

struct probe;

struct probe_cgroup {
	const char *path;            /* "/" for the root, else "/a/b"; below the cgroup root */
	struct probe_cgroup *parent; /* NULL for the root */
	uint64_t id;                 /* kernfs id: unique until reboot within its hierarchy */
	uint32_t slot;               /* 0: none was free, its CPU time is in the overflow slot */
	void *data;                  /* the watcher's own */
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

struct probe_calls { /* counters since the edge came */
	uint64_t calls, errors, untimed, ns;
	uint32_t hist[HIST_BUCKETS]; /* of those with a time; wraps */
	uint64_t connection; /* of the newest one: a number by which both of its ends know it */
};

struct probe_edge { /* who asks, and the address; or who answers, and at which */
	uint32_t handle; /* a later edge has another one */
	const struct probe_cgroup *cgroup; /* that the socket counts for; NULL: it ended, or is not known */
	uint64_t cgroup_id;
	uint64_t net;        /* its network namespace; unique until reboot; 0: not known */
	uint8_t address[16]; /* of the server; IPv4 mapped, ::ffff:1.2.3.4 */
	uint16_t port;       /* of the server */
	bool serves;
	struct probe_calls calls;
};

struct probe_options {
	uint32_t max_cgroups;        /* slots; 64 … 65536; 0: PROBE_SLOTS, twice as many with several hierarchies */
	struct probe_watcher watcher;
	uint32_t also; /* SIGNAL_NO_…: groups that are dear, and measured only when asked for: SIGNAL_NO_REQUESTS */
};

#define PROBE_SLOTS 2048u

enum { /* the kernel programs */
#define PROGRAM(ID, ...) PROBE_##ID,
#include "plimsoll/programs.def"
	PROBE_PROGRAMS
};

struct probe_cost {
	double ns_per_run; /* 0: it did not run while it was measured */
	double share;      /* of one core */
};

struct probe_part { /* measures signals beside the core, and can be left out */
	const char *name, *what; /* "task", "processes, threads and major faults" */
	bool open, on;           /* open: this kernel and our capabilities allow it */
	uint64_t pass_ns;        /* CPU time of the caller that its passes took, since the start */
	double others_share;     /* of a core: what its programs take from other tasks, when last measured */
};

#define PROBE_PARTS_MAX 9

struct probe_stats {
	uint64_t passes, pass_ns_last;
	uint32_t cgroups;
	struct losses losses;             /* those that happen on the kernel's side; the others are 0 */
	uint64_t overflow_cpu_ns;         /* time of nobody known: of the overflow slot, of cgroups we cannot see */
	uint64_t unsure_cpu_ns;           /* no more than this of all CPU time is in no cgroup, or in two */
	uint64_t measurements;            /* that ended; what follows is of the last one: */
	struct probe_cost cost[PROBE_PROGRAMS];
	double others_share;              /* of a core: all that the programs take from other tasks */
	uint64_t map_bytes;               /* kernel memory of our maps, … */
	uint64_t mapped_bytes;            /* … and how much of it is mapped, which counts as resident */
};

/* -ENOENT no BTF, -EPERM missing capability (cause names it), -EOPNOTSUPP kernel too old for a hook;
 * *e always says what to do. */
int probe_open(const struct probe_options *o, struct probe **ret_p, struct err *e);
struct probe *probe_close(struct probe *p); /* NULL is fine; returns NULL */

/* One complete pass: finds births and deaths, writes every cgroup's row, then, at `*ret_at`, charges what runs on the
 * CPUs up to that moment. Memory and pressure are older than it by at most the pass. */
int probe_pass(struct probe *p, clock_boot_t *ret_at, struct err *e);
/* A reading is of this cgroup alone: where signals.def says SUM, what is below it is not in it. Counters are since the
 * slot was given out; when the cgroup was there before, they are missing in that sample, for what it did since the one
 * before is in no slot. Where the kernel keeps them (PSI, throttling, OOM kills) they are since the cgroup was made. The
 * working set and the restarts are the caller's to compute: they are 0 here. */
void probe_read(const struct probe *p, const struct probe_cgroup *c, struct signals *ret);

/* Who calls whom, while requests are heard (probe_hears_edges()). The next one from *cursor on, 0 at first; false: no
 * more. After a pass. */
bool probe_next_edge(const struct probe *p, uint32_t *cursor, struct probe_edge *ret);
bool probe_hears_edges(const struct probe *p);
/* Nobody needs it any more: it is there once more, after the next pass. */
void probe_end_edge(struct probe *p, uint32_t handle);

/* The programs' own clock: on (true) it costs about 140 ns a run, so it is on for a second now and then; off
 * (false) computes the costs in the stats. Needs no privilege. */
void probe_measure(struct probe *p, bool on);
/* Returns the count; those that are dearest by experience come last. */
int probe_parts(const struct probe *p, struct probe_part ret[PROBE_PARTS_MAX]);
/* Leaves a part out, and takes it up again: its signals are missing meanwhile. `why` is copied, for notices. */
void probe_set_on(struct probe *p, int part, bool on, const char *why);
void probe_stats(const struct probe *p, struct probe_stats *ret);
bool probe_has_shares(const struct probe *p); /* CPU weights are v1's shares, converted */
/* What this machine lacks or what was chosen for it. Returns the count. */
int probe_notices(const struct probe *p, struct probe_notice *ret, int room);

#endif
