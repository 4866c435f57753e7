/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One read() of this iterator visits every cgroup of a hierarchy, parents first, and writes memory, CPU
 * bandwidth and pressure into mmapped rows; nothing goes through the seq file, whose 32 KiB would end the walk.
 * Cgroups that have no row yet are reported as births.
 *
 * Between two passes cgroups are seen being made and removed. A new one gets a slot of the stock at once, so that
 * what it runs is its own even if it is gone before the next pass; at its removal its row is written for the last
 * time. The kernel holds cgroup_mutex in all of this, so one thing happens at a time.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "array.h"
#include "cast.h"
#include "cost.h"
#include "place.h"
#include "psi.h"
#include "table.h"

MAPPED_ARRAY(rows, struct plimsoll_row, 1); /* set at load */

MAPPED_ARRAY(births, struct plimsoll_birth, PLIMSOLL_HIERARCHIES * PLIMSOLL_BIRTHS);

/* In the order of births; user space refills it after each pass. Empty: the birth is late, that is, it counts to
 * the overflow until the pass finds it. */
MAPPED_ARRAY(stock, struct plimsoll_birth, PLIMSOLL_STOCK);

const volatile __u32 n_nodes = 1;
const volatile bool cpu_legacy = false; /* the cpu controller is a v1 hierarchy */
__u32 hierarchy;              /* user space: which enum plimsoll_hierarchy this walk is through */
__u64 n_births;               /* all that this walk found; only PLIMSOLL_BIRTHS are kept */
__u32 stock_filled;           /* user space: births before this number have a slot to take */
__u32 stock_taken;            /* those before this one took it */
__u64 births_late;
__u32 hierarchy_number[PLIMSOLL_HIERARCHIES]; /* the kernel's of each that passes walked, and 1; 0: none did */
#define GENERATIONS 4 /* MAX_NR_GENS; the two youngest are active: lru_gen_is_active() */
#define ZONES_MAX   8
#define LISTS_MAX   25

static __always_inline bool has_generations(void)
{
	return bpf_core_field_exists(struct mem_cgroup_per_node, lruvec.lrugen);
}

/* Pages that the multi-generational LRU keeps are in its own lists. */
static __always_inline __u64 old_generations(struct mem_cgroup_per_node *node)
{
	struct place pages = PLACE(mem_cgroup_per_node, lruvec.lrugen.nr_pages);
	__u32 row = pages.bytes / (GENERATIONS * 2); /* of one generation's files, or not files */
	unsigned long newest = 0;
	__u64 sum = 0;

	if (!has_generations() || !row || row > ZONES_MAX * sizeof(long))
		return 0;
	bpf_core_read(&newest, sizeof(newest), &node->lruvec.lrugen.max_seq);
	for (__u32 g = 1; g <= 2; g++) {
		__u32 files = (newest + g) % GENERATIONS * 2 + 1;
		long sizes[ZONES_MAX] = {};

		bpf_probe_read_kernel(sizes, row, (char *)node + pages.at + files * row);
		for (__u32 z = 0; z < ZONES_MAX; z++)
			sum += sizes[z];
	}
	return sum;
}

static __always_inline __u64 inactive_lists(struct mem_cgroup_per_node *node)
{
	__u32 lists = bpf_core_enum_value(enum lru_list, NR_LRU_LISTS);
	struct place place = PLACE(mem_cgroup_per_node, lru_zone_size);
	unsigned long sizes[LISTS_MAX] = {};
	__u64 pages = 0;

	if (place.bytes > sizeof(sizes))
		place.bytes = sizeof(sizes);
	if (!place.bytes || bpf_probe_read_kernel(sizes, place.bytes, (char *)node + place.at))
		return 0;
	for (__u32 i = bpf_core_enum_value(enum lru_list, LRU_INACTIVE_FILE); i < LISTS_MAX; i += lists)
		pages += sizes[i];
	return pages;
}

