/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run-queue wait the usual way, for comparison: a time stamp by pid at each wake-up and preemption, taken
 * up at the switch to that task, and a histogram by cgroup. On-CPU time, which ours has too, is not counted.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

enum { BPF_NOEXIST = 1 };

#define TASK_RUNNING 0
#define MAX_TASKS    10240
#define MAX_CGROUPS  10240
#define BUCKETS	     26

struct task_struct___state {
	unsigned int __state;
} __attribute__((preserve_access_index));

struct waits {
	__u32 bucket[BUCKETS]; /* powers of two of microseconds */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, MAX_TASKS);
} queued SEC(".maps"); /* by pid */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct waits);
	__uint(max_entries, MAX_CGROUPS);
} histograms SEC(".maps"); /* by cgroup id */

static const struct waits none;

static __always_inline __u32 log2_of(__u64 v)
{
	__u32 bits = 0;

	for (__u32 half = 32; half; half /= 2) {
		if (v >> half) {
			v >>= half;
			bits += half;
		}
	}
	return bits < BUCKETS ? bits : BUCKETS - 1;
}

static __always_inline int stamp(struct task_struct *t)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 pid = t->pid;

	if (pid)
		bpf_map_update_elem(&queued, &pid, &now, BPF_ANY);
	return 0;
}

static __always_inline struct waits *histogram_of(struct task_struct *t)
{
	__u64 id = t->cgroups->dfl_cgrp->kn->id;
	struct waits *w = bpf_map_lookup_elem(&histograms, &id);

	if (w)
		return w;
	bpf_map_update_elem(&histograms, &id, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&histograms, &id);
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(wakeup, struct task_struct *t)
{
	return stamp(t);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(wakeup_new, struct task_struct *t)
{
	return stamp(t);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(wakeup_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct task_struct___state *leaving = (void *)prev;
	__u32 pid = next->pid;
	struct waits *w;
	__u64 *since;

	if (leaving->__state == TASK_RUNNING)
		stamp(prev);
	since = bpf_map_lookup_elem(&queued, &pid);
	if (!since)
		return 0;
	w = histogram_of(next);
	if (w)
		__sync_fetch_and_add(&w->bucket[log2_of((bpf_ktime_get_ns() - *since) / 1000)], 1);
	bpf_map_delete_elem(&queued, &pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
