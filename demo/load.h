/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator: so many requests a second, each to the replica with the fewest waiting, over connections that are
 * kept: as many to a replica as requests ever waited there at once. When all replicas have LOAD_WAITING requests waiting,
 * requests are dropped and counted, as a service with a full queue would. Loop thread only.
 */
#ifndef DEMO_LOAD_H
#define DEMO_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "demo/message.h"
#include "loop/loop.h"

#define LOAD_WAITING 32 /* requests in one replica: 64 ms of CPU, or 640 ms behind a lock, and the backlog is gone */

struct load;
struct load_target;

struct load_stats {
	uint64_t sent, answered, dropped;
};

struct load *load_new(struct loop *l);
struct load *load_free(struct load *l); /* targets must be removed before; NULL is fine */
void load_set(struct load *l, uint32_t per_s, struct work each); /* from now on */
void load_stop(struct load *l);
struct load_stats load_stats(const struct load *l);

/* Takes the descriptor, our end of a replica's SOCK_SEQPACKET pair. NULL: no more descriptors. */
struct load_target *load_add(struct load *l, int fd);
bool load_serves(const struct load_target *t); /* it has told its port; before, it gets nothing */
void load_drain(struct load_target *t); /* sends it nothing more */
void load_remove(struct load_target *t);

#endif
