/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

struct rpc_arena_chunk {
	struct rpc_arena_chunk *next;
	size_t size, used; /* of bytes[] */
	alignas(max_align_t) unsigned char bytes[];
};

#define ALIGNMENT alignof(max_align_t)

static size_t aligned(size_t n)
{
	return (n + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/* Doubling keeps the number of chunks small; the last one may be as small as what is asked for. */
static struct rpc_arena_chunk *add_chunk(struct rpc_arena *a, size_t need)
{
	size_t size = a->chunks ? a->chunks->size * 2 : a->first_bytes;
	size_t left = a->cap_bytes - a->total_bytes;
	struct rpc_arena_chunk *c;

	if (need > left) {
		a->exceeded = true;
		return NULL;
	}
	if (size < need)
		size = need;
	if (size > left)
		size = left;
	c = malloc(sizeof(*c) + size);
	if (!c)
		return NULL;
	c->next = a->chunks;
	c->size = size;
	c->used = 0;
	a->chunks = c;
	a->total_bytes += size;
	return c;
}

static void *arena_alloc(void *data, size_t n)
{
	struct rpc_arena *a = data;
	struct rpc_arena_chunk *c = a->chunks;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = aligned(n ? n : 1);
	if (!c || c->size - c->used < n)
		c = add_chunk(a, n);
	if (!c)
		return NULL;
	a->newest = c->bytes + c->used;
	c->used += n;
	return a->newest;
}

static void arena_free(void *data, void *p)
{
	struct rpc_arena *a = data;

	if (!p || p != a->newest)
		return;
	a->chunks->used = (size_t)((unsigned char *)p - a->chunks->bytes);
	a->newest = NULL;
}

void rpc_arena_init(struct rpc_arena *a, size_t first_bytes, size_t cap_bytes)
{
	*a = (struct rpc_arena){
		.allocator = { .alloc = arena_alloc, .free = arena_free, .allocator_data = a },
		.first_bytes = aligned(first_bytes),
		.cap_bytes = cap_bytes,
	};
}

void rpc_arena_done(struct rpc_arena *a)
{
	struct rpc_arena_chunk *next;

	for (struct rpc_arena_chunk *c = a->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	a->chunks = NULL;
}
