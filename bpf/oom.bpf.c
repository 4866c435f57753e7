/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whom the kernel kills for want of memory, kept with the victim's cgroup, which need not be the one whose task
 * wanted the memory. The kernel marks one victim at a time, and each of them once.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "cost.h"
#include "pid.h"
#include "table.h"
#include "tally.h"

volatile bool oom_off; /* user space */
__u64 oom_lost;        /* victims of which the kernel told a pid that no task has */

/* The tracepoint hands over the task, or before 6.9 only its pid: it can record the task's user since it has both. */
static __always_inline const struct task_struct *victim_of(const unsigned long long *ctx)
{
	if (bpf_core_field_exists(struct trace_event_raw_mark_victim, uid))
		return (const void *)ctx[0];
	return pid_task((__u32)ctx[0]);
}

/* A reader that finds the same at_ns, not 0, before and after reading has read one victim; the exchanges are
 * barriers, too. */
static __always_inline void keep(const struct task_struct *task, struct plimsoll_victim *v)
{
	(void)__sync_lock_test_and_set(&v->at_ns, 0);
	v->pid = (__u32)BPF_CORE_READ(task, pid);
	v->count++;
	bpf_core_read_str(v->comm, sizeof(v->comm), &task->comm);
	(void)__sync_lock_test_and_set(&v->at_ns, bpf_ktime_get_boot_ns());
}

SEC("tp_btf/mark_victim")
int oom_victim(unsigned long long *ctx)
{
	COST(VICTIM);
	const struct task_struct *task = oom_off ? NULL : victim_of(ctx);
	struct plimsoll_tally *t = task ? tally_at(table_row_of((__u64)BPF_CORE_READ(task, cgroups))) : NULL;

	if (t)
		keep(task, &t->victim);
	else if (!oom_off)
		__sync_fetch_and_add(&oom_lost, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
