/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One read() of this iterator visits every task of the machine and counts it to its cgroup. Passes come
 * one at a time, so nothing is atomic.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cost.h"
#include "table.h"
#include "tally.h"

#define PERMILLE 1000

struct busy {
	__u64 total_ns, look;
};

/* How long a task had run or wanted to at the walk before. Freed with the task; when the kernel has no
 * memory for one, the task does not count as the busiest, and no more is lost. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct busy);
} task_busy SEC(".maps");

__u64 task_look;       /* user space: number of this walk, which may skip samples, … */
__u64 task_elapsed_ns; /* … and the time since the one before; 0: there was none */

static __always_inline void begin(struct plimsoll_tally *t)
{
	t->processes = 0;
	t->threads = 0;
	t->started_ns = 0;
	t->busiest_thread = 0;
	t->task_pass = pass;
}

/* On a CPU and waiting for one. A wait that goes on is not in it yet, a tick of running neither. */
static __always_inline void compare(struct task_struct *task, struct plimsoll_tally *t)
{
	__u64 total = task->se.sum_exec_runtime + task->sched_info.run_delay, share;
	struct busy *b = bpf_task_storage_get(&task_busy, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!b)
		return;
	if (task_elapsed_ns && b->look + 1 == task_look && total > b->total_ns) {
		share = (total - b->total_ns) * PERMILLE / task_elapsed_ns;
		share = share < PERMILLE ? share : PERMILLE;
		if (share > t->busiest_thread)
			t->busiest_thread = share;
	}
	b->total_ns = total;
	b->look = task_look;
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
	t = tally_at(table_row_of(task->cgroups));
	if (!t)
		return 0;
	if (t->task_pass != pass)
		begin(t);
	t->threads++;
	compare(task, t);
	if (task->pid != task->tgid)
		return 0;
	started = task->start_boottime;
	t->processes++;
	if (!t->started_ns || started < t->started_ns)
		t->started_ns = started;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
