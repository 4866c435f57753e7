/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/ingest/report.h"

#include <stdlib.h>

#include "aggregator/aggregator.h"
#include "aggregator/ingest/intake.h"
#include "base/mem.h"
#include "base/obj.h"

#define REPORT_MAGIC 0x7e904701u

struct report {
	unsigned magic;
	struct intake intake; /* its node is set once the preamble was taken */
	struct rpc_call *call;
	bool greeted;
	uint64_t acked_ns;
	unsigned unacked;
};

static struct report *report_of(struct intake *i)
{
	return (struct report *)(void *)((char *)i - offsetof(struct report, intake));
}

static void end(struct intake *i, const struct intake_end *why)
{
	rpc_finish(report_of(i)->call, why->code, why->text, *why->fix ? why->fix : NULL);
}

static enum rpc_code open_call(struct rpc_call *c)
{
	struct aggregator *a = rpc_server_data(rpc_call_server(c));
	struct report *r = mem_new(struct report);

	r->magic = REPORT_MAGIC;
	r->call = c;
	intake_open(&r->intake, a->ingest, clock_boot(), end);
	rpc_set_data(c, r);
	return RPC_OK;
}

static void direct(struct report *r, Plimsoll__V1__Ack *ack, Plimsoll__V1__Resume *resume)
{
	Plimsoll__V1__Directive d = PLIMSOLL__V1__DIRECTIVE__INIT;

	d.ack = ack;
	d.resume = resume;
	/* A full queue means the agent does not read: the next ack covers this one. */
	(void)rpc_send(r->call, &d.base);
}

static void greet(struct report *r, const Plimsoll__V1__Batch *b, clock_boot_t now)
{
	Plimsoll__V1__Resume resume = PLIMSOLL__V1__RESUME__INIT;
	struct intake_end why;
	uint64_t held = 0;

	r->greeted = true;
	intake_hello(&r->intake, b, rpc_identity(r->call), now, &held, &why);
	if (why.code != RPC_OK) {
		end(&r->intake, &why);
		return;
	}
	resume.epoch = b->epoch;
	resume.sequence = held;
	direct(r, NULL, &resume);
}

static void send_ack(struct report *r, clock_boot_t now)
{
	Plimsoll__V1__Ack ack = PLIMSOLL__V1__ACK__INIT;

	ack.epoch = r->intake.epoch;
	ack.sequence = r->intake.sequence;
	r->unacked = 0;
	r->acked_ns = now.ns;
	direct(r, &ack, NULL);
}

static void acknowledge(struct report *r, clock_boot_t now)
{
	r->unacked++;
	if (r->unacked >= REPORT_ACK_EVERY ||
	    clock_since(now, (clock_boot_t){r->acked_ns}) >= REPORT_ACK_NS)
		send_ack(r, now);
}

static void message(struct rpc_call *c, struct rpc_msg *m)
{
	struct report *r = obj_cast(struct report, rpc_data(c), REPORT_MAGIC);
	const Plimsoll__V1__Batch *b = (const Plimsoll__V1__Batch *)rpc_msg_get(m);
	clock_boot_t now = clock_boot();

	if (!r->greeted) {
		greet(r, b, now);
		return;
	}
	if (intake_put(&r->intake, b, now))
		acknowledge(r, now);
}

static void half_closed(struct rpc_call *c)
{
	struct report *r = obj_cast(struct report, rpc_data(c), REPORT_MAGIC);

	if (r->unacked)
		send_ack(r, clock_boot());
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static void closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	struct report *r = obj_cast(struct report, rpc_data(c), REPORT_MAGIC);

	(void)code;
	(void)text;
	intake_close(&r->intake);
	r->magic = 0;
	free(r);
}

static const struct rpc_handler handler = {
	.open = open_call,
	.message = message,
	.half_closed = half_closed,
	.closed = closed,
};

const struct rpc_method report_methods[] = {
	{"/plimsoll.v1.Ingest/Report", RPC_BIDI, &plimsoll__v1__batch__descriptor,
	 &plimsoll__v1__directive__descriptor, &handler, 0},
};
const size_t report_n = sizeof(report_methods) / sizeof(report_methods[0]);
