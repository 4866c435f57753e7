/* SPDX-License-Identifier: Apache-2.0 */
/* One question, one answer: unary calls to the daemons of this run. Loop thread only. */
#ifndef DEMO_ASK_H
#define DEMO_ASK_H

#include <stdint.h>

#include "rpc/rpc.h"

enum ask_what { ASK_STATUS, ASK_WORKLOADS, ASK_DECISIONS };

/* Comes exactly once. `answer` is valid until it returns; NULL: the call failed, `why` says it. */
typedef void (*ask_answered_t)(const ProtobufCMessage *answer, const char *why, void *data);

/* The request is packed before the call returns. */
void ask(struct rpc_client *c, enum ask_what what, const ProtobufCMessage *request,
	 ask_answered_t answered, void *data);

#endif
