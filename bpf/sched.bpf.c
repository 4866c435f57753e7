/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * On-CPU time and run-queue wait of every cgroup from one hook. At sched_switch the kernel's own
 * sched_info of both tasks still tells the state before the switch: when `next` was queued, and what
 * it had waited before; and how long both have run is up to date. So no wake-up hook and no time stamp of our
 * own is needed, and the sums are the kernel's (/proc/PID/schedstat, cpu.stat). Runs with the run queue locked and interrupts off; each CPU
 * writes only its own slots, so nothing is atomic but the word that says what of a leg is not charged yet: a
 * task that is moved to another cgroup while it runs is charged up to then by whoever moves it.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "array.h"
#include "cost.h"
#include "hist.h"
#include "table.h"

MAPPED_ARRAY(slots, struct plimsoll_slot, 1); /* set at load: CPUs x slots */

MAPPED_ARRAY(running, struct plimsoll_running, 1); /* set at load: CPUs */

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

__u32 clock_wanted;      /* user space: compare the clocks at the next switch */
__u64 clock_offset_ns;   /* CLOCK_MONOTONIC - rq clock, answered here */
__u64 sched_unsure_ns;   /* of legs whose end was hidden from us: no more is charged to nobody, or in two slots */

#define SETTLED_NS 1000000 /* that old, a leg shows in its task */
#define WAIT_BITS 56 /* of a saved total: 2.2 years of waiting; the rest is the pid's high part + 1 */

static __always_inline __u32 slot_of(__u64 set)
{
	__u32 row = table_row_of(set);

	return row < n_slots ? row : 0;
}

/* Another one after each change of what a css_set's address may stand for: the address of one that is gone can be
 * that of another's, and then a task was moved there, or is new. */
static __always_inline __u32 table_stamp(void)
{
	return table_now() + *(volatile __u32 *)&table_moves;
}

/* One word of the set, when it was looked up, and the slot: with another set or time in mind it does not give a
 * slot. */
static __always_inline __u64 place_of(__u64 address, __u32 stamp, __u32 slot)
{
	return PLIMSOLL_MIX(address) ^ ((__u64)stamp << 32 | slot);
}

