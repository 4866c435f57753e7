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

#include "agent/probe/edges.h"
#include "agent/probe/hierarchy.h"
#include "agent/probe/programs.h"
#include "agent/probe/stock.h"
#include "agent/probe/window.h"
#include "base/err.h"
#include "plimsoll/slot.h"

struct bpf_link;

struct load {
	struct programs programs;
	struct bpf_link *pass[PLIMSOLL_HIERARCHIES]; /* NULL: no such hierarchy */
	uint32_t cpus, slots, rows, table_bits;
	bool memory_legacy, cpu_legacy, io_legacy; /* on v1 */
	struct window slot_window, traffic_window, tally_window, row_window; /* of the next five: see load_show() */
	struct plimsoll_slot *slot;       /* [cpu * slots + slot] */
	struct plimsoll_traffic *traffic_of; /* the same */
	struct plimsoll_tally *tally;     /* [slot] */
	const volatile struct plimsoll_cost *cost; /* [cpu][program] */
	const volatile struct plimsoll_running *running; /* [cpu] */
	struct plimsoll_entry *table;     /* two halves */
	struct plimsoll_row *row;
	const struct plimsoll_birth *birth;
	struct stock stock;
	struct window edge_window;
	struct edges_memory edges;        /* row NULL: nobody asked for requests */
	size_t map_bytes;                 /* of all arrays together, … */
	size_t mapped_bytes;              /* … and of those that are mapped whole */
	uint64_t pass_number;
	int unified;                      /* root directory of v2, -1: none */
};

struct part_frame;
void load_lend(const struct load *l, struct part_frame *ret); /* to the parts, until load_close() */

/* Rows are twice the slots: a cgroup without a slot still has memory and pressure. `also`: see probe_options. */
int load_open(struct load *l, const struct hierarchy *h, uint32_t slots, uint32_t also, struct err *e);
void load_close(struct load *l);
/* Rows below `rows`, and the slots among them, can be touched from now on. */
void load_show(struct load *l, uint32_t rows);
size_t load_mapped_bytes(const struct load *l); /* of all arrays, what is in this process's memory */
int load_attach(struct load *l, struct err *e); /* once the table and the stock are filled, after a pass */
uint64_t load_births_late(const struct load *l); /* cgroups that were made and could not be given a slot at once */

/* After it, when the clocks are compared: tasks that have a CPU now count from now on, also if they never let go. */
int load_find_running(struct load *l, struct err *e);

/* Runs the pass over every hierarchy. ret_births: how many each has that are in no row yet, of which the
 * first PLIMSOLL_BIRTHS are in `birth` from h * PLIMSOLL_BIRTHS on. */
int load_pass(struct load *l, uint64_t ret_births[PLIMSOLL_HIERARCHIES], struct err *e);
/* After a pass: which CPUs run what the last switch said. */
int load_look(struct load *l, struct err *e);
uint64_t load_edges_lost(const struct load *l); /* times that there was no row for an edge */
/* CPU time that is charged to nobody, or maybe twice, for the kernel hid when it ended; no more than this. */
uint64_t load_unsure_ns(const struct load *l);
/* The run queues' clock now; 0: not compared with ours yet. */
uint64_t load_clock(const struct load *l);
void load_compare_clocks(struct load *l); /* at the next context switch */
struct plimsoll_entry *load_spare_half(const struct load *l); /* room for 1 << table_bits entries … */
void load_use_spare_half(struct load *l, uint32_t bits);      /* … of which the first 1 << bits count then */
volatile uint32_t *load_cost_switch(const struct load *l);   /* not 0: programs time themselves */

#endif