static __always_inline bool inactive_is_known(void)
{
	return PLACE(mem_cgroup_per_node, lru_zone_size).bytes && (!has_generations() || PLACE(mem_cgroup_per_node, lruvec.lrugen.nr_pages).bytes);
}

/* Of one NUMA node: a function of its own, so that the verifier goes through it once. */
__noinline __u64 cgroup_inactive_of(__u64 address)
{
	struct mem_cgroup_per_node *node = (void *)address;

	return inactive_lists(node) + old_generations(node);
}

static __always_inline __u64 inactive_file(struct mem_cgroup *m)
{
	__u64 pages = 0;

	for (__u32 n = 0; n < n_nodes && n < PLIMSOLL_NODES_MAX; n++) {
		struct mem_cgroup_per_node *node;

		if (bpf_core_read(&node, sizeof(node), &m->nodeinfo[n]) || !node)
			continue;
		pages += cgroup_inactive_of((__u64)node);
	}
	return (__s64)pages > 0 ? pages : 0; /* CPUs are added up one after the other */
}

/* From 6.10 on the statistics a memory cgroup keeps lie packed, in the order in which memcontrol.c lists
 * them; the table from one number to the other is no symbol we could read. User space compares what comes
 * out with memory.stat before it believes it. */
enum packed_stat { PACKED_SLAB_RECLAIMABLE = 5, PACKED_SLAB_UNRECLAIMABLE, PACKED_ANON_MAPPED = 14, PACKED_FILE_PAGES = 16 };

#define STAT(name, packed)                                                                         \
	(bpf_core_field_size(struct memcg_vmstats, state) / sizeof(long) <                         \
			 bpf_core_enum_value(enum memcg_stat_item, MEMCG_NR_STAT)                  \
		 ? (__u32)(packed)                                                                 \
		 : (__u32)bpf_core_enum_value(enum node_stat_item, name))

static __always_inline __u64 stat(struct memcg_vmstats *v, __u32 index)
{
	long value = FOLLOW(v, state[index]);

	return value > 0 ? value : 0; /* CPUs are added up one after the other */
}

static __always_inline void write_stats(struct mem_cgroup *m, struct plimsoll_row *row)
{
	struct memcg_vmstats *v;

	row->stat_known = 0;
	if (!bpf_core_field_exists(m->vmstats))
		return;
	v = FOLLOW(m, vmstats);
	if (!v)
		return;
	row->anon_pages = stat(v, STAT(NR_ANON_MAPPED, PACKED_ANON_MAPPED));
	row->file_pages = stat(v, STAT(NR_FILE_PAGES, PACKED_FILE_PAGES));
	row->slab_bytes = stat(v, STAT(NR_SLAB_RECLAIMABLE_B, PACKED_SLAB_RECLAIMABLE)) +
			  stat(v, STAT(NR_SLAB_UNRECLAIMABLE_B, PACKED_SLAB_UNRECLAIMABLE));
	row->stat_known = 1;
}

static __always_inline void write_detail(struct mem_cgroup *m, struct plimsoll_row *row)
{
	__u32 kill = bpf_core_enum_value(enum memcg_memory_event, MEMCG_OOM_KILL);
	__u64 swap = FOLLOW(m, memsw.usage.counter);

	if (memory_legacy) /* there it counts both */
		swap = swap > row->usage_pages ? swap - row->usage_pages : 0;
	row->swap_pages = swap;
	row->high_pages = FOLLOW(m, memory.high);
	row->peak_pages = FOLLOW(m, memory.watermark);
	row->oom_kills = FOLLOW(m, memory_events[kill].counter);
	write_stats(m, row);
}

static __always_inline void write_memory(struct cgroup *c, struct plimsoll_row *row)
{
	__u32 controller = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	struct cgroup_subsys_state *state = FOLLOW(c, subsys[controller]);
	struct mem_cgroup *m = CAST(mem_cgroup, state); /* its first member */

	row->memory_known = 0;
	if (!m)
		return;
	row->usage_pages = FOLLOW(m, memory.usage.counter);
	row->limit_pages = FOLLOW(m, memory.max);
	row->inactive_file_pages = inactive_file(m);
	row->inactive_known = inactive_is_known();
	write_detail(m, row);
	row->memory_known = 1;
}

