/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * What the kernel programs of bpf/ and agent/probe/ share: the layout of the mmapped arrays. The
 * kernel side writes counters and rows, user space writes the table; nobody locks. Counters only grow.
 * The kernel side includes bpf/kernel.h first, which has these types.
 */
#ifndef PLIMSOLL_SLOT_H
#define PLIMSOLL_SLOT_H

#ifndef __bpf__
#include <stdint.h>
#endif

#define PLIMSOLL_HIST_BUCKETS 48  /* as in lib/base/hist.h */
#define PLIMSOLL_CPUS_MAX     1024
#define PLIMSOLL_NODES_MAX    64  /* NUMA nodes */
#define PLIMSOLL_PROBES_MAX   32  /* steps of a table look-up; user space never puts a key farther away */
#define PLIMSOLL_MEMOS        65536 /* of tasks, by the low bits of the pid */
#define PLIMSOLL_BIRTHS       1024 /* reported in one pass; the others come in the next */
#define PLIMSOLL_NAME         256  /* NAME_MAX and its NUL */
#define PLIMSOLL_PSI          6

/* Array `slots`, [cpu][slot]: only its own CPU writes it, inside the scheduler's lock. Slot 0 is for
 * tasks whose cgroup has no slot. */
struct plimsoll_slot {
	uint64_t on_cpu_ns; /* legs that ended; the running one is in `running` */
	uint64_t wait_ns;   /* on a run queue */
	uint64_t switches;  /* arrivals on the CPU */
	uint32_t hist[PLIMSOLL_HIST_BUCKETS]; /* of the waits; wraps */
};

/* Array `running`, [cpu]. A reader that finds the same arrival, not 0, before and after reading has
 * read one state. */
struct plimsoll_running {
	uint64_t arrival_ns; /* rq clock; 0: idle task, never switched, or being changed now */
	uint64_t css_set;    /* address: the slot is good while the task keeps it */
	uint32_t slot;
	uint32_t _pad;
	uint64_t switched_ns; /* rq clock of the last switch, to idle too; the kernel side's own */
	uint64_t _line[4];   /* one cache line a CPU */
};

/* Array `table`, two halves of `capacity` entries, of which the kernel uses one while user space
 * writes the other: open addressing, linear, key 0 is free. */
struct plimsoll_entry {
	uint64_t key;
	uint64_t row;
};

#define PLIMSOLL_KEY(id, legacy) ((id) << 1 | (legacy)) /* kernfs ids count up from 1 */
#define PLIMSOLL_MIX(key) ((key) * 0x9e3779b97f4a7c15ull) /* Fibonacci, TAOCP 6.4 */
#define PLIMSOLL_HASH(key, bits) (PLIMSOLL_MIX(key) >> (64 - (bits)))

/* Array `rows`, written by the cgroup pass. A row number below the count of slots is also the slot. */
struct plimsoll_row {
	uint64_t memory_pass;  /* number of the pass that wrote this half */
	uint64_t usage_pages, limit_pages, inactive_file_pages;
	uint64_t unified_pass; /* the same of the v2 hierarchy */
	uint64_t psi_ns[PLIMSOLL_PSI]; /* io some, full, memory some, full, cpu some, full */
	uint64_t psi_known;
};

/* Array `births`: cgroups that the pass did not find in the table, parents first. */
struct plimsoll_birth {
	uint64_t id, parent_id;
	uint64_t legacy; /* 1: v1 memory hierarchy, 0: v2 */
	char name[PLIMSOLL_NAME];
};

#endif
