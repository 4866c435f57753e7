/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator: so many requests a second, each to the replica with the fewest waiting. When
 * all replicas have LOAD_WAITING requests waiting, requests are dropped and counted, as a service
 * with a full queue would. Loop thread only.
 */
#ifndef DEMO_LOAD_H
#define DEMO_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

#define LOAD_WAITING 32 /* requests in one replica: 64 ms of work, so a backlog is gone at once */

struct load;
struct load_target;

struct load_stats {
	uint64_t sent, answered, dropped;
};

struct load *load_new(struct loop *l, uint32_t request_us);
struct load *load_free(struct load *l); /* targets must be removed before; NULL is fine */
void load_rate(struct load *l, uint32_t per_s);
struct load_stats load_stats(const struct load *l);

/* Takes the descriptor, our end of a SOCK_SEQPACKET pair. NULL: no more descriptors. */
struct load_target *load_add(struct load *l, int fd);
bool load_serves(const struct load_target *t); /* it has said hello; before, it gets nothing */
void load_drain(struct load_target *t); /* sends it nothing more */
void load_remove(struct load_target *t);

#endif
