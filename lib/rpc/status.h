/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/rpc: rich errors. A refusal travels as google.rpc.Status with a Help detail in the
 * trailer grpc-status-details-bin, so that a client can show what to do.
 */
#ifndef RPC_STATUS_H
#define RPC_STATUS_H

#include <grpc/grpc.h>

#include "rpc/rpc.h"

#define RPC_STATUS_KEY "grpc-status-details-bin"

grpc_slice rpc_status_pack(enum rpc_code code, const char *message, const char *fix);
/* The description of the first Help link in the trailers, allocated; NULL: there is none. */
char *rpc_status_fix(const grpc_metadata_array *trailers);
/* Core's text of a failed connection in words a person can act on: the text, and often a hint. */
char *rpc_status_explain(enum rpc_code code, const char *core_text, const char *address);

#endif