static __always_inline __u32 remembered_slot(struct memo *m, __u64 set, bool is_new)
{
	__u32 stamp = table_stamp(); /* before we look, so that what we find is never older than we say */
	__u64 slot = m->place ^ place_of(set, stamp, 0);

	if (slot && slot < n_slots && !is_new)
		return (__u32)slot;
	slot = slot_of(set);
	m->place = place_of(set, stamp, (__u32)slot);
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

/* What the kernel says that it ran since we saw it come, `ran_ns` in all its life: unlike a difference of clocks that is
 * without time that a hypervisor stole. `since`: what it ran before that is charged. Never more than the time from then
 * to `until`, whatever we mistook for its beginning. */
static __always_inline __u64 uncharged(__u64 ran_ns, volatile struct plimsoll_running *r, __u64 since, __u64 until)
{
	__u64 ran = ran_ns - r->ran_ns, charged = since - r->switched_ns;
	__s64 left = (__s64)(ran - charged), most = (__s64)(until - since);

	if (left > most)
		left = most;
	return left > 0 ? (__u64)left : 0;
}

/* The one we saw come is not the one that leaves: a switch was not shown to us. */
static __always_inline __u64 unseen_leg(struct task_struct *prev, volatile struct plimsoll_running *r, __u64 since,
					__u64 now)
{
	__u64 start = leg_start(prev, r->switched_ns);

	if (since > start)
		start = since;
	return start && now > start ? now - start : 0;
}

/* The one we saw come left before `until`, and what it ran is charged to nobody. The kernel tells how long that was as
 * long as the task has not come to another CPU since, where we may have charged it. */
static __always_inline void recover(volatile struct plimsoll_running *r, __u32 cpu, __u64 since, __u64 until)
{
	struct task_struct *task = (void *)r->task; /* it may be gone: then this says nothing, or at most `until` */
	__u64 ran = 0, arrival = 0, left;
	struct plimsoll_slot *s = slot_at(cpu, since == r->switched_ns ? r->slot : r->moved_slot);

	bpf_core_read(&arrival, sizeof(arrival), &task->sched_info.last_arrival);
	bpf_core_read(&ran, sizeof(ran), &task->se.sum_exec_runtime);
	left = uncharged(ran, r, since, until);
	if (!left)
		return;
	if (arrival > r->switched_ns)
		__sync_fetch_and_add(&sched_unsure_ns, left);
	else if (s)
		s->on_cpu_ns += left;
}

static __always_inline void leave(struct task_struct *prev, volatile struct plimsoll_running *r,
				  __u32 cpu, __u64 now)
{
	struct plimsoll_slot *s;
	__u64 since, leg;
	bool seen;

	if (!prev->pid && !r->arrival_ns)
		return;
	since = __sync_lock_test_and_set(&r->arrival_ns, 0); /* first: nobody must count this leg twice */
	seen = since && (__u64)prev == r->task;
	if (since && !seen)
		recover(r, cpu, since, prev->pid ? leg_start(prev, r->switched_ns) : now);
	if (!prev->pid)
		return;
	leg = seen ? uncharged(prev->se.sum_exec_runtime, r, since, now) : unseen_leg(prev, r, since, now);
	s = slot_at(cpu, seen && since == r->switched_ns ? r->slot : slot_of((__u64)BPF_CORE_READ(prev, cgroups)));
	if (s)
		s->on_cpu_ns += leg;
}

static __always_inline void arrive(struct task_struct *next, struct css_set *set, volatile struct plimsoll_running *r,
				   __u32 cpu, __u64 now)
{
	__u32 index = (__u32)next->pid & (PLIMSOLL_MEMOS - 1);
	struct memo *m = bpf_map_lookup_elem(&memos, &index);
	struct plimsoll_slot *s;
	__u32 slot, bucket;
	__u64 wait;

	if (!m)
		return;
	r->task = (__u64)next;
	r->ran_ns = next->se.sum_exec_runtime;
	r->css_set = (__u64)set; /* read back as a number: the verifier lets nobody calculate with it */
	slot = remembered_slot(m, r->css_set, !next->sched_info.pcount);
	wait = wait_of(m, next, now);
	bucket = bucket_of(wait);
	s = slot_at(cpu, slot);
	if (s && bucket < PLIMSOLL_HIST_BUCKETS) {
		s->wait_ns += wait;
		s->switches++;
		s->hist[bucket]++;
	}
	r->slot = slot;
	(void)__sync_lock_test_and_set(&r->arrival_ns, now); /* last: whoever reads it finds the rest written */
}

/* Pointers are followed where the verifier comes along once, see table_row_of(). */
SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	COST(SWITCH);
	__u32 cpu = bpf_get_smp_processor_id();
	struct plimsoll_running *r = bpf_map_lookup_elem(&running, &cpu);
	struct css_set *set;
	__u64 now;

	if (!r)
		return 0;
	now = prev->se.cfs_rq->rq->clock; /* just updated; the clock of sched_info */
	set = next->pid ? next->cgroups : NULL;
	leave(prev, r, cpu, now);
	r->switched_ns = now;
	if (set)
		arrive(next, set, r, cpu, now);
	if (clock_wanted) {
		clock_wanted = 0;
		clock_offset_ns = bpf_ktime_get_ns() - now;
	}
	return 0;
}

/* In the size that this kernel has: one byte since 7.2, four before. The task may be gone: read with care. */
static __always_inline bool is_on_cpu(const struct task_struct *task)
{
	return BPF_CORE_READ_BITFIELD_PROBED(task, on_cpu);
}

