/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often a cgroup began to have tasks, itself or below it: the kernel tells whenever the first one comes or the last
 * one ends. It tells of each hierarchy, and holds one lock in all of them.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cost.h"
#include "table.h"
#include "tally.h"

volatile bool run_off; /* user space */

/* PLIMSOLL_RUN_HIERARCHIES: none that has the tasks of a row. */
static __always_inline __u32 hierarchy_of(const struct cgroup *c)
{
	__u32 memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

	if (!BPF_CORE_READ(c, root, hierarchy_id))
		return PLIMSOLL_UNIFIED;
	return memory_legacy && BPF_CORE_READ(c, subsys[memory]) ? PLIMSOLL_MEMORY : PLIMSOLL_RUN_HIERARCHIES;
}

static __always_inline void begins(const struct cgroup *c, __u32 in)
{
	struct plimsoll_tally *t = tally_at(table_find(PLIMSOLL_KEY(BPF_CORE_READ(c, kn, id), (__u64)in)));

	if (t && in < PLIMSOLL_RUN_HIERARCHIES)
		tally_add(t, runs[in], 1);
}

SEC("tp_btf/cgroup_notify_populated")
int BPF_PROG(run_changes, const struct cgroup *c, const char *path, int populated)
{
	COST(RUN);
	__u32 in;

	if (run_off || !populated)
		return 0;
	in = hierarchy_of(c);
	if (in < PLIMSOLL_RUN_HIERARCHIES)
		begins(c, in);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
