/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "plimsoll/v1/scaling.pb-c.h"
#include "plimsoll/v1/status.pb-c.h"

#define QUESTION_MAGIC 0x64717565u
#define TIMEOUT_NS     (3 * CLOCK_NS_PER_S) /* a local daemon that needs longer is stuck */

struct question {
	unsigned magic;
	struct rpc_msg *answer;
	ask_answered_t answered;
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
	char why[256];

	snprintf(why, sizeof(why), "%s: %s", rpc_code_name(code), text ? text : "");
	q->answered(code == RPC_OK && q->answer ? rpc_msg_get(q->answer) : NULL, why, q->data);
	if (q->answer)
		rpc_msg_release(q->answer);
	q->magic = 0;
	free(q);
}

static const struct rpc_handler handler = { .message = message, .closed = closed };

static const struct rpc_method methods[] = {
	[ASK_STATUS] = { "/plimsoll.v1.Status/Get", RPC_UNARY,
			 &plimsoll__v1__status_request__descriptor,
			 &plimsoll__v1__status_response__descriptor, &handler, 0 },
	[ASK_WORKLOADS] = { "/plimsoll.v1.Scaling/ListWorkloads", RPC_UNARY,
			    &plimsoll__v1__list_workloads_request__descriptor,
			    &plimsoll__v1__list_workloads_response__descriptor, &handler, 0 },
	[ASK_DECISIONS] = { "/plimsoll.v1.Scaling/ListDecisions", RPC_UNARY,
			    &plimsoll__v1__list_decisions_request__descriptor,
			    &plimsoll__v1__list_decisions_response__descriptor, &handler, 0 },
};

void ask(struct rpc_client *c, enum ask_what what, const ProtobufCMessage *request,
	 ask_answered_t answered, void *data)
{
	struct question *q = mem_new(struct question);

	q->magic = QUESTION_MAGIC;
	q->answered = answered;
	q->data = data;
	struct rpc_call *call = rpc_open(c, &methods[what], &handler, TIMEOUT_NS, true, q);
	(void)rpc_send(call, request); /* a failure comes as closed() */
}
