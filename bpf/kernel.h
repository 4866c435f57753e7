/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few kernel types that the programs touch. Only the names count: libbpf looks the offsets up in
 * the running kernel's BTF (CO-RE), so one object fits every kernel that has these fields.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u32 uint32_t;
typedef __u64 uint64_t;
typedef _Bool bool;
enum { false, true };

#define NULL ((void *)0)

enum { BPF_ANY = 0 };
enum { BPF_F_NO_PREALLOC = 1u << 0, BPF_F_MMAPABLE = 1u << 10 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
	TCP_SYN_RECV = 3,
	TCP_TIME_WAIT = 6,
	TCP_CLOSE = 7,
	TCP_LISTEN = 10,
	TCP_NEW_SYN_RECV = 12,
};
enum { IPPROTO_TCP = 6, IPPROTO_MPTCP = 262 };
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum cgroup_subsys_id { cpu_cgrp_id = 1, memory_cgrp_id = 4 }; /* relocated, as the next four */
enum memcg_memory_event { MEMCG_OOM_KILL = 5 };
enum node_stat_item { NR_ANON_MAPPED = 17, NR_FILE_PAGES = 19, NR_SLAB_RECLAIMABLE_B = 5, NR_SLAB_UNRECLAIMABLE_B = 6 };
enum memcg_stat_item { MEMCG_NR_STAT = 50 };
enum lru_list { LRU_INACTIVE_FILE = 2, NR_LRU_LISTS = 5 }; /* relocated */
enum psi_states { PSI_NONIDLE = 6 };                /* relocated */

struct bpf_spin_lock {
	__u32 val;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct rq {
	__u64 clock;
	int cpu;
};

struct cfs_rq {
	struct rq *rq;
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
	__u64 sum_exec_runtime;
};

struct sched_info {
	unsigned long pcount;
	unsigned long long run_delay, last_arrival, last_queued;
};

struct kernfs_node {
	__u64 id;
	const char *name;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
	int nr_populated_csets; /* on 7.2.13; in struct cgroup before */
};

struct psi_group_cpu {
	__u32 state_mask;
	__u32 times[7];
	__u64 state_start;
	__u32 times_prev[14];
};

struct psi_group_cpu___nested {
	__u32 times_prev[2][7];
};

struct psi_group {
	bool enabled;
	struct psi_group_cpu *pcpu;
	__u64 total[12]; /* as of reads, as of triggers */
};

struct psi_group___nested {
	__u64 total[2][6];
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level;
	struct kernfs_node *kn;
	struct cgroup_subsys_state *subsys[12];
	int nr_populated_csets, nr_populated_domain_children, nr_populated_threaded_children;
	struct cgroup_root *root;
	struct psi_group *psi;
};

struct css_set {
	struct cgroup_subsys_state *subsys[12];
	struct cgroup *dfl_cgrp;
};

struct trace_event_raw_mark_victim { /* what the tracepoint records */
	__u32 uid;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct xa_node {
	unsigned char shift;
	void *slots[64];
};

struct xarray {
	void *xa_head;
};

struct idr {
	struct xarray idr_rt;
};

struct pid_namespace {
	struct idr idr; /* of struct pid */
};

struct upid {
	struct pid_namespace *ns;
};

struct pid {
	struct hlist_head tasks[4]; /* by pid_type, of which PIDTYPE_PID is 0 */
	struct upid numbers[1];     /* from the machine's own namespace inwards */
};

struct task_struct {
	int pid, tgid;
	__u32 on_cpu; /* of any size: a load of what has no sign is made as BTF says, a bpf_core_read() is not */
	char comm[16];
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	unsigned int flags;
	__u64 start_boottime; /* since 5.5; real_start_time before */
	unsigned long maj_flt;
	struct sched_entity se;
	struct sched_info sched_info;
	struct css_set *cgroups;
};

typedef struct {
	long counter;
} atomic_long_t;

struct page_counter {
	atomic_long_t usage;
	unsigned long max, high, watermark;
};

struct memcg_vmstats {
	long state[50];
};

struct sock_cgroup_data {
	struct cgroup *cgroup; /* since 5.15 */
};

struct net {
	__u64 net_cookie;
};

typedef struct {
	struct net *net; /* CONFIG_NET_NS */
} possible_net_t;

struct sock_common {
	volatile unsigned char skc_state;
	possible_net_t skc_net;
};

typedef struct {
	int counter;
} atomic_t;

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	int sk_err;
	__u32 sk_ack_backlog, sk_max_ack_backlog;
	atomic_t sk_drops;
	struct sock_cgroup_data sk_cgrp_data;
};

struct inet_connection_sock {
	__u8 icsk_retransmits; /* timeouts since the peer last acknowledged something */
};

struct tcp_sock {
	__u32 srtt_us, segs_out, data_segs_out, total_retrans, sacked_out;
	__u64 bytes_acked, bytes_received; /* a SYN that we sent is one of those acknowledged */
};

struct mptcp_sock { /* only where the kernel has MPTCP */
	struct sock *first; /* a TCP socket, which no file stands for */
};

struct socket {
	struct sock *sk;
};

struct file;

struct blkcg {
	struct cgroup_subsys_state css;
};

struct blkcg_gq {
	struct blkcg *blkcg;
};

struct bio {
	struct blkcg_gq *bi_blkg;
};

struct request {
	__u32 cmd_flags, __data_len;
	struct bio *bio;
	__u64 start_time_ns;
};

struct cfs_bandwidth {
	long long period;
	__u64 quota;
	int nr_periods, nr_throttled;
	__u64 throttled_time;
};

struct task_group {
	unsigned long shares;
	struct cfs_bandwidth cfs_bandwidth;
};

/* By generation, anon and file, zone. For ___nested see place.h. */
struct lru_gen_folio { /* lru_gen_struct in 6.1 */
	unsigned long max_seq;
	long nr_pages[40];
};

struct lru_gen_folio___nested {
	long nr_pages[4][2][5];
};

struct lruvec {
	struct lru_gen_folio lrugen; /* CONFIG_LRU_GEN */
};

struct lruvec___nested {
	struct lru_gen_folio___nested lrugen;
};

struct mem_cgroup_per_node {
	struct lruvec lruvec;
	unsigned long lru_zone_size[25]; /* by zone, list */
};

struct mem_cgroup_per_node___nested {
	struct lruvec___nested lruvec;
	unsigned long lru_zone_size[5][5];
};

struct mem_cgroup {
	struct page_counter memory;
	struct page_counter memsw; /* v1: memory and swap; in a union with v2's swap */
	atomic_long_t memory_events[9];
	struct memcg_vmstats *vmstats;
	struct mem_cgroup_per_node *nodeinfo[1];
};

struct bpf_map {
	__u32 id;
};

struct bpf_array {
	struct bpf_map map;
	void *pptrs[1];
};

struct bpf_iter__cgroup {
	struct cgroup *cgroup;
};

struct bpf_iter__task_file {
	struct task_struct *task;
	struct file *file;
};

struct bpf_iter__bpf_sk_storage_map {
	struct sock *sk;
	void *value;
};

struct bpf_iter__bpf_map_elem {
	__u32 *key; /* of the maps that are walked over */
	void *value;
};

struct bpf_iter__task {
	struct task_struct *task;
};

#pragma clang attribute pop

#endif
