/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One read() of this iterator visits every task of the machine and counts it to its cgroup. Passes come
 * one at a time, so gauges need nothing atomic. Major faults are what the kernel's count of a task grew by between two
 * walks, or up to the task's end: whatever CPU it was on, and however short it lived.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cost.h"
#include "table.h"
#include "tally.h"

#define PERMILLE   1000
#define PF_EXITING 0x4 /* its end is seen by task_exit, or was */

struct seen {
	__u64 total_ns, look;
	__u64 major_faults; /* counted already */
};

/* How long a task had run or wanted to at the walk before, and its faults. Freed with the task; when the kernel has no
 * memory for one, the task does not count as the busiest, and its faults count when it ends. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct seen);
} task_seen SEC(".maps");

__u64 task_look;       /* user space: number of this walk, which may skip samples, … */
__u64 task_elapsed_ns; /* … and the time since the one before; 0: there was none */
__u64 task_began_ns;   /* the first walk, CLOCK_BOOTTIME: what older tasks did before is not ours to tell */
volatile bool task_off; /* user space */

static __always_inline void begin(struct plimsoll_tally *t)
{
	t->processes = 0;
	t->threads = 0;
	t->started_ns = 0;
	t->busiest_thread = 0;
	t->task_pass = pass;
}

/* On a CPU and waiting for one. A wait that goes on is not in it yet, a tick of running neither. */
static __always_inline void compare(struct task_struct *task, struct seen *s, struct plimsoll_tally *t)
{
	__u64 total = task->se.sum_exec_runtime + task->sched_info.run_delay, share;

	if (task_elapsed_ns && s->look + 1 == task_look && total > s->total_ns) {
		share = (total - s->total_ns) * PERMILLE / task_elapsed_ns;
		share = share < PERMILLE ? share : PERMILLE;
		if (share > t->busiest_thread)
			t->busiest_thread = share;
	}
	s->total_ns = total;
	s->look = task_look;
}

static __always_inline bool is_older_than_we(struct task_struct *task)
{
	__u64 began = *(volatile __u64 *)&task_began_ns;

	return !began || task->start_boottime < began;
}

static __always_inline struct seen *seen_of(struct task_struct *task)
{
	struct seen *s = bpf_task_storage_get(&task_seen, task, NULL, 0);

	if (s)
		return s;
	s = bpf_task_storage_get(&task_seen, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (s && is_older_than_we(task))
		s->major_faults = task->maj_flt;
	return s;
}

/* The walk and the end of the task may be at it together: each fault counts once. */
static __always_inline void count_faults(struct task_struct *task, struct seen *s, struct plimsoll_tally *t)
{
	for (int i = 0; i < 2; i++) {
		__u64 now = task->maj_flt, before = *(volatile __u64 *)&s->major_faults;

		if (now <= before)
			break;
		if (__sync_val_compare_and_swap(&s->major_faults, before, now) != before)
			continue;
		tally_add(t, major_faults, now - before);
		break;
	}
}

static __always_inline void look_again(struct task_struct *task, struct plimsoll_tally *t)
{
	struct seen *s = seen_of(task);

	if (!s)
		return;
	compare(task, s, t);
	if (!(task->flags & PF_EXITING))
		count_faults(task, s, t);
}

SEC("iter/task")
int task_pass(struct bpf_iter__task *ctx)
{
	COST(TASK);
	struct task_struct *task = ctx->task;
	struct plimsoll_tally *t;
	__u64 started;

	if (!task || !task->pid)
		return 0;
	if (!task_began_ns)
		task_began_ns = bpf_ktime_get_boot_ns();
	t = tally_at(table_row_of((__u64)BPF_CORE_READ(task, cgroups)));
	if (!t)
		return 0;
	if (t->task_pass != pass)
		begin(t);
	t->threads++;
	look_again(task, t);
	if (task->pid != task->tgid)
		return 0;
	started = task->start_boottime;
	t->processes++;
	if (!t->started_ns || started < t->started_ns)
		t->started_ns = started;
	return 0;
}

/* It faults no more. Most tasks never did. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(task_exit, struct task_struct *task)
{
	COST(EXIT);
	struct plimsoll_tally *t;
	struct seen *s;

	if (task_off || !task->maj_flt)
		return 0;
	t = tally_at(table_row_of((__u64)BPF_CORE_READ(task, cgroups)));
	s = seen_of(task);
	if (t && s)
		count_faults(task, s, t);
	else if (t && !is_older_than_we(task))
		tally_add(t, major_faults, task->maj_flt);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
