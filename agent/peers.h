/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls whom on this node, second by second: the probe's edges by the rows of agent/sample. A peer is a row and the
 * address that it calls, or at which it answers. What nobody used for a while is given back to the kernel, sooner when
 * there is little room left, and at once when its cgroup ended. Loop-thread-only; nothing blocks.
 */
#ifndef AGENT_PEERS_H
#define AGENT_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/probe/probe.h"
#include "agent/sample.h"
#include "base/graph.h"

#define PEERS_IDLE_NS	  (600 * CLOCK_NS_PER_S)
#define PEERS_IDLE_FULL_NS (30 * CLOCK_NS_PER_S) /* from PEERS_FULL on */
#define PEERS_NUMBERS	   4096 /* connections of either side that are remembered to tell where calls come out */
#define PEERS_FULL	  3072 /* of the 4096 that there is room for */

struct peer { /* valid until the next peers_take() */
	uint32_t id;  /* from 1, never reused */
	uint32_t row; /* of the sample */
	uint64_t net;
	uint8_t address[16];
	uint16_t port;
	bool serves;
	bool fresh;   /* first seen in this second */
	bool changed; /* `now` differs from `before`, or fresh */
	struct probe_calls now, before;
};

struct peers;
struct peers *peers_new(void);
struct peers *peers_free(struct peers *p); /* NULL is fine; returns NULL */
/* After a sample_take(): brings all up to that second. */
void peers_take(struct peers *p, struct probe *probe, const struct sample *s);
/* Who calls whom: what came between the last two seconds. */
void peers_graph(const struct peers *p, const struct sample *s, clock_boot_t now, struct graph *g);
bool peers_heard(const struct peers *p); /* in the last second; else there are none, and nobody knows */
/* Those of the last second, ordered by id, borrowed until the next peers_take(). */
const struct peer *const *peers_list(const struct peers *p, size_t *ret_n);

#endif
