/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/rpc: the process's counters. Relaxed: nobody orders anything by them. */
#ifndef RPC_COUNTER_H
#define RPC_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

struct rpc_counter_table {
	_Atomic uint64_t calls_opened, calls_refused, calls_live;
	_Atomic uint64_t messages_received, messages_sent, bytes_received, bytes_sent;
	_Atomic uint64_t decode_errors, too_large, unknown_methods, send_queue_full;
	_Atomic uint64_t accept_errors, handshake_errors;
};
extern struct rpc_counter_table rpc_counter_table;

#define rpc_count(name, by) \
	atomic_fetch_add_explicit(&rpc_counter_table.name, (by), memory_order_relaxed)
#define rpc_uncount(name, by) \
	atomic_fetch_sub_explicit(&rpc_counter_table.name, (by), memory_order_relaxed)

#endif
