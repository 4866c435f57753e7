/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc says about the node as a whole: idle time, pressure, free memory; and once, who it is.
 * Blocks for as long as reading a handful of /proc files takes (about 50 us).
 */
#ifndef AGENT_NODE_H
#define AGENT_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum { /* node_reading.missing; the numbers of plimsoll.v1.NodeMissing */
	NODE_NO_IDLE = 1,
	NODE_NO_PSI_CPU = 2,
	NODE_NO_PSI_MEMORY = 4,
	NODE_NO_PSI_IO = 8,
	NODE_NO_AVAILABLE = 16,
};

struct node_reading { /* counters since boot */
	uint32_t missing;
	uint64_t cpu_idle_ns; /* idle and waiting for IO, all CPUs together; the kernel does not count in a suspend */
	uint64_t psi_cpu_some_ns, psi_memory_some_ns, psi_io_some_ns;
	uint64_t memory_available_bytes;
	uint32_t cpus; /* online now; 0: unknown */
	uint32_t cpu_weights; /* enum shares_scale; for the caller to fill in */
};

/* While the machine is suspended the time by which it is judged goes on, and no CPU does anything. */
struct node_sleep {
	bool known;
	uint64_t suspended_ns; /* see clock_suspended_ns(); known since the first look */
	uint64_t idle_ns;      /* of all CPUs, since then */
};

#define NODE_SLEEP_LEAST_NS (100 * CLOCK_NS_PER_MS) /* less is not a suspend: clocks that were read apart */

struct node_facts {
	char boot_id[37]; /* "" when unknown */
	uint64_t memory_bytes;
};

/* `proc` is "/proc"; tests bring their own directory. Never fails: what cannot be read is missing. */
void node_read(const char *proc, struct node_reading *ret);
/* Adds what the CPUs idled for while the machine was suspended to the reading. Returns how long that was since the look
 * before, 0: it was not. */
uint64_t node_add_sleep(struct node_sleep *s, uint64_t suspended_ns, struct node_reading *n);
void node_describe(const char *proc, struct node_facts *ret);

#endif
