/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the tree: the kernel's table of its directories and their rows. */
#ifndef AGENT_PROBE_KEYS_H
#define AGENT_PROBE_KEYS_H

#include "agent/probe/tree.h"

/* Writes all ids into the first 1 << *ret_bits entries of one half of the table, so many that each has a place near enough
 * if there is room; returns how many have none. */
size_t keys_write_table(struct tree *t, struct plimsoll_entry *half, uint32_t *ret_bits);

#endif
