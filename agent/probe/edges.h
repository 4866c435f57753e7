/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: the rows of include/plimsoll/edge.h. Gives the kernel free ones in advance, says which are in use,
 * and takes back those that somebody says are idle: at once they are found no more, and two passes later, when no
 * CPU can still be at them, they are free. Makes no system call but to map more rows.
 */
#ifndef AGENT_PROBE_EDGES_H
#define AGENT_PROBE_EDGES_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/probe/window.h"
#include "base/err.h"
#include "plimsoll/edge.h"

#define EDGES_READY 256 /* rows that wait to be taken: so many edges can come between two passes */

struct edges_memory { /* shared with the kernel, borrowed */
	struct plimsoll_edge *row; /* those that were shown can be touched */
	struct plimsoll_edge_set *set;
	uint64_t *stock; /* a ring of handles */
	uint32_t *filled;
	const uint32_t *taken;
	void (*show)(void *data, uint32_t rows); /* makes rows below this touchable */
	void *data;
};

enum edges_state { EDGES_FREE, EDGES_WAITING, EDGES_USED, EDGES_LEAVING, EDGES_RESTING };

struct edges {
	struct edges_memory memory; /* row NULL: nobody counts edges */
	uint32_t rows, shown; /* those below were ever given out, can be touched */
	uint32_t read; /* takes before this one are known */
	uint16_t use[PLIMSOLL_EDGES]; /* the newest of each row */
	uint8_t state[PLIMSOLL_EDGES];
};

void edges_open(struct edges *e, const struct edges_memory *m); /* m->row NULL: there are none */
void edges_pass(struct edges *e); /* once a sample, before edges_next() */
/* The next one in use from *cursor on, 0 at first. NULL: no more. Memory that grows while it is read. */
const struct plimsoll_edge *edges_next(const struct edges *e, uint32_t *cursor, uint32_t *ret_handle);
/* It is read once more, at the next pass, and gone then. Twice is fine. */
void edges_give_back(struct edges *e, uint32_t handle);

#endif
