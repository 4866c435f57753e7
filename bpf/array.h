/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arrays that user space maps into its memory: it reads and writes them without a system call. As all that stands
 * in a header here they are weak: the objects of bpf/ are linked into one, which has one of each.
 */
#ifndef BPF_ARRAY_H
#define BPF_ARRAY_H

#include <bpf/bpf_helpers.h>

#define MAPPED_ARRAY(NAME, TYPE, ENTRIES)                                                          \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__type(key, __u32);                                                                \
		__type(value, TYPE);                                                               \
		__uint(max_entries, ENTRIES);                                                      \
	} NAME __weak SEC(".maps")

#endif
