/* SPDX-License-Identifier: GPL-2.0-only */
/* The tallies of slots, to which every part adds. */
#ifndef BPF_TALLY_H
#define BPF_TALLY_H

#include <bpf/bpf_helpers.h>

#include "array.h"
#include "plimsoll/slot.h"
#include "table.h"

MAPPED_ARRAY(tallies, struct plimsoll_tally, 1); /* set at load: slots */

/* Of a row; a row without a slot goes to slot 0, the overflow. */
static __always_inline struct plimsoll_tally *tally_at(__u32 row)
{
	__u32 slot = row < n_slots ? row : 0;

	return bpf_map_lookup_elem(&tallies, &slot);
}

#define tally_add(tally, field, n) __sync_fetch_and_add(&(tally)->field, n)

#endif
