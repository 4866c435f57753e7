/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What our programs take, by a clock in them: the kernel's own statistics need CAP_SYS_ADMIN, which the
 * agent has given up. `COST(ID);` as a program's first statement times its run, however it returns; ID is
 * its row of programs.def. User space has the clock on for one second a minute, when it costs about 140 ns
 * a run; off, it is one load, of the line that the table is looked up by, and a branch at either end.
 */
#ifndef BPF_COST_H
#define BPF_COST_H

#include <bpf/bpf_helpers.h>

#include "array.h"
#include "plimsoll/slot.h"
#include "table.h"

MAPPED_ARRAY(costs, struct plimsoll_cost, 1); /* set at load: CPUs x PLIMSOLL_PROGRAMS */

struct cost_run {
	__u64 began_ns; /* 0: the clock is off */
	__u32 program;
};

static __always_inline __u64 cost_begin(void)
{
	return cost_wanted ? bpf_ktime_get_ns() : 0;
}

/* Between the first two readings there is the program, and the inside of one reading. The third one tells
 * what that is, on this CPU and now. Atomic, since a packet may interrupt another. */
static __always_inline void cost_end(const struct cost_run *run)
{
	struct plimsoll_cost *c;
	__u64 ended, again;
	__u32 index;

	if (!run->began_ns)
		return;
	ended = bpf_ktime_get_ns();
	again = bpf_ktime_get_ns();
	index = bpf_get_smp_processor_id() * PLIMSOLL_PROGRAMS + run->program;
	c = bpf_map_lookup_elem(&costs, &index);
	if (!c)
		return;
	__sync_fetch_and_add(&c->ns, ended - run->began_ns);
	__sync_fetch_and_add(&c->clock_ns, again - ended);
	__sync_fetch_and_add(&c->runs, 1);
}

#define COST(ID) \
	struct cost_run cost_run __attribute__((cleanup(cost_end), unused)) = {cost_begin(), PLIMSOLL_PROGRAM_##ID}

#endif
