/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server reflection. The first byte chooses: even, the rest is a request (as a peer may send it,
 * decoded as lib/rpc decodes) asked of our own descriptors; odd, the rest is a descriptor set, which
 * is then asked for the first name found in it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "rpc/arena.h"
#include "rpc/descriptor.h"
#include "rpc/reflection.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest request;
typedef Grpc__Reflection__V1__ServerReflectionResponse response;
#define ASKS(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name

extern const unsigned char descriptors_bytes[];
extern const unsigned long descriptors_size;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void pack(const response *a, void *data)
{
	size_t n = protobuf_c_message_get_packed_size(&a->base);
	uint8_t *bytes = malloc(n ? n : 1);

	(void)data;
	if (protobuf_c_message_pack(&a->base, bytes) != n)
		abort();
	free(bytes);
}

static void ask_ours(struct rpc_span in)
{
	static struct rpc_reflection *ours;
	struct rpc_arena arena;
	request *q;

	if (!ours)
		ours = rpc_reflection_new((struct rpc_span){ descriptors_bytes, descriptors_size },
					  NULL, 0);
	rpc_arena_init(&arena, 256, RPC_MAX_ARENA);
	q = grpc__reflection__v1__server_reflection_request__unpack(&arena.allocator, in.n, in.p);
	if (q)
		rpc_reflection_answer(ours, q, pack, NULL);
	rpc_arena_done(&arena);
}

static void ask_theirs(struct rpc_span set)
{
	request q = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
	struct rpc_reflection *theirs = rpc_reflection_new(set, NULL, 0);
	struct rpc_descriptors d;

	rpc_descriptors_init(&d, set);
	if (d.n_symbols) {
		q.message_request_case = ASKS(FILE_CONTAINING_SYMBOL);
		q.file_containing_symbol = d.symbols[0].name;
		if (!rpc_descriptors_symbol(&d, d.symbols[0].name))
			abort();
		rpc_reflection_answer(theirs, &q, pack, NULL);
	}
	rpc_descriptors_done(&d);
	rpc_reflection_free(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		ask_theirs((struct rpc_span){ data + 1, size - 1 });
	else
		ask_ours((struct rpc_span){ data + 1, size - 1 });
	return 0;
}
