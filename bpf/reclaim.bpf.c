/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time tasks spend freeing memory, for the node (direct reclaim) or for a cgroup's limit, and page faults
 * that read a disk. All of them are rare where memory suffices. A reclaim that goes on counts up to the sample.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cost.h"
#include "table.h"
#include "tally.h"

struct reclaim {
	__u64 since_ns; /* not counted yet */
	__u32 row, limit; /* whom it is counted for; not 0: it is for a cgroup's limit */
};

/* Those under way, by thread. Full: a further one is counted in `reclaim_lost` and nowhere else. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct reclaim);
	__uint(max_entries, PLIMSOLL_RECLAIMS);
} reclaim_threads SEC(".maps");

volatile bool reclaim_off; /* user space */
__u64 reclaim_lost;

/* Up to now. A sample and the end may be at it together: each stretch of time counts once. */
static __always_inline void count(struct reclaim *r)
{
	struct plimsoll_tally *t = tally_at(r->row);

	for (int i = 0; t && i < 2; i++) {
		__u64 since = *(volatile __u64 *)&r->since_ns, now = bpf_ktime_get_ns();

		if (now <= since || __sync_val_compare_and_swap(&r->since_ns, since, now) != since)
			continue;
		if (r->limit)
			tally_add(t, limit_reclaim_ns, now - since);
		else
			tally_add(t, reclaim_ns, now - since);
		break;
	}
}

static __always_inline void begin(__u32 limit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct reclaim r = {bpf_ktime_get_ns(), table_row_of(task->cgroups), limit};
	__u32 thread = (__u32)task->pid;

	if (!reclaim_off && bpf_map_update_elem(&reclaim_threads, &thread, &r, BPF_ANY))
		__sync_fetch_and_add(&reclaim_lost, 1);
}

static __always_inline void end(void)
{
	__u32 thread = (__u32)bpf_get_current_task_btf()->pid;
	struct reclaim *r = bpf_map_lookup_elem(&reclaim_threads, &thread);

	if (!r) /* its beginning was not seen */
		return;
	count(r);
	bpf_map_delete_elem(&reclaim_threads, &thread);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int reclaim_direct_begin(void *ctx)
{
	COST(RECLAIM);
	begin(0);
	return 0;
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int reclaim_limit_begin(void *ctx)
{
	COST(RECLAIM);
	begin(1);
	return 0;
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int reclaim_direct_end(void *ctx)
{
	COST(RECLAIM);
	end();
	return 0;
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int reclaim_limit_end(void *ctx)
{
	COST(RECLAIM);
	end();
	return 0;
}

/* Once a sample, one row a reclaim that goes on. */
SEC("iter/bpf_map_elem")
int reclaim_going_on(struct bpf_iter__bpf_map_elem *ctx)
{
	COST(GOING_ON);
	struct reclaim *r = ctx->value;

	if (r)
		count(r);
	return 0;
}

SEC("perf_event")
int reclaim_fault(void *ctx)
{
	COST(FAULT);
	struct plimsoll_tally *t;

	if (reclaim_off)
		return 0;
	t = tally_at(table_row_of(bpf_get_current_task_btf()->cgroups));
	if (t)
		tally_add(t, major_faults, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
