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

#include "plimsoll/victim.h"

#define PLIMSOLL_HIST_BUCKETS 48  /* as in lib/base/hist.h */
#define PLIMSOLL_CPUS_MAX     1024
#define PLIMSOLL_NODES_MAX    64  /* NUMA nodes */
#define PLIMSOLL_PROBES_MAX   32  /* steps of a table look-up; user space never puts a key farther away */
#define PLIMSOLL_MEMOS        65536 /* of tasks, by the low bits of the pid */
#define PLIMSOLL_BIRTHS       512 /* reported in one pass of a hierarchy; the others come in the next */
#define PLIMSOLL_LISTENERS    8192 /* sockets; some 100 bytes each */
#define PLIMSOLL_RECLAIMS     1024 /* threads that free memory at one moment; some 80 bytes each */
#define PLIMSOLL_STOCK        1024 /* births that the kernel can give a slot between two passes; a power of two */
#define PLIMSOLL_FRESH_BITS   11   /* sets of the table of those: eight times the room, … */
#define PLIMSOLL_FRESH_WAYS   4    /* … one cache line each, … */
#define PLIMSOLL_FRESH_SETS   2    /* … of which two beside each other take a key: nine keys there are one in 10^7 */
#define PLIMSOLL_ENDED        (~0ull) /* the number of the pass that the removal of a directory is */
#define PLIMSOLL_NAME         256  /* NAME_MAX and its NUL */
#define PLIMSOLL_PSI          6
#define PLIMSOLL_RUN_HIERARCHIES 2 /* PLIMSOLL_UNIFIED and PLIMSOLL_MEMORY: those that have the tasks of a row */

/* A cgroup has a directory, with a kernfs id of its own, in each of these that the machine has. Pure v2
 * has the first; the others are the v1 hierarchies of hybrid and v1 machines. */
enum plimsoll_hierarchy {
	PLIMSOLL_UNIFIED,
	PLIMSOLL_MEMORY,
	PLIMSOLL_CPU,
	PLIMSOLL_IO,
	PLIMSOLL_HIERARCHIES
};

/* Array `slots`, [cpu][slot]: only its own CPU writes it, inside the scheduler's lock. Slot 0 is for
 * tasks whose cgroup has no slot. */
struct plimsoll_slot {
	uint64_t on_cpu_ns; /* legs that ended; the running one is in `running` */
	uint64_t wait_ns;   /* on a run queue */
	uint64_t switches;  /* arrivals on the CPU */
	uint32_t hist[PLIMSOLL_HIST_BUCKETS]; /* of the waits; wraps */
};

/* Array `running`, [cpu], written by its own CPU at a switch; but when the running task is moved to another cgroup,
 * whoever moves it charges the old one and sets arrival_ns to that moment. Whatever is charged, arrival_ns is changed
 * first: a reader that finds the same arrival, not 0, before and after reading has read one state. One cache line a
 * CPU. */
struct plimsoll_running {
	uint64_t arrival_ns;  /* rq clock, since when it is not charged; 0: idle task, never switched, or being changed now */
	uint64_t switched_ns; /* rq clock of the last switch, to idle too; not arrival_ns: it was moved since */
	uint64_t task, css_set; /* addresses, as of the switch */
	uint64_t moved_set;
	uint32_t slot, moved_slot; /* which of the two counts: see switched_ns */
	uint64_t ran_ns; /* by the task in all its life, as of the switch */
	uint64_t over_ns; /* switched_ns of a leg that is over, though no switch told us; written by passes */
};

/* Array `table`, two halves of which the kernel uses one while user space writes the other: open addressing, linear,
 * key 0 is free. Of a half only the first 1 << PLIMSOLL_TABLE_BITS entries are in use, no more than the keys there are
 * need: a look-up is a cache miss, and misses of the TLB, in a table that is larger than the caches. */
struct plimsoll_entry {
	uint64_t key;
	uint64_t row;
};

/* The word `table_version` says which half counts, and how much of it; it grows with each change. */
#define PLIMSOLL_TABLE_BITS(version)	   ((version) & 31)
#define PLIMSOLL_TABLE_HALF(version)	   ((version) >> 5 & 1)
#define PLIMSOLL_TABLE_NEXT(version, bits) ((((version) >> 5) + 1) << 5 | (bits))

#define PLIMSOLL_KEY(id, hierarchy) ((id) << 2 | (hierarchy)) /* kernfs ids count up from 1 */
#define PLIMSOLL_KEY_ID(key)		   ((key) >> 2)
#define PLIMSOLL_MIX(key) ((key) * 0x9e3779b97f4a7c15ull) /* Fibonacci, TAOCP 6.4 */
/* Mixed twice: ids of cgroups that are made one after the other, in several hierarchies at once, are as many
 * arithmetic sequences, which one multiplication would lay side by side. */
#define PLIMSOLL_HASH(key, bits) (PLIMSOLL_MIX(PLIMSOLL_MIX(key) ^ PLIMSOLL_MIX(key) >> 32) >> (64 - (bits)))

/* Array `fresh`, sets of a hash: cgroups that were born since user space wrote the table. The kernel side writes it,
 * in the order of births; those before `births_known` are in the table, so their entries are free. */
