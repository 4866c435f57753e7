/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/rpc: a received message, decoded on the poller thread, read on the loop thread. */
#ifndef RPC_MSG_H
#define RPC_MSG_H

#include <grpc/byte_buffer.h>

#include "rpc/arena.h"
#include "rpc/inbox.h"
#include "rpc/rpc.h"

struct rpc_msg {
	unsigned magic;
	unsigned refs; /* loop thread only once handed over */
	struct rpc_event event;
	struct rpc_call *call; /* counts against its max_inflight; holds a reference */
	ProtobufCMessage *message;
	size_t size_bytes;
	struct rpc_arena arena;
};

/* Poller thread. RPC_OK and *ret_m, or why not with a text for the peer. */
enum rpc_code rpc_msg_decode(grpc_byte_buffer *bytes, const ProtobufCMessageDescriptor *as,
			     size_t max_bytes, struct rpc_msg **ret_m, char *ret_why,
			     size_t why_size);
void rpc_msg_free(struct rpc_msg *m);

#endif
