/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/stock.h"

#include <stddef.h>

#include "base/obj.h"

const struct plimsoll_birth *stock_next(struct stock *s)
{
	if (s->read == __atomic_load_n(s->taken, __ATOMIC_ACQUIRE))
		return NULL;
	return &s->ring[s->read++ % PLIMSOLL_STOCK];
}

void stock_known(struct stock *s)
{
	__atomic_store_n(s->known, s->read, __ATOMIC_RELEASE);
}

uint32_t stock_slots(const struct stock *s)
{
	return *s->filled - __atomic_load_n(s->taken, __ATOMIC_ACQUIRE);
}

/* An entry is ours again when its birth is known. */
uint32_t stock_room(const struct stock *s)
{
	return PLIMSOLL_STOCK - (*s->filled - *s->known);
}

void stock_put(struct stock *s, uint32_t slot)
{
	must(stock_room(s) > 0);
	s->ring[*s->filled % PLIMSOLL_STOCK].row = slot;
	__atomic_store_n(s->filled, *s->filled + 1, __ATOMIC_RELEASE);
}
