/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/question.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"

#define QUESTION_MAGIC 0x71756573u

struct question {
	unsigned magic;
	struct connect *connect;
	struct rpc_msg *answer;
	void (*answered)(struct rpc_msg *m, const struct err *e, void *data);
	void *data;
};

static void message(struct rpc_call *c, struct rpc_msg *m)
{
	struct question *q = obj_cast(struct question, rpc_data(c), QUESTION_MAGIC);

	if (!q->answer)
		q->answer = rpc_msg_keep(m);
}

static void closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	struct question *q = obj_cast(struct question, rpc_data(c), QUESTION_MAGIC);
	struct err e;

	if (code == RPC_OK && q->answer) {
		q->answered(q->answer, NULL, q->data);
	} else {
		rpc_msg_release(q->answer);
		connect_explain(q->connect, c, code, text, &e);
		q->answered(NULL, &e, q->data);
	}
	q->magic = 0;
	free(q);
}

static const struct rpc_handler handler = {.message = message, .closed = closed};

void question_ask(struct connect *c, const struct rpc_method *m, const ProtobufCMessage *request,
		  uint64_t timeout_ns,
		  void (*answered)(struct rpc_msg *m, const struct err *e, void *data), void *data)
{
	struct question *q = mem_new(struct question);

	q->magic = QUESTION_MAGIC;
	q->connect = c;
	q->answered = answered;
	q->data = data;
	(void)rpc_send(rpc_open(connect_client(c), m, &handler, timeout_ns, false, q), request);
}
