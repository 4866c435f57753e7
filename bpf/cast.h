/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pointers that are followed instead of read. Reading is a call, and calls were more than half of what the pass over
 * cgroups took. Since 6.2 a kernel lets a program say what a pointer points to, after which it is followed like any
 * other; that also saves the verifier looking through the names of all types at each step from a pointer that it trusts
 * (some 0.4 ms each on 6.18). Before, it is read. For one file of bpf/ only: Debian's bpftool cannot link two that
 * call the same function of the kernel.
 */
#ifndef BPF_CAST_H
#define BPF_CAST_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

enum special_kfunc_type { KF_bpf_rdonly_cast }; /* the verifier's list of what it knows */

extern void *bpf_rdonly_cast(const void *p, __u32 type) __weak __ksym;

#define CAN_CAST (bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_rdonly_cast))

/* User space: the kernel's numbers of these types, when libbpf is given only a part of them (agent/probe/kernel_types.h);
 * 0: libbpf writes them into the program. */
const volatile __u32 cast_cgroup = 0, cast_mem_cgroup = 0, cast_task_group = 0;

#define CAST_TYPE(TYPE)                                                              \
	({                                                                           \
		__u32 number = cast_##TYPE;                                          \
		number ? number : (__u32)bpf_core_type_id_kernel(struct TYPE);       \
	})

/* As a struct TYPE *; what it points to may be gone, then all fields are 0. */
#define CAST(TYPE, p) \
	((struct TYPE *)(CAN_CAST ? bpf_rdonly_cast(p, CAST_TYPE(TYPE)) : (const void *)(p)))

/* A field of what CAST() gave. */
#define FOLLOW(p, field) (CAN_CAST ? (p)->field : BPF_CORE_READ(p, field))

#endif
