/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/rpc: the memory of one decoded message. Grows by chunks up to a cap, which is the guard
 * against small messages that decode into huge ones; goes as a whole. A block that is freed while
 * it is the newest is used again: protobuf-c's scratch tables come and go that way.
 */
#ifndef RPC_ARENA_H
#define RPC_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

struct rpc_arena_chunk;
struct rpc_arena {
	ProtobufCAllocator allocator;
	struct rpc_arena_chunk *chunks; /* newest first */
	size_t cap_bytes, total_bytes, first_bytes;
	void *newest;
	bool exceeded; /* an allocation was refused because of the cap */
};

/* `first_bytes`: a guess of what will be needed. Must not move after this. */
void rpc_arena_init(struct rpc_arena *a, size_t first_bytes, size_t cap_bytes);
void rpc_arena_done(struct rpc_arena *a);

#endif
