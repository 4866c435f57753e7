/* SPDX-License-Identifier: Apache-2.0 */
/* A question to the daemon while the loop runs on: for the full screen, which must not wait. */
#ifndef CTL_QUESTION_H
#define CTL_QUESTION_H

#include "ctl/connect.h"
#include "ctl/method.h"

/* `answered` comes once, also when the connection is closed: with a message that is its own now, or
 * with NULL and an error that is valid until it returns. The request is packed before this returns. */
void question_ask(struct connect *c, const struct rpc_method *m, const ProtobufCMessage *request,
		  uint64_t timeout_ns,
		  void (*answered)(struct rpc_msg *m, const struct err *e, void *data), void *data);

#endif
