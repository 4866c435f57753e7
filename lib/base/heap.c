/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include <malloc.h>

/* From there on a block is mapped for itself, and the end of the heap is given back by malloc(). Left alone, it raises
 * both with every large block that is freed, up to 32 and 64 MiB. */
void heap_init(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_FALL_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_FALL_BYTES);
}

uint64_t heap_used(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

void heap_give_back(void)
{
	(void)malloc_trim(0);
}

static uint64_t least_fall(uint64_t most)
{
	return most / HEAP_FALL_PART > HEAP_FALL_BYTES ? most / HEAP_FALL_PART : HEAP_FALL_BYTES;
}

bool heap_fell(struct heap *h, uint64_t used, uint64_t now_ns)
{
	if (used > h->most)
		h->most = used;
	if (h->most - used < least_fall(h->most) || (h->given_back_ns && now_ns - h->given_back_ns < HEAP_EVERY_NS))
		return false;
	h->most = used;
	h->given_back_ns = now_ns;
	return true;
}
