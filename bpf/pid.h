/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The task of a pid, as the kernel's find_task_by_pid_ns() finds it in the machine's own namespace: for hooks that
 * hand over nothing else. Only while the task can neither end nor be new, as that of a hook.
 */
#ifndef BPF_PID_H
#define BPF_PID_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define PID_LEVELS_MAX 6 /* of the tree by pid; a pid has 22 bits, and a level takes at least 4 */
#define PID_IS_NODE(entry) (((unsigned long)(entry) & 3) == 2) /* xa_is_internal() of xarray.h: a node, with a mark */

static __always_inline struct pid *pid_find(__u32 number)
{
	const __u32 places = bpf_core_field_size(struct xa_node, slots) / sizeof(void *);
	struct task_struct *current = bpf_get_current_task_btf();
	char *entry = BPF_CORE_READ(current, thread_pid, numbers[0].ns, idr.idr_rt.xa_head);

	for (int i = 0; i < PID_LEVELS_MAX && PID_IS_NODE(entry); i++) {
		struct xa_node *node = (void *)(entry - 2);
		__u32 place = (number >> BPF_CORE_READ(node, shift)) & (places - 1);
		char *slots = (char *)node + bpf_core_field_offset(struct xa_node, slots);

		if (bpf_probe_read_kernel(&entry, sizeof(entry), slots + place * sizeof(void *)))
			return NULL;
	}
	return PID_IS_NODE(entry) ? NULL : (void *)entry;
}

/* NULL: there is none. The verifier does not know what it points to. */
static __always_inline struct task_struct *pid_task(__u32 number)
{
	struct pid *pid = pid_find(number);
	char *link = pid ? (char *)BPF_CORE_READ(pid, tasks[0].first) : NULL;
	struct task_struct *task = link ? (void *)(link - bpf_core_field_offset(struct task_struct, pid_links)) : NULL;

	return task && BPF_CORE_READ(task, pid) == (int)number ? task : NULL;
}

#endif