struct plimsoll_fresh {
	struct {
		uint64_t key;
		uint32_t row;
		uint32_t number; /* of the birth */
	} way[PLIMSOLL_FRESH_WAYS];
};

/* Array `rows`, written by the cgroup pass and at the removal of a cgroup. A row number below the count of slots is
 * also the slot. */
struct plimsoll_row {
	uint64_t pass[PLIMSOLL_HIERARCHIES]; /* number of the pass that wrote what comes from there, PLIMSOLL_ENDED: its end */
	uint64_t ended_before; /* number of the next birth when a directory of it was removed */
	uint64_t usage_pages, limit_pages, inactive_file_pages; /* where the memory controller is */
	uint64_t memory_known, inactive_known;
	uint64_t high_pages, swap_pages, peak_pages, oom_kills;
	uint64_t stat_known;           /* the kernel's statistics could be found: */
	uint64_t anon_pages, file_pages, slab_bytes; /* up to 2 s old, as the kernel adds them up */
	uint64_t bandwidth_known;      /* where the cpu controller is: */
	uint64_t quota_ns, period_ns, periods, throttled_periods, throttled_ns, weight; /* quota 0: none */
	uint64_t psi_ns[PLIMSOLL_PSI]; /* io some, full, memory some, full, cpu some, full */
	uint64_t psi_known;
};

/* Array `tallies`, [slot], shared by all CPUs and added to atomically: what happens less often than a
 * switch or a packet. Fields are named as their signals. Slot 0: cgroups without a slot. */
struct plimsoll_tally {
	uint64_t major_faults, reclaim_ns, limit_reclaim_ns;
	uint64_t io_read_bytes, io_written_bytes, io_reads, io_writes, io_ns;
	uint64_t tcp_connects, tcp_connect_failures, tcp_connect_ns, tcp_accepts, tcp_resets;
	uint64_t tcp_retransmits, tcp_segments, tcp_rtt_ns, tcp_rtt_samples;
	uint64_t tcp_syn_retransmits, tcp_synack_retransmits, tcp_connects_given_up;
	uint64_t accept_overflows;
	uint64_t requests, request_errors, request_client_errors, requests_untimed, request_ns;
	uint64_t calls, call_errors, calls_untimed, call_ns;
	uint64_t requests_unknown, calls_unknown;
	uint64_t turns, turns_untimed, turn_ns, call_turns, call_turns_untimed, call_turn_ns;
	uint64_t hearing_losses, connections_older, connections_left;
	/* Gauges, written by passes, which come one at a time; of an older pass: none there now. */
	uint64_t task_pass, processes, threads, started_ns, busiest_thread;
	uint64_t tcp_pass, tcp_connects_unanswered;
	uint64_t request_pass, requests_open, calls_open, turns_open;
	uint64_t listen_pass, listeners, accept_queue, accept_queue_limit, accept_queue_fill;
	/* Of io_ns, and so on, the last one of tcp_connect_ns; they wrap. */
	uint32_t io_hist[PLIMSOLL_HIST_BUCKETS], request_hist[PLIMSOLL_HIST_BUCKETS];
	uint32_t first_byte_hist[PLIMSOLL_HIST_BUCKETS], call_hist[PLIMSOLL_HIST_BUCKETS];
	uint32_t connect_hist[PLIMSOLL_HIST_BUCKETS], turn_hist[PLIMSOLL_HIST_BUCKETS];
	uint32_t call_turn_hist[PLIMSOLL_HIST_BUCKETS];
	struct plimsoll_victim victim;
	uint64_t runs[PLIMSOLL_RUN_HIERARCHIES]; /* times the first task came; in either hierarchy */
};

/* Array `traffic`, [cpu][slot]: per CPU, since packets are many; atomically all the same, since a
 * packet may interrupt another. */
struct plimsoll_traffic {
	uint64_t net_received_bytes, net_sent_bytes, net_received_packets, net_sent_packets;
};

/* Array `costs`, [cpu][program], while cost_wanted: time of `runs` runs, and of as many readings of the clock,
 * which is to be taken off. */
struct plimsoll_cost {
	uint64_t ns, clock_ns, runs;
	uint64_t _pad;
};

enum plimsoll_program {
#define PROGRAM(ID, ...) PLIMSOLL_PROGRAM_##ID,
#include "plimsoll/programs.def"
	PLIMSOLL_PROGRAMS
};

/* Array `births`, [hierarchy][PLIMSOLL_BIRTHS]: cgroups that the pass did not find in the table, parents
 * first. Each hierarchy has its own, so that one whose cgroups find no room hides no other's.
 * Array `stock`, a ring of PLIMSOLL_STOCK: those that the kernel side gave a slot when they were made, in that order.
 * User space puts a free, zeroed slot into each entry beforehand. */
struct plimsoll_birth {
	uint64_t id, parent_id;
	uint32_t hierarchy; /* enum plimsoll_hierarchy */
	uint32_t row;       /* in the stock: its slot */
	uint64_t populated; /* of those that the pass found: has tasks, or one below it has */
	char name[PLIMSOLL_NAME];
};

#endif
