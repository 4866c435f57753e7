/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container runtime may answer: a list of containers and one of sandboxes, the first with two bytes
 * of length before it. Whatever comes, the entries that are told are good ones, and none is lost uncounted.
 */
#include <stdint.h>
#include <stdlib.h>

#include "agent/names/book.h"
#include "base/obj.h"
#include "rpc/arena.h"
#include "rpc/rpc.h"
#include "runtime/v1/cri.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct names_entry *e, void *data)
{
	const struct names_word w = {.tell = NAMES_ENTRY, .entry = *e};

	must(names_word_good(&w, sizeof(w)));
	must(e->id[0] && e->container[0] != '\n');
	++*(uint32_t *)data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
	const uint8_t *rest = size < 2 ? data : data + 2;
	struct rpc_arena arena;
	book_containers *c;
	book_sandboxes *s;
	struct book_counts counts;
	uint32_t told = 0;

	size -= (size_t)(rest - data);
	n = n < size ? n : size;
	rpc_arena_init(&arena, 4096, RPC_MAX_ARENA);
	c = runtime__v1__list_containers_response__unpack(&arena.allocator, n, rest);
	s = runtime__v1__list_pod_sandbox_response__unpack(&arena.allocator, size - n, rest + n);
	if (c && s) {
		counts = book_read(c, s, judge, &told);
		must(counts.told == told && counts.told <= NAMES_MOST);
		must(counts.told + counts.refused == c->n_containers + s->n_items);
	}
	rpc_arena_done(&arena);
	return 0;
}
