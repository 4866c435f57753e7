/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/counter.h"

#include "rpc/rpc.h"

struct rpc_counter_table rpc_counter_table;

#define read_one(name) \
	(ret->name = atomic_load_explicit(&rpc_counter_table.name, memory_order_relaxed))

void rpc_counters(struct rpc_counters *ret)
{
	read_one(calls_opened);
	read_one(calls_refused);
	read_one(calls_live);
	read_one(messages_received);
	read_one(messages_sent);
	read_one(bytes_received);
	read_one(bytes_sent);
	read_one(decode_errors);
	read_one(too_large);
	read_one(unknown_methods);
	read_one(send_queue_full);
	read_one(accept_errors);
	read_one(handshake_errors);
}
