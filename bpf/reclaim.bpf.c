/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time tasks spend freeing memory, for the node (direct reclaim) or for a cgroup's limit: rare where memory suffices. A
 * reclaim that goes on counts up to the sample.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cost.h"
#include "table.h"
#include "tally.h"

struct reclaim {
	struct bpf_spin_lock lock; /* of since_ns, with the tally that it is counted in */
	__u32 row, limit; /* whom it is counted for; not 0: it is for a cgroup's limit */
	__u64 since_ns; /* not counted yet; 0: it has not begun to count */
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

/* Up to now. A sample, the beginning and the end may be at it together, and whoever is at it may lose its CPU at any
 * place: each stretch of time counts once, and in the sample in which it was. So the clock is read where all can find
 * the reclaim, and what is counted is in the tally by the time that nobody else will count it. */
static __always_inline void count(struct reclaim *r)
{
	struct plimsoll_tally *t = tally_at(r->row);
	__u64 *sum, now;

	if (!t)
		return;
	sum = r->limit ? &t->limit_reclaim_ns : &t->reclaim_ns;
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&r->lock);
	if (r->since_ns && now > r->since_ns)
		__sync_fetch_and_add(sum, now - r->since_ns);
	if (now > r->since_ns)
		r->since_ns = now;
	bpf_spin_unlock(&r->lock);
}

static __always_inline void begin(__u32 limit)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct reclaim fresh = {.row = table_row_of((__u64)BPF_CORE_READ(task, cgroups)), .limit = limit}, *r;
	__u32 thread = (__u32)task->pid;

	if (reclaim_off)
		return;
	if (bpf_map_update_elem(&reclaim_threads, &thread, &fresh, BPF_ANY))
		__sync_fetch_and_add(&reclaim_lost, 1);
	r = bpf_map_lookup_elem(&reclaim_threads, &thread);
	if (r)
		count(r);
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
	__u32 *key = ctx->key, thread;
	struct reclaim *r;

	if (!key)
		return 0;
	thread = *key;
	r = bpf_map_lookup_elem(&reclaim_threads, &thread); /* of ctx->value the verifier lets nobody take the lock */
	if (r)
		count(r);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
