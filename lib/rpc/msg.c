/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/msg.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/obj.h"
#include "rpc/call.h"
#include "rpc/counter.h"

#define MSG_MAGIC 0x726d7367u
/* Packed columns grow about threefold when decoded; more comes in further chunks. */
#define ARENA_FIRST(wire_bytes) (256 + 3 * ((wire_bytes) < 65536 ? (wire_bytes) : 65536))

/* The message as one piece; several slices are gathered in *scratch. NULL: out of memory. */
static const uint8_t *gather(grpc_byte_buffer_reader *reader, size_t size, uint8_t **scratch)
{
	grpc_slice *slice;
	size_t done = 0;

	if (!grpc_byte_buffer_reader_peek(reader, &slice))
		return (const uint8_t *)"";
	if (GRPC_SLICE_LENGTH(*slice) == size)
		return GRPC_SLICE_START_PTR(*slice);
	*scratch = malloc(size);
	if (!*scratch)
		return NULL;
	do {
		memcpy(*scratch + done, GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice));
		done += GRPC_SLICE_LENGTH(*slice);
	} while (grpc_byte_buffer_reader_peek(reader, &slice));
	must(done == size);
	return *scratch;
}

static enum rpc_code unpack(struct rpc_msg *m, const ProtobufCMessageDescriptor *as,
			    grpc_byte_buffer *bytes, char *ret_why, size_t why_size)
{
	grpc_byte_buffer_reader reader;
	uint8_t *scratch = NULL;
	const uint8_t *data = NULL;

	if (!grpc_byte_buffer_reader_init(&reader, bytes)) {
		snprintf(ret_why, why_size, "cannot read the %s", as->name);
		return RPC_INVALID;
	}
	data = gather(&reader, m->size_bytes, &scratch);
	if (data)
		m->message = protobuf_c_message_unpack(as, &m->arena.allocator, m->size_bytes, data);
	free(scratch);
	grpc_byte_buffer_reader_destroy(&reader);
	if (m->message)
		return RPC_OK;
	rpc_count(decode_errors, 1);
	if (m->arena.exceeded || !data) {
		snprintf(ret_why, why_size, "a %s of %zu bytes needs more than %u MiB decoded",
			 as->name, m->size_bytes, RPC_MAX_ARENA >> 20);
		return RPC_EXHAUSTED;
	}
	snprintf(ret_why, why_size, "these %zu bytes are no %s", m->size_bytes, as->name);
	return RPC_INVALID;
}

enum rpc_code rpc_msg_decode(grpc_byte_buffer *bytes, const ProtobufCMessageDescriptor *as,
			     size_t max_bytes, struct rpc_msg **ret_m, char *ret_why,
			     size_t why_size)
{
	size_t size = grpc_byte_buffer_length(bytes);
	struct rpc_msg *m;
	enum rpc_code code;

	if (size > max_bytes) {
		rpc_count(too_large, 1);
		snprintf(ret_why, why_size, "a message of %zu bytes; the limit is %zu", size,
			 max_bytes);
		return RPC_EXHAUSTED;
	}
	m = calloc(1, sizeof(*m));
	if (!m) {
		snprintf(ret_why, why_size, "out of memory");
		return RPC_EXHAUSTED;
	}
	m->magic = MSG_MAGIC;
	m->refs = 1;
	m->size_bytes = size;
	rpc_arena_init(&m->arena, ARENA_FIRST(size), RPC_MAX_ARENA);
	code = unpack(m, as, bytes, ret_why, why_size);
	if (code != RPC_OK) {
		rpc_msg_free(m);
		return code;
	}
	rpc_count(messages_received, 1);
	rpc_count(bytes_received, size);
	*ret_m = m;
	return RPC_OK;
}

void rpc_msg_free(struct rpc_msg *m)
{
	rpc_arena_done(&m->arena);
	m->magic = 0;
	free(m);
}

const ProtobufCMessage *rpc_msg_get(const struct rpc_msg *m)
{
	must(m->magic == MSG_MAGIC);
	return m->message;
}

size_t rpc_msg_size(const struct rpc_msg *m)
{
	return m->size_bytes;
}

struct rpc_msg *rpc_msg_keep(struct rpc_msg *m)
{
	must(m->magic == MSG_MAGIC);
	m->refs++;
	return m;
}

void rpc_msg_release(struct rpc_msg *m)
{
	struct rpc_call *c;

	if (!m)
		return;
	must(m->magic == MSG_MAGIC && m->refs > 0);
	if (--m->refs)
		return;
	c = m->call;
	rpc_msg_free(m);
	rpc_call_consumed(c);
	rpc_call_unref(c);
}
