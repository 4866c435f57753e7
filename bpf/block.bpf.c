/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block IO by cgroup, counted when a request ends: what it moved, and how long it took from the moment it
 * was made, so that the wait in the device's queue is in it. The cgroup is the bio's: of reads and direct
 * writes the task's own, of buffered writes on cgroup v2 the one that dirtied the pages. Bio-only drivers
 * (device mapper, md) are not seen, the devices below them are.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cost.h"
#include "hist.h"
#include "table.h"
#include "tally.h"

#define OP_MASK 0xff /* REQ_OP_MASK */
enum { OP_READ, OP_WRITE };

const volatile bool io_legacy = false; /* the io controller is a v1 hierarchy */
volatile bool block_off;               /* user space */

static __always_inline struct plimsoll_tally *tally_of(struct request *rq)
{
	struct cgroup *c = BPF_CORE_READ(rq, bio, bi_blkg, blkcg, css.cgroup);
	__u64 id = c ? BPF_CORE_READ(c, kn, id) : 0;

	return tally_at(id ? table_find(PLIMSOLL_KEY(id, io_legacy ? PLIMSOLL_IO : PLIMSOLL_UNIFIED)) : 0);
}

/* Requests whose time the kernel does not keep (iostats off) have no latency, rather than a wrong one. */
static __always_inline void add_latency(struct plimsoll_tally *t, struct request *rq)
{
	__u64 start = rq->start_time_ns, now = bpf_ktime_get_ns();

	if (!start || now < start)
		return;
	tally_add(t, io_ns, now - start);
	hist_count(t->io_hist, now - start);
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(block_rq_complete, struct request *rq, int error, unsigned int nr_bytes)
{
	COST(BLOCK);
	__u32 op = rq->cmd_flags & OP_MASK;
	bool whole = nr_bytes >= rq->__data_len; /* else the rest comes later */
	struct plimsoll_tally *t;

	if (block_off || op > OP_WRITE)
		return 0;
	t = tally_of(rq);
	if (!t)
		return 0;
	if (op == OP_READ)
		tally_add(t, io_read_bytes, nr_bytes);
	else
		tally_add(t, io_written_bytes, nr_bytes);
	if (!whole)
		return 0;
	if (op == OP_READ)
		tally_add(t, io_reads, 1);
	else
		tally_add(t, io_writes, 1);
	add_latency(t, rq);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
