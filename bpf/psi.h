/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pressure stall totals as of now. The kernel adds up what its CPUs saw every 2 s, or when somebody reads a
 * *.pressure file; this does the same sum without writing it down.
 */
#ifndef BPF_PSI_H
#define BPF_PSI_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "cast.h"
#include "place.h"
#include "plimsoll/slot.h"
#include "table.h"

/* Tells how far apart the CPUs' copies of a per-CPU variable lie. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} anchor SEC(".maps");

__u64 now_ns; /* user space: rq clock at the start of the pass */
volatile __u64 cpu_offset[PLIMSOLL_CPUS_MAX];
bool cpu_offset_known;
volatile __u64 anchor_address;

static void find_cpu_offsets(void)
{
	__u32 zero = 0;
	__u64 base;

	anchor_address = (__u64)&anchor; /* by way of memory: the verifier lets nobody add to a map */
	if (bpf_core_read(&base, sizeof(base), &((struct bpf_array *)anchor_address)->pptrs[0]))
		return;
	for (__u32 i = 0; i < n_cpus && i < PLIMSOLL_CPUS_MAX; i++) {
		void *copy = bpf_map_lookup_percpu_elem(&anchor, &zero, i);

		if (!copy)
			return;
		cpu_offset[i] = (__u64)copy;
		cpu_offset[i] -= base;
	}
	cpu_offset_known = true;
}

#define STATES	     8 /* at most: one more where the kernel accounts interrupts */
#define WEIGHT_SHIFT 20 /* about a millisecond; the kernel weighs by jiffies */
#define BACKWARDS    0xf0000000u /* 32-bit growth that was none: our clock is a little behind psi's */

struct recent {
	__u64 delta[PLIMSOLL_PSI];
	__u64 weights;
};

/* One CPU's struct psi_group_cpu, copied at once: in the order of addresses, times come before
 * state_start, which the kernel writes first. So a change in between loses a moment, and none counts
 * twice. */
struct copy {
	char bytes[192];
};
#define FIELD(copy, name) ((void *)((copy)->bytes + bpf_core_field_offset(struct psi_group_cpu, name)))

static __always_inline bool copy_cpu(struct copy *c, const void *from)
{
	__u32 size = bpf_core_type_size(struct psi_group_cpu);

	return bpf_probe_read_kernel(c->bytes, size < sizeof(*c) ? size : sizeof(*c), from) == 0;
}

static __always_inline __u32 grown(const __u32 *times, const __u32 *before, __u32 state, __u32 mask,
				   __u64 running)
{
	__u32 delta = times[state] - before[state] + (mask & 1u << state ? (__u32)running : 0);

	return delta < BACKWARDS ? delta : 0;
}

/* What one CPU saw since the kernel last added it up: kernel/sched/psi.c, get_recent_times(). A function of its own, so
 * that the verifier goes through it once, and not for each CPU. `from`: its struct psi_group_cpu. */
__noinline int psi_add_cpu(struct recent *sum, __u64 from)
{
	__u32 nonidle = bpf_core_enum_value(enum psi_states, PSI_NONIDLE);
	struct place added = PLACE(psi_group_cpu, times_prev);
	__u32 *times, *before, mask, weight;
	__u64 start, running;
	struct copy c = {};

	if (!sum || !copy_cpu(&c, (const void *)from) || nonidle >= STATES || added.at >= sizeof(c))
		return 0;
	mask = *(__u32 *)FIELD(&c, state_mask);
	start = *(__u64 *)FIELD(&c, state_start);
	times = FIELD(&c, times);
	before = (void *)(c.bytes + added.at);
	running = now_ns > start ? now_ns - start : 0;
	weight = grown(times, before, nonidle, mask, running) >> WEIGHT_SHIFT;
	if (!weight)
		return 0;
	sum->weights += weight;
	for (__u32 s = 0; s < PLIMSOLL_PSI; s++)
		sum->delta[s] += (__u64)weight * grown(times, before, s, mask, running);
	return 0;
}

/* Totals as of now, as reading a *.pressure file makes them: collect_percpu_times() of psi.c. */
static __always_inline void write_psi(struct cgroup *c, struct plimsoll_row *row)
{
	struct place total = PLACE(psi_group, total);
	struct psi_group *g = FOLLOW(c, psi);
	__u64 as_of_reads[PLIMSOLL_PSI] = {};
	struct recent sum = {};
	__u64 first; /* as a number: the verifier adds no unknown to a pointer */

	row->psi_known = 0;
	if (!cpu_offset_known || !g || !FOLLOW(g, enabled) || bpf_core_read(&first, sizeof(first), &g->pcpu))
		return;
	if (!total.bytes || !PLACE(psi_group_cpu, times_prev).bytes)
		return;
	bpf_probe_read_kernel(as_of_reads, sizeof(as_of_reads), (char *)g + total.at);
	for (__u32 i = 0; i < n_cpus && i < PLIMSOLL_CPUS_MAX; i++)
		psi_add_cpu(&sum, first + cpu_offset[i]);
	for (int s = 0; s < PLIMSOLL_PSI; s++) {
		__u64 fresh = sum.weights ? sum.delta[s] / sum.weights : 0;

		row->psi_ns[s] = as_of_reads[s] + fresh;
	}
	row->psi_known = 1;
}

#endif
