/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the task of the pid that test_pid.c hands over, as bpf/oom.bpf.c does where its hook hands over a pid. */
#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include "pid.h"

char comm[16];
bool found;

SEC("raw_tp")
int find(unsigned long long *ctx)
{
	struct task_struct *task = pid_task((__u32)ctx[0]);

	found = task != NULL;
	if (task)
		bpf_core_read_str(comm, sizeof(comm), &task->comm);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
