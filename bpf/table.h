/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cgroup → row, for both programs: an open-addressing table in an mmapped array that user space
 * writes. A hash map would cost a call and a lock; this is a few loads that the verifier checks.
 */
#ifndef BPF_TABLE_H
#define BPF_TABLE_H

#include <bpf/bpf_helpers.h>

#include "plimsoll/slot.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct plimsoll_entry);
	__uint(max_entries, 2); /* set at load */
} table SEC(".maps");

const volatile __u32 table_bits = 1;     /* capacity of one half: 1 << table_bits */
const volatile bool memory_legacy = false; /* memory is a v1 hierarchy */
__u32 table_version; /* user space: grows with each change; odd: the second half counts */

static __always_inline __u32 table_find(__u64 key)
{
	__u32 mask = (1u << table_bits) - 1;
	__u32 at = (__u32)PLIMSOLL_HASH(key, table_bits);

	for (int i = 0; i < PLIMSOLL_PROBES_MAX; i++) {
		__u32 index = ((table_version & 1) << table_bits) + ((at + i) & mask);
		struct plimsoll_entry *e = bpf_map_lookup_elem(&table, &index);

		if (!e || !e->key)
			return 0;
		if (e->key == key)
			return (__u32)e->row;
	}
	return 0;
}

#endif
