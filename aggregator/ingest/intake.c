/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/ingest/intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/node.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "plimsoll/version.h"

#define AGENT_IDENTITY "agent" /* of every agent whose certificate the local CA made */

struct ingest *ingest_new(struct store *s)
{
	struct ingest *i = mem_new(struct ingest);

	i->store = s;
	i->check = check_new();
	return i;
}

struct ingest *ingest_free(struct ingest *i)
{
	if (!i)
		return NULL;
	must(!i->streams);
	check_free(i->check);
	free(i);
	return NULL;
}

void intake_open(struct intake *i, struct ingest *ingest, clock_boot_t now,
		 void (*end)(struct intake *i, const struct intake_end *why))
{
	*i = (struct intake){.ingest = ingest, .opened_ns = now.ns, .end = end};
	i->next = ingest->streams;
	i->previous = &ingest->streams;
	if (i->next)
		i->next->previous = &i->next;
	ingest->streams = i;
	ingest->n_streams++;
}

static void let_node_go(struct intake *i)
{
	if (i->node && i->node->stream == i)
		i->node->stream = NULL;
	i->node = NULL;
}

void intake_close(struct intake *i)
{
	if (!i->previous)
		return;
	let_node_go(i);
	*i->previous = i->next;
	if (i->next)
		i->next->previous = i->previous;
	i->previous = NULL;
	i->ingest->n_streams--;
}

void ingest_expire(struct ingest *ingest, clock_boot_t now)
{
	for (struct intake *i = ingest->streams, *next; i; i = next) {
		uint64_t last = i->node ? i->node->arrival_ns : i->opened_ns;
		struct intake_end why = {.code = RPC_ABORTED};

		next = i->next;
		if (clock_since(now, (clock_boot_t){last}) <
		    (i->node ? INTAKE_SILENT_NS : INTAKE_HELLO_NS))
			continue;
		snprintf(why.text, sizeof(why.text), "nothing came for %llu s",
			 (unsigned long long)(clock_since(now, (clock_boot_t){last}) /
					      CLOCK_NS_PER_S));
		snprintf(why.fix, sizeof(why.fix), "open a new stream with a preamble");
		ingest->silent++;
		let_node_go(i);
		i->end(i, &why);
	}
}

static void refuse(struct intake *i, struct intake_end *ret, enum rpc_code code,
		   enum store_refusal why)
{
	ret->code = code;
	store_refuse(i->ingest->store, why);
}

static bool too_new(struct intake *i, const Plimsoll__V1__Batch *b, struct intake_end *ret)
{
	if (b->wire_version <= PLIMSOLL_WIRE_VERSION)
		return false;
	refuse(i, ret, RPC_PRECONDITION, STORE_REFUSED_WIRE_VERSION);
	snprintf(ret->text, sizeof(ret->text),
		 "agent speaks wire version %u, this aggregator %u: upgrade the aggregator first",
		 b->wire_version, PLIMSOLL_WIRE_VERSION);
	snprintf(ret->fix, sizeof(ret->fix),
		 "upgrade plimsoll-aggregator, or run an agent of version " PLIMSOLL_VERSION);
	return true;
}

/* An agent may speak for the node its certificate names; the local CA's shared name for any. */
static bool impostor(struct intake *i, const char *node, const char *identity,
		     struct intake_end *ret)
{
	if (!identity || !strcmp(identity, AGENT_IDENTITY) || !strcmp(identity, node))
		return false;
	refuse(i, ret, RPC_DENIED, STORE_REFUSED_IDENTITY);
	snprintf(ret->text, sizeof(ret->text),
		 "a certificate for %.100s may not report node %.100s", identity, node);
	snprintf(ret->fix, sizeof(ret->fix),
		 "use a certificate whose DNS name is the node's or \"" AGENT_IDENTITY "\"");
	return true;
}

static void take_over(struct intake *i, struct store_node *n)
{
	struct intake *older = n->stream;

	n->stream = i;
	i->node = n;
	if (!older || older == i)
		return;
	struct intake_end why = {.code = RPC_ABORTED};

	older->node = NULL;
	i->ingest->replaced++;
	log_warn("node %s: a newer stream took over; if this goes on, two agents use one name",
		 n->name);
	snprintf(why.text, sizeof(why.text), "a newer stream of node %.200s took over", n->name);
	snprintf(why.fix, sizeof(why.fix), "run one agent a node, each with its own --node name");
	older->end(older, &why);
}

void intake_hello(struct intake *i, const Plimsoll__V1__Batch *b, const char *identity,
		  clock_boot_t arrival, uint64_t *ret_held, struct intake_end *ret)
{
	struct store *s = i->ingest->store;
	struct store_source source;
	struct store_batch batch;
	struct store_node *n;
	enum store_refusal why;
	const char *text;

	*ret = (struct intake_end){.code = RPC_OK};
	if (too_new(i, b, ret))
		return;
	if (check_hello(i->ingest->check, s, b, &batch, &source, &why, &text) < 0) {
		ret->code = RPC_INVALID;
		snprintf(ret->text, sizeof(ret->text), "no good preamble: %s", text);
		return;
	}
	if (impostor(i, source.node, identity, ret))
		return;
	if (store_hello(s, &source, &batch, arrival, &n, ret_held) < 0) {
		ret->code = RPC_EXHAUSTED;
		snprintf(ret->text, sizeof(ret->text), "this aggregator keeps no more nodes");
		snprintf(ret->fix, sizeof(ret->fix), "raise --agents-max of the aggregator");
		return;
	}
	i->epoch = b->epoch;
	take_over(i, n);
}

bool intake_put(struct intake *i, const Plimsoll__V1__Batch *b, clock_boot_t arrival)
{
	struct store *s = i->ingest->store;
	struct store_batch batch;
	enum store_refusal why;
	int r;

	if (!i->node || !b->sequence) {
		store_refuse(s, STORE_REFUSED_ORDER); /* a second preamble, or we let it go */
		return false;
	}
	if (b->sequence <= i->sequence) {
		store_refuse(s, STORE_REFUSED_SEQUENCE);
		return false;
	}
	if (check_batch(i->ingest->check, s, b, &batch, &why) < 0) {
		store_put_names(i->node, &batch, arrival);
		return false;
	}
	i->sequence = b->sequence;
	r = store_put(s, i->node, &batch, arrival, &why);
	if (r == 0 && i->ingest->stored)
		i->ingest->stored(i->node, b, i->ingest->data);
	return r >= 0;
}
