/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: the kernel programs, loaded and attached, and their arrays mapped into memory.
 * Nothing is pinned: when the process ends, however it ends, the kernel removes everything.
 */
#ifndef AGENT_PROBE_LOAD_H
#define AGENT_PROBE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/probe/hierarchy.h"
#include "base/err.h"
#include "plimsoll/slot.h"

struct sched_bpf;
struct cgroup_bpf;
struct bpf_link;

struct load {
	struct sched_bpf *sched;
	struct cgroup_bpf *cgroup;
	struct bpf_link *pass[2]; /* v2 and v1 memory; NULL: no such hierarchy */
	uint32_t cpus, slots, rows, table_bits;
	bool memory_legacy;
	struct plimsoll_slot *slot;       /* [cpu * slots + slot] */
	const volatile struct plimsoll_running *running; /* [cpu] */
	struct plimsoll_entry *table;     /* two halves */
	const struct plimsoll_row *row;
	const struct plimsoll_birth *birth;
	size_t map_bytes;                 /* of all arrays together */
	uint64_t pass_number;
};

/* Rows are twice the slots: a cgroup without a slot still has memory and pressure. */
int load_open(struct load *l, const struct hierarchy *h, uint32_t slots, struct err *e);
void load_close(struct load *l);
int load_attach_sched(struct load *l, struct err *e); /* once the table is filled */

/* Runs the pass over every hierarchy. Returns how many births it saw, of which the first
 * PLIMSOLL_BIRTHS are in `birth`; negative errno. */
int64_t load_pass(struct load *l, struct err *e);
/* The run queues' clock now; 0: not compared with ours yet. */
uint64_t load_clock(const struct load *l);
void load_compare_clocks(struct load *l); /* at the next context switch */
struct plimsoll_entry *load_spare_half(const struct load *l); /* 1 << table_bits entries to fill … */
void load_use_spare_half(struct load *l);                     /* … which then count */
int load_sched_program(const struct load *l);                 /* its file descriptor */

#endif