#define SHARES_SHIFT 10 /* SCHED_FIXEDPOINT_SHIFT: what scale_load() adds on 64-bit machines */
#define NO_QUOTA     (~0ull) /* RUNTIME_INF */

/* cpu_weight_read_u64() of kernel/sched/core.c: 1024 shares are a weight of 100. */
static __always_inline __u64 weight_of(unsigned long shares)
{
	__u64 weight = ((shares >> SHARES_SHIFT) * 100 + 512) / 1024;

	return weight ? weight : 1; /* shares of 2, as every BestEffort pod has on v1, are not none */
}

static __always_inline void write_bandwidth(struct cgroup *c, struct plimsoll_row *row)
{
	__u32 controller = bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id);
	struct cgroup_subsys_state *state = FOLLOW(c, subsys[controller]);
	struct task_group *g = CAST(task_group, state); /* its first member */
	__u64 quota;

	row->bandwidth_known = 0;
	if (!g || !bpf_core_field_exists(g->cfs_bandwidth.nr_throttled))
		return;
	quota = FOLLOW(g, cfs_bandwidth.quota);
	row->quota_ns = quota == NO_QUOTA ? 0 : quota;
	row->period_ns = FOLLOW(g, cfs_bandwidth.period);
	row->periods = (__u32)FOLLOW(g, cfs_bandwidth.nr_periods);
	row->throttled_periods = (__u32)FOLLOW(g, cfs_bandwidth.nr_throttled);
	row->throttled_ns = FOLLOW(g, cfs_bandwidth.throttled_time);
	row->weight = weight_of(FOLLOW(g, shares));
	row->bandwidth_known = 1;
}

static __always_inline __u64 id_of(struct cgroup *c)
{
	struct kernfs_node *node = FOLLOW(c, kn);

	return FOLLOW(node, id);
}

/* Of its hierarchy, and 1. */
static __always_inline __u32 number_of(struct cgroup *c)
{
	return (__u32)BPF_CORE_READ(c, root, hierarchy_id) + 1;
}

/* Who counts in its hierarchy. */
static __always_inline void describe(struct cgroup *c, __u32 in, struct plimsoll_birth *b)
{
	struct cgroup_subsys_state *up = BPF_CORE_READ(c, self.parent);

	b->id = id_of(c);
	b->parent_id = up ? BPF_CORE_READ(up, cgroup, kn, id) : 0;
	b->hierarchy = in;
	bpf_probe_read_kernel_str(b->name, sizeof(b->name), BPF_CORE_READ(c, kn, name));
}

static __always_inline bool is_populated(struct cgroup *c)
{
	bool moved = bpf_core_field_exists(c->self.nr_populated_csets);
	int sets = moved ? FOLLOW(c, self.nr_populated_csets) : FOLLOW(c, nr_populated_csets);

	return sets + FOLLOW(c, nr_populated_domain_children) + FOLLOW(c, nr_populated_threaded_children) > 0;
}

static __always_inline void report(struct cgroup *c)
{
	__u32 number = (__u32)n_births++, index = hierarchy * PLIMSOLL_BIRTHS + number;
	struct plimsoll_birth *b = bpf_map_lookup_elem(&births, &index);

	if (number >= PLIMSOLL_BIRTHS || !b)
		return;
	describe(c, hierarchy, b);
	b->populated = is_populated(c);
}

