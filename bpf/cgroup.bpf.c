/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One read() of this iterator visits every cgroup of a hierarchy, parents first, and writes memory
 * and pressure into mmapped rows; nothing goes through the seq file, whose 32 KiB would end the walk.
 * Cgroups that have no row yet are reported as births. The kernel holds cgroup_mutex meanwhile.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "table.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct plimsoll_row);
	__uint(max_entries, 1); /* set at load */
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct plimsoll_birth);
	__uint(max_entries, PLIMSOLL_BIRTHS);
} births SEC(".maps");

/* Tells how far apart the CPUs' copies of a per-CPU variable lie. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} anchor SEC(".maps");

const volatile __u32 n_cpus = 1, n_nodes = 1;
__u64 pass;                   /* user space: number of this pass */
__u64 now_ns;                 /* user space: rq clock at its start */
__u64 n_births;               /* all that were found; only PLIMSOLL_BIRTHS are kept */
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

/* What one CPU saw since the kernel last added it up: kernel/sched/psi.c, get_recent_times(). */
static __always_inline void add_cpu(struct recent *sum, const void *from)
{
	__u32 nonidle = bpf_core_enum_value(enum psi_states, PSI_NONIDLE);
	__u32 *times, *before, mask, weight;
	__u64 start, running;
	struct copy c = {};

	if (!copy_cpu(&c, from) || nonidle >= STATES)
		return;
	mask = *(__u32 *)FIELD(&c, state_mask);
	start = *(__u64 *)FIELD(&c, state_start);
	times = FIELD(&c, times);
	before = FIELD(&c, times_prev);
	running = now_ns > start ? now_ns - start : 0;
	weight = grown(times, before, nonidle, mask, running) >> WEIGHT_SHIFT;
	if (!weight)
		return;
	sum->weights += weight;
	for (__u32 s = 0; s < PLIMSOLL_PSI; s++)
		sum->delta[s] += (__u64)weight * grown(times, before, s, mask, running);
}

/* Totals as of now, as reading a *.pressure file makes them: collect_percpu_times() of psi.c. */
static __always_inline void write_psi(struct cgroup *c, struct plimsoll_row *row)
{
	struct psi_group *g = c->psi;
	struct recent sum = {};
	__u64 first; /* as a number: the verifier adds no unknown to a pointer */

	row->psi_known = 0;
	if (!cpu_offset_known || !g || !g->enabled || bpf_core_read(&first, sizeof(first), &g->pcpu))
		return;
	for (__u32 i = 0; i < n_cpus && i < PLIMSOLL_CPUS_MAX; i++)
		add_cpu(&sum, (void *)(first + cpu_offset[i]));
	for (int s = 0; s < PLIMSOLL_PSI; s++) {
		__u64 fresh = sum.weights ? sum.delta[s] / sum.weights : 0;

		row->psi_ns[s] = g->total[s] + fresh;
	}
	row->psi_known = 1;
}

static __always_inline __u64 inactive_file(struct mem_cgroup *m)
{
	__u32 lists = bpf_core_enum_value(enum lru_list, NR_LRU_LISTS);
	__u32 at = bpf_core_field_offset(struct mem_cgroup_per_node, lru_zone_size);
	__u64 pages = 0;

	for (__u32 n = 0; n < n_nodes && n < PLIMSOLL_NODES_MAX; n++) {
		unsigned long sizes[25] = {};
		struct mem_cgroup_per_node *node;
		__u32 bytes = bpf_core_field_size(struct mem_cgroup_per_node, lru_zone_size);

		if (bpf_core_read(&node, sizeof(node), &m->nodeinfo[n]) || !node)
			continue;
		if (bytes > sizeof(sizes))
			bytes = sizeof(sizes);
		if (bpf_probe_read_kernel(sizes, bytes, (char *)node + at))
			continue;
		for (__u32 i = bpf_core_enum_value(enum lru_list, LRU_INACTIVE_FILE);
		     i < 25; i += lists)
			pages += sizes[i];
	}
	return pages;
}

static __always_inline void write_memory(struct cgroup *c, struct plimsoll_row *row)
{
	/* The state is the first member of struct mem_cgroup. */
	struct mem_cgroup *m = (void *)c->subsys[bpf_core_enum_value(enum cgroup_subsys_id,
								     memory_cgrp_id)];

	if (!m)
		return;
	row->usage_pages = BPF_CORE_READ(m, memory.usage.counter);
	row->limit_pages = BPF_CORE_READ(m, memory.max);
	row->inactive_file_pages = inactive_file(m);
	row->memory_pass = pass;
}

static __always_inline void report(struct cgroup *c, bool legacy)
{
	struct cgroup_subsys_state *up = c->self.parent;
	__u32 index = (__u32)n_births++;
	struct plimsoll_birth *b = bpf_map_lookup_elem(&births, &index);

	if (!b)
		return;
	b->id = c->kn->id;
	b->parent_id = up ? up->cgroup->kn->id : 0;
	b->legacy = legacy;
	bpf_probe_read_kernel_str(b->name, sizeof(b->name), c->kn->name);
}

SEC("iter/cgroup")
int cgroup_pass(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *c = ctx->cgroup;
	struct plimsoll_row *row;
	bool legacy;
	__u32 index;

	if (!c)
		return 0;
	if (!cpu_offset_known)
		find_cpu_offsets();
	legacy = c->root->hierarchy_id != 0;
	index = table_find(PLIMSOLL_KEY(c->kn->id, legacy));
	row = index ? bpf_map_lookup_elem(&rows, &index) : NULL;
	if (!row) {
		report(c, legacy);
		return 0;
	}
	if (legacy == memory_legacy)
		write_memory(c, row);
	if (!legacy) {
		write_psi(c, row);
		row->unified_pass = pass;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
