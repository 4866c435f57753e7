/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/rpc: what a serialised message is; its functions are in rpc.h. */
#ifndef RPC_PACKED_H
#define RPC_PACKED_H

#include <grpc/slice.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "rpc/rpc.h"

struct rpc_packed {
	unsigned magic;
	_Atomic unsigned refs; /* the poller drops the one of the send queue */
	grpc_slice slice;
};

#endif