/* What the task on a CPU ran in the cgroup that it came with, if it is not in that any more. Moves come one at a time. */
static __always_inline void split_leg(__u32 cpu, __u64 now)
{
	volatile struct plimsoll_running *r = bpf_map_lookup_elem(&running, &cpu);
	__u64 since = r ? __sync_fetch_and_add(&r->arrival_ns, 0) : 0; /* before the rest is read */
	bool moved = since && since != r->switched_ns;
	struct task_struct *task;
	struct css_set *set = NULL;
	struct plimsoll_slot *s;
	__u32 slot;
	bool on_cpu;

	if (!since || now <= since)
		return;
	task = (void *)r->task;
	on_cpu = is_on_cpu(task); /* else its leaving was hidden from us */
	bpf_core_read(&set, sizeof(set), &task->cgroups);
	if (!on_cpu || (__u64)set == (moved ? r->moved_set : r->css_set))
		return;
	slot = moved ? r->moved_slot : r->slot;
	r->moved_set = (__u64)set;
	r->moved_slot = slot_of((__u64)set);
	if (__sync_val_compare_and_swap(&r->arrival_ns, since, now) != since)
		return; /* it left in between, and all of that leg is charged */
	s = slot_at(bpf_get_smp_processor_id(), slot); /* ours: only its own CPU writes a slot, and readers add them all up */
	if (s)
		__sync_fetch_and_add(&s->on_cpu_ns, now - since); /* a switch may come in between: here they are allowed */
}

/* It tells only of a process's leader; its threads are found by what has become of them. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(sched_moved, struct cgroup *to, const char *path, struct task_struct *leader, bool threadgroup)
{
	COST(MOVE);
	__u64 now = clock_offset_ns ? bpf_ktime_get_ns() - clock_offset_ns : 0;

	__sync_fetch_and_add(&table_moves, 1);
	for (__u32 cpu = 0; cpu < PLIMSOLL_CPUS_MAX && cpu < n_cpus; cpu++)
		split_leg(cpu, now);
	return 0;
}

/* Run once, at the start: a task that has its CPU since before we looked, and may never let go of it. If it does in
 * this moment, its CPU finds another task than is written here, and goes by what the kernel says of that one. */
SEC("iter/task")
int sched_running(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	volatile struct plimsoll_running *r;
	struct css_set *set;
	__u32 cpu;

	if (!task || !task->pid || !task->on_cpu || !clock_offset_ns)
		return 0;
	cpu = BPF_CORE_READ(task, se.cfs_rq, rq, cpu);
	set = BPF_CORE_READ(task, cgroups);
	r = bpf_map_lookup_elem(&running, &cpu);
	if (!r || r->switched_ns)
		return 0;
	r->task = (__u64)task;
	r->css_set = (__u64)set;
	r->ran_ns = task->se.sum_exec_runtime;
	r->slot = slot_of((__u64)set);
	r->switched_ns = bpf_ktime_get_ns() - clock_offset_ns;
	(void)__sync_lock_test_and_set(&r->arrival_ns, r->switched_ns);
	return 0;
}

/* Once a sample, one row a CPU: a leg that is over, though no switch told us. That of a CPU that goes offline is one:
 * then the kernel shows no switch any more. One that has just begun may not be on its CPU yet. */
SEC("iter/bpf_map_elem")
int sched_look(struct bpf_iter__bpf_map_elem *ctx)
{
	COST(LOOK);
	volatile struct plimsoll_running *r = ctx->value;
	struct task_struct *task;
	__u64 switched, arrival = 0;
	bool on_cpu;

	if (!r || !clock_offset_ns)
		return 0;
	switched = r->switched_ns;
	task = (void *)r->task;
	on_cpu = is_on_cpu(task);
	bpf_core_read(&arrival, sizeof(arrival), &task->sched_info.last_arrival);
	if (bpf_ktime_get_ns() - clock_offset_ns < switched + SETTLED_NS)
		return 0;
	r->over_ns = !on_cpu || arrival > switched ? switched : 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