static __always_inline void write_row(struct cgroup *c, __u32 in, __u64 number, struct plimsoll_row *row)
{
	if (in == (memory_legacy ? PLIMSOLL_MEMORY : PLIMSOLL_UNIFIED))
		write_memory(c, row);
	if (in == (cpu_legacy ? PLIMSOLL_CPU : PLIMSOLL_UNIFIED))
		write_bandwidth(c, row);
	if (in == PLIMSOLL_UNIFIED)
		write_psi(c, row);
	if (in < PLIMSOLL_HIERARCHIES)
		row->pass[in] = number;
}

static __always_inline struct plimsoll_row *row_of(struct cgroup *c, __u32 in)
{
	__u32 index = table_find(PLIMSOLL_KEY(id_of(c), (__u64)in));

	return index ? bpf_map_lookup_elem(&rows, &index) : NULL;
}

/* It stays the same as long as our walks are attached. */
static __always_inline void learn_number(struct cgroup *c)
{
	__u32 in = hierarchy;

	if (in < PLIMSOLL_HIERARCHIES && !hierarchy_number[in])
		hierarchy_number[in] = number_of(c);
}

SEC("iter/cgroup")
int cgroup_pass(struct bpf_iter__cgroup *ctx)
{
	COST(CGROUP);
	struct cgroup *c = ctx->cgroup;
	struct plimsoll_row *row;

	if (!c)
		return 0;
	c = CAST(cgroup, c);
	if (!cpu_offset_known)
		find_cpu_offsets();
	learn_number(c);
	row = row_of(c, hierarchy);
	if (row)
		write_row(c, hierarchy, pass, row);
	else
		report(c);
	return 0;
}

/* Of controllers that share a hierarchy the first; the pass finds the others. PLIMSOLL_HIERARCHIES: not one of ours. */
static __always_inline __u32 hierarchy_of(struct cgroup *c)
{
	__u32 number = number_of(c), in;

	for (in = 0; in < PLIMSOLL_HIERARCHIES; in++)
		if (hierarchy_number[in] == number)
			break;
	return in;
}

static __always_inline bool enter_set(struct plimsoll_fresh *f, __u64 key, __u32 row, __u32 number)
{
	for (int i = 0; f && i < PLIMSOLL_FRESH_WAYS; i++) {
		if (f->way[i].key && (__s32)(f->way[i].number - births_known) >= 0)
			continue;
		f->way[i].number = number;
		f->way[i].row = row;
		f->way[i].key = key;
		return true;
	}
	return false;
}

/* False: the key's sets are full of others that are not in the table yet. */
static __always_inline bool enter(__u64 key, __u32 row, __u32 number)
{
	for (int s = 0; s < PLIMSOLL_FRESH_SETS; s++)
		if (enter_set(fresh_set(key, s), key, row, number))
			return true;
	return false;
}

static __always_inline bool give_slot(struct cgroup *c, __u32 in)
{
	__u32 number = stock_taken, index = number % PLIMSOLL_STOCK;
	struct plimsoll_birth *b = bpf_map_lookup_elem(&stock, &index);

	if (!b || number == stock_filled || !enter(PLIMSOLL_KEY(id_of(c), (__u64)in), b->row, number))
		return false;
	describe(c, in, b);
	__sync_fetch_and_add(&stock_taken, 1); /* after what it counts */
	return true;
}

/* Nothing can enter it yet. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_born, struct cgroup *made, const char *path)
{
	COST(BIRTH);
	struct cgroup *c = CAST(cgroup, made);
	__u32 in = hierarchy_of(c);

	if (in < PLIMSOLL_HIERARCHIES && !give_slot(c, in))
		births_late++;
	return 0;
}

/* Nothing is in it any more, but what it was charged for still is. */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_ended, struct cgroup *removed, const char *path)
{
	COST(DEATH);
	struct cgroup *c = CAST(cgroup, removed);
	__u32 in = hierarchy_of(c);
	struct plimsoll_row *row = in < PLIMSOLL_HIERARCHIES ? row_of(c, in) : NULL;

	if (!row)
		return 0;
	write_row(c, in, PLIMSOLL_ENDED, row);
	row->ended_before = stock_taken;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
