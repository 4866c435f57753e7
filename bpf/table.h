/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cgroup → row, for every program: an open-addressing table in an mmapped array that user space
 * writes. A hash map would cost a call and a lock; this is a few loads that the verifier checks.
 */
#ifndef BPF_TABLE_H
#define BPF_TABLE_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "array.h"
#include "plimsoll/slot.h"

MAPPED_ARRAY(table, struct plimsoll_entry, 2); /* set at load */

/* Full: the birth is late, see cgroup.bpf.c. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct plimsoll_fresh);
	__uint(max_entries, 1u << PLIMSOLL_FRESH_BITS);
} fresh __weak SEC(".maps");

const volatile __u32 table_bits __weak = 1;     /* room of one half: 1 << table_bits */
const volatile bool memory_legacy __weak = false; /* memory is a v1 hierarchy */
const volatile __u32 n_slots __weak = 1;
const volatile __u32 n_cpus __weak = 1;
__u64 pass __weak; /* user space: number of this sample */
/* User space: PLIMSOLL_TABLE_NEXT at each change. */
__u32 table_version __weak SEC(".data.table") = PLIMSOLL_TABLE_NEXT(0, 1);
__u32 cost_wanted __weak SEC(".data.table"); /* see cost.h; here, for all programs have this line at hand */
__u32 table_moves __weak SEC(".data.table"); /* sched.bpf.c lets it grow with each move of a task to another cgroup */
__u32 births_known __weak SEC(".data.table"); /* user space: births before this number are in the table */

/* The i-th place of a key. */
static __always_inline struct plimsoll_fresh *fresh_set(__u64 key, __u32 i)
{
	__u32 set = (__u32)PLIMSOLL_HASH(key, PLIMSOLL_FRESH_BITS) ^ i;

	return bpf_map_lookup_elem(&fresh, &set);
}

/* Of a cgroup that was made since the table was written. */
static __always_inline __u32 fresh_find(__u64 key)
{
	for (int s = 0; s < PLIMSOLL_FRESH_SETS; s++) {
		struct plimsoll_fresh *f = fresh_set(key, s);

		for (int i = 0; f && i < PLIMSOLL_FRESH_WAYS; i++)
			if (f->way[i].key == key)
				return (__s32)(f->way[i].number - births_known) >= 0 ? f->way[i].row : 0;
	}
	return 0;
}

static __always_inline __u32 table_now(void)
{
	return *(volatile __u32 *)&table_version;
}

/* Nearly all keys are where they belong, or next to it; the verifier goes each of these steps by itself. */
#define TABLE_NEAR 3

struct table_walk { /* small: of the stack all programs and what they call have 512 bytes together */
	__u64 key;
	__u32 version, first, row;
	__u32 index;
};

/* At the i-th place of the key. 1: no further. */
static __always_inline long table_probe(struct table_walk *w, __u32 i)
{
	__u32 mask = (1u << PLIMSOLL_TABLE_BITS(w->version)) - 1;
	struct plimsoll_entry *e;

	w->index = (PLIMSOLL_TABLE_HALF(w->version) << table_bits) + ((w->first + i) & mask);
	e = bpf_map_lookup_elem(&table, &w->index);
	if (!e || !e->key)
		return 1;
	if (e->key != w->key)
		return 0;
	w->row = (__u32)e->row;
	return 1;
}

static long table_step(__u32 i, struct table_walk *w)
{
	return table_probe(w, TABLE_NEAR + i);
}

/* A function of its own, which the kernel verifies once a program, not once a path. */
__weak __noinline __u32 table_look(__u64 key, __u32 version)
{
	struct table_walk w = {.key = key, .version = version,
			       .first = (__u32)PLIMSOLL_HASH(key, PLIMSOLL_TABLE_BITS(version))};
	bool ended = false;

	for (int i = 0; i < TABLE_NEAR && !ended; i++)
		ended = table_probe(&w, i);
	if (!ended)
		bpf_loop(PLIMSOLL_PROBES_MAX - TABLE_NEAR, table_step, &w, 0);
	return w.row ? w.row : fresh_find(w.key);
}

/* While we look a birth may go over from `fresh` to the table, or our half be written anew for the next version. */
static __always_inline __u32 table_find(__u64 key)
{
	__u32 version, row;

	for (int i = 0; i < 3; i++) {
		version = table_now();
		row = table_look(key, version);
		if (version == table_now())
			return row;
	}
	return 0; /* three new tables while we looked: not known, as while it is born */
}

/* The row of a task's cgroup. On a hybrid machine that is its memory cgroup where it has one below the root, since
 * engines that know only v1 leave all tasks in the root of v2. Read, not followed: for each step from a pointer that
 * the verifier trusts Linux 6.18 looks through the names of all its types, which takes a millisecond. `address`: as the
 * verifier lets nobody hand a pointer to a function of its own. */
__weak __noinline __u32 table_row_of(__u64 address)
{
	struct css_set *set = (void *)address;
	struct cgroup *c = BPF_CORE_READ(set, dfl_cgrp);
	__u32 hierarchy = PLIMSOLL_UNIFIED;

	if (memory_legacy) {
		__u32 memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
		struct cgroup *m = BPF_CORE_READ(set, subsys[memory], cgroup);

		if (BPF_CORE_READ(m, level) > 0) {
			c = m;
			hierarchy = PLIMSOLL_MEMORY;
		}
	}
	return table_find(PLIMSOLL_KEY(BPF_CORE_READ(c, kn, id), hierarchy));
}

#endif
