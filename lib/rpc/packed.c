/* SPDX-License-Identifier: Apache-2.0 */
/* Serialised messages: packed once into a core slice, which every send then shares. */
#include "rpc/packed.h"

#include <string.h>

#include "base/mem.h"
#include "base/obj.h"

#define PACKED_MAGIC 0x7270616bu

static struct rpc_packed *packed_new(size_t n)
{
	struct rpc_packed *p = mem_new(struct rpc_packed);

	p->magic = PACKED_MAGIC;
	atomic_init(&p->refs, 1);
	p->slice = grpc_slice_malloc(n);
	return p;
}

struct rpc_packed *rpc_pack(const ProtobufCMessage *m)
{
	struct rpc_packed *p = packed_new(protobuf_c_message_get_packed_size(m));

	protobuf_c_message_pack(m, GRPC_SLICE_START_PTR(p->slice));
	return p;
}

struct rpc_packed *rpc_pack_bytes(const uint8_t *bytes, size_t n)
{
	struct rpc_packed *p = packed_new(n);

	if (n)
		memcpy(GRPC_SLICE_START_PTR(p->slice), bytes, n);
	return p;
}

struct rpc_packed *rpc_packed_ref(struct rpc_packed *p)
{
	must(p->magic == PACKED_MAGIC);
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void rpc_packed_unref(struct rpc_packed *p)
{
	if (!p)
		return;
	must(p->magic == PACKED_MAGIC);
	if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1)
		return;
	grpc_slice_unref(p->slice);
	p->magic = 0;
	free(p);
}

struct rpc_span rpc_packed_bytes(const struct rpc_packed *p)
{
	return (struct rpc_span){ GRPC_SLICE_START_PTR(p->slice), GRPC_SLICE_LENGTH(p->slice) };
}
