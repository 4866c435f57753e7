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
enum { BPF_F_MMAPABLE = 1u << 10 };
enum bpf_map_type { BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERCPU_ARRAY = 6 };
enum cgroup_subsys_id { memory_cgrp_id = 4 };       /* relocated */
enum lru_list { LRU_INACTIVE_FILE = 2, NR_LRU_LISTS = 5 }; /* relocated */
enum psi_states { PSI_NONIDLE = 6 };                /* relocated */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct rq {
	__u64 clock;
};

struct cfs_rq {
	struct rq *rq;
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
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
};

struct psi_group_cpu {
	__u32 state_mask;
	__u32 times[7];
	__u64 state_start;
	__u32 times_prev[14];
};

struct psi_group {
	bool enabled;
	struct psi_group_cpu *pcpu;
	__u64 total[12];
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level;
	struct kernfs_node *kn;
	struct cgroup_subsys_state *subsys[12];
	struct cgroup_root *root;
	struct psi_group *psi;
};

struct css_set {
	struct cgroup_subsys_state *subsys[12];
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	int pid;
	struct sched_entity se;
	struct sched_info sched_info;
	struct css_set *cgroups;
};

typedef struct {
	long counter;
} atomic_long_t;

struct page_counter {
	atomic_long_t usage;
	unsigned long max;
};

struct mem_cgroup_per_node {
	unsigned long lru_zone_size[25];
};

struct mem_cgroup {
	struct page_counter memory;
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

#pragma clang attribute pop

#endif
