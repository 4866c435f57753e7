/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * On-CPU time and run-queue wait of every cgroup from one hook. At sched_switch the kernel's own
 * sched_info of both tasks still tells the state before the switch: when `next` was queued, and what
 * it had waited before. So no wake-up hook and no time stamp of our own is needed, and the sums are
 * the kernel's (/proc/PID/schedstat). Runs with the run queue locked and interrupts off; each CPU
 * writes only its own slots, so nothing is atomic.
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
	__type(value, struct plimsoll_slot);
	__uint(max_entries, 1); /* set at load: CPUs x slots */
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct plimsoll_running);
	__uint(max_entries, 1); /* set at load: CPUs */
} running SEC(".maps");

/* What is remembered of a task, found by the low bits of its pid. Two tasks may share one; each word
 * tells by itself whom it is about, so a reader needs no lock. */
struct memo {
	/* What it had waited in all when it last got a CPU, with its owner. A migration moves a part of
	 * a wait from last_queued into run_delay; only the difference of totals has all of it. */
	__u64 waited;
	/* The slot of its css_set, so that it need not be followed to its cgroup: that is half a dozen
	 * cache misses for a task that has slept. */
	__u64 place;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct memo);
	__uint(max_entries, PLIMSOLL_MEMOS);
} memos SEC(".maps");

const volatile __u32 n_slots = 1;
__u32 clock_wanted;      /* user space: compare the clocks at the next switch */
__u64 clock_offset_ns;   /* CLOCK_MONOTONIC - rq clock, answered here */

#define NS_PER_US 1000ull
#define LAST_LOWER_NS (NS_PER_US << ((PLIMSOLL_HIST_BUCKETS - 2) / 2)) /* hist_lower_ns() of the last bucket */
#define WAIT_BITS 56 /* of a saved total: 2.2 years of waiting; the rest is the pid's high part + 1 */

/* hist_bucket() of lib/base/hist.c without a count-leading-zeros instruction. */
static __always_inline __u32 bucket_of(__u64 ns)
{
	__u32 us, e = 0;

	if (ns < NS_PER_US)
		return 0;
	if (ns >= LAST_LOWER_NS)
		return PLIMSOLL_HIST_BUCKETS - 1;
	us = (__u32)(ns / NS_PER_US);
#define HALVE(bits) \
	if (us >> bits) { \
		us >>= bits; \
		e += bits; \
	}
	HALVE(16)
	HALVE(8)
	HALVE(4)
	HALVE(2)
	e += us >> 1;
	return 1 + 2 * e + (ns >= (3 * NS_PER_US / 2) << e);
}

static __always_inline __u32 slot_of(struct css_set *set)
{
	struct cgroup *c = set->dfl_cgrp;
	bool legacy = false;
	__u32 row;

	if (memory_legacy) {
		struct cgroup *m = set->subsys[bpf_core_enum_value(enum cgroup_subsys_id,
								   memory_cgrp_id)]->cgroup;
		legacy = m->level > 0;
		if (legacy)
			c = m;
	}
	row = table_find(PLIMSOLL_KEY(c->kn->id, legacy));
	return row < n_slots ? row : 0;
}

/* One word of the set, the table it was looked up in, and the slot: with another set or table in mind
 * it does not give a slot. */
static __always_inline __u64 place_of(__u64 address, __u32 slot)
{
	return PLIMSOLL_MIX(address) ^ ((__u64)table_version << 32 | slot);
}

static __always_inline __u32 remembered_slot(struct memo *m, struct css_set *set, __u64 address)
{
	__u64 slot = m->place ^ place_of(address, 0);

	if (slot && slot < n_slots)
		return (__u32)slot;
	slot = slot_of(set);
	m->place = place_of(address, (__u32)slot);
	return (__u32)slot;
}

/* Everything the task waited since it last had a CPU. */
static __always_inline __u64 wait_of(struct memo *m, struct task_struct *t, __u64 now)
{
	__u64 queued = t->sched_info.last_queued;
	__u64 leg = queued && now > queued ? now - queued : 0;
	__u64 total = t->sched_info.run_delay + leg;
	__u64 owner = (__u64)(((__u32)t->pid >> 16) + 1) << WAIT_BITS;
	__u64 mask = (1ull << WAIT_BITS) - 1;
	__u64 before = m->waited;

	m->waited = owner | (total & mask);
	if (!t->sched_info.pcount) /* its first time */
		return total;
	if ((before & ~mask) != owner) /* another task of the same low pid was here in between */
		return leg;
	return (total - before) & mask;
}

static __always_inline struct plimsoll_slot *slot_at(__u32 cpu, __u32 slot)
{
	__u32 index = cpu * n_slots + slot;

	return bpf_map_lookup_elem(&slots, &index);
}

/* When the leg that ends here began: at the last switch we saw on this CPU, unless the kernel says
 * that `prev` came later. Then that switch was not shown to us, and the time before is not prev's.
 * 0: the leg began before we did. */
static __always_inline __u64 leg_start(struct task_struct *prev, __u64 switched)
{
	__u64 arrival = prev->sched_info.last_arrival;

	return switched && arrival > switched ? arrival : switched;
}

static __always_inline void leave(struct task_struct *prev, volatile struct plimsoll_running *r,
				  __u32 cpu, __u64 now)
{
	__u64 start = leg_start(prev, r->switched_ns);
	__u32 slot = r->slot;
	struct plimsoll_slot *s;

	r->arrival_ns = 0; /* first: a reader must not count this leg twice */
	if (!start || !prev->pid)
		return;
	if ((__u64)prev->cgroups != r->css_set)
		slot = slot_of(prev->cgroups);
	s = slot_at(cpu, slot);
	if (s && now > start)
		s->on_cpu_ns += now - start;
}

static __always_inline void arrive(struct task_struct *next, volatile struct plimsoll_running *r,
				   __u32 cpu, __u64 now)
{
	__u32 index = (__u32)next->pid & (PLIMSOLL_MEMOS - 1);
	struct memo *m = bpf_map_lookup_elem(&memos, &index);
	struct css_set *set = next->cgroups;
	struct plimsoll_slot *s;
	__u32 slot, bucket;
	__u64 wait;

	if (!m)
		return;
	r->css_set = (__u64)set; /* read back as a number: the verifier lets nobody calculate with it */
	slot = remembered_slot(m, set, r->css_set);
	wait = wait_of(m, next, now);
	bucket = bucket_of(wait);
	s = slot_at(cpu, slot);
	if (s && bucket < PLIMSOLL_HIST_BUCKETS) {
		s->wait_ns += wait;
		s->switches++;
		s->hist[bucket]++;
	}
	r->slot = slot;
	r->arrival_ns = now; /* last */
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct plimsoll_running *r = bpf_map_lookup_elem(&running, &cpu);
	__u64 now = prev->se.cfs_rq->rq->clock; /* just updated; the clock of sched_info */

	if (!r)
		return 0;
	leave(prev, r, cpu, now);
	r->switched_ns = now;
	if (next->pid)
		arrive(next, r, cpu, now);
	if (clock_wanted) {
		clock_wanted = 0;
		clock_offset_ns = bpf_ktime_get_ns() - now;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
