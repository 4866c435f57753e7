/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/keys.h"

#include <string.h>

#include "agent/probe/tree_node.h"

#define TABLE_BITS_MIN 4 /* less than a page all the same */

static bool write_key(struct plimsoll_entry *half, uint32_t bits, uint64_t key, uint32_t row)
{
	uint32_t mask = (1u << bits) - 1;
	uint32_t at = (uint32_t)PLIMSOLL_HASH(key, bits);

	for (uint32_t i = 0; i < PLIMSOLL_PROBES_MAX; i++) {
		struct plimsoll_entry *e = &half[(at + i) & mask];

		if (e->key)
			continue;
		e->row = row;
		e->key = key;
		return true;
	}
	return false;
}

static size_t write_keys(struct tree *t, struct plimsoll_entry *half, uint32_t bits)
{
	size_t lost = 0;

	memset(half, 0, sizeof(*half) << bits);
	for (size_t i = 0; i < t->n; i++) {
		struct tree_node *n = t->nodes[i];

		for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++) {
			n->unseen[h] = n->key[h] && !write_key(half, bits, n->key[h], n->rows.of[0]);
			lost += n->unseen[h];
		}
	}
	return lost;
}

/* Half full at most, if there is room. */
static uint32_t bits_for(const struct tree *t)
{
	size_t keys = map_size(t->by_key);
	uint32_t bits = TABLE_BITS_MIN;

	while (bits < t->o.table_bits && (size_t)1 << bits < 2 * keys)
		bits++;
	return bits < t->o.table_bits ? bits : t->o.table_bits;
}

size_t keys_write_table(struct tree *t, struct plimsoll_entry *half, uint32_t *ret_bits)
{
	uint32_t bits = bits_for(t);
	size_t lost = write_keys(t, half, bits);

	t->changed = false;
	while (lost && bits < t->o.table_bits)
		lost = write_keys(t, half, ++bits);
	*ret_bits = bits;
	return lost;
}
