/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: our side of the ring of births (array `stock`). We put free slots in, the kernel gives each to
 * the next cgroup that is made and says to which; we read that once a pass. Until stock_known() the kernel finds
 * such a cgroup by itself; after it, it looks into the table.
 */
#ifndef AGENT_PROBE_STOCK_H
#define AGENT_PROBE_STOCK_H

#include <stdint.h>

#include "plimsoll/slot.h"

struct stock { /* memory shared with the kernel, borrowed */
	struct plimsoll_birth *ring;
	uint32_t *filled;      /* births before this number have a slot */
	const uint32_t *taken; /* those before this one took it */
	uint32_t *known;       /* those before this one are in the table */
	uint32_t read;         /* those before this one were returned by stock_next() */
};

const struct plimsoll_birth *stock_next(struct stock *s); /* NULL: no more; good until stock_known() */
void stock_known(struct stock *s);                 /* all that were read are in the table now */
uint32_t stock_slots(const struct stock *s);       /* that wait for a birth */
uint32_t stock_room(const struct stock *s);        /* for how many more */
void stock_put(struct stock *s, uint32_t slot);    /* only while there is room */

#endif
