/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/ingest/scrape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/ingest/intake.h"
#include "aggregator/store/node.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"

#define TARGET_MAGIC 0x5c4a9e01u

struct target {
	unsigned magic;
	struct scrape *scrape;
	char *address;
	struct rpc_client *client;
	struct rpc_call *call; /* NULL: waiting for the timer */
	struct intake intake;
	struct loop_timer *retry;
	uint64_t wait_ns;
	uint64_t epoch, sequence; /* where to go on */
	bool greeted, complained;
};

struct scrape {
	struct loop *loop;
	struct ingest *ingest;
	struct target *target;
	size_t n, open_clients;
	bool closing;
	void (*done)(void *data);
	void *data;
};

static const struct rpc_handler handler;
static const struct rpc_method watch = {
	.path = "/plimsoll.v1.Metrics/Watch",
	.kind = RPC_SERVER_STREAM,
	.request = &plimsoll__v1__query__descriptor,
	.response = &plimsoll__v1__batch__descriptor,
};

static struct target *target_of(struct intake *i)
{
	return (struct target *)(void *)((char *)i - offsetof(struct target, intake));
}

static void end(struct intake *i, const struct intake_end *why)
{
	struct target *t = target_of(i);

	log_warn("scraping %s: %s%s%s", t->address, why->text, *why->fix ? "; " : "", why->fix);
	t->complained = true;
	rpc_cancel(t->call);
}

static void subscribe(struct target *t)
{
	Plimsoll__V1__Query q = PLIMSOLL__V1__QUERY__INIT;

	t->greeted = false;
	intake_open(&t->intake, t->scrape->ingest, clock_boot(), end);
	t->call = rpc_open(t->client, &watch, &handler, 0, false, t);
	q.epoch = t->epoch;
	q.since_sequence = t->sequence;
	(void)rpc_send(t->call, &q.base);
}

static void retry(void *data)
{
	struct target *t = obj_cast(struct target, data, TARGET_MAGIC);

	if (!t->call && !t->scrape->closing)
		subscribe(t);
}

static void message(struct rpc_call *c, struct rpc_msg *m)
{
	struct target *t = obj_cast(struct target, rpc_data(c), TARGET_MAGIC);
	const Plimsoll__V1__Batch *b = (const Plimsoll__V1__Batch *)rpc_msg_get(m);
	struct intake_end why;
	uint64_t held;

	if (t->greeted) {
		if (intake_put(&t->intake, b, clock_boot()))
			t->sequence = t->intake.sequence;
		return;
	}
	t->greeted = true;
	/* We dialled it and checked its certificate against its address. */
	intake_hello(&t->intake, b, NULL, clock_boot(), &held, &why);
	if (why.code != RPC_OK) {
		end(&t->intake, &why);
		return;
	}
	if (t->epoch != b->epoch)
		t->sequence = 0;
	t->epoch = b->epoch;
	t->wait_ns = 0;
	t->complained = false;
	log_info("scraping %s: node %s", t->address, b->source->node);
}

static void closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	struct target *t = obj_cast(struct target, rpc_data(c), TARGET_MAGIC);
	uint64_t jitter;

	intake_close(&t->intake);
	t->call = NULL;
	if (t->scrape->closing)
		return;
	if (!t->complained)
		log_warn("scraping %s: %s: %s, trying again", t->address, rpc_code_name(code),
			 text ? text : "");
	t->complained = true;
	t->wait_ns = t->wait_ns ? t->wait_ns * 2 : SCRAPE_RETRY_LEAST_NS;
	if (t->wait_ns > SCRAPE_RETRY_MOST_NS)
		t->wait_ns = SCRAPE_RETRY_MOST_NS;
	jitter = (uint64_t)rand() % (t->wait_ns / 4);
	loop_timer_start(t->retry, t->wait_ns - jitter, 0);
}

static const struct rpc_handler handler = {.message = message, .closed = closed};

static int add(struct scrape *s, const char *address, const struct rpc_tls *tls, struct err *e)
{
	struct rpc_client_options o = {.address = address};
	struct target *t = &s->target[s->n];
	int r;

	if (strncmp(address, "unix:", 5) != 0)
		o.tls = *tls;
	r = rpc_client_new(s->loop, &o, &t->client, e);
	if (r < 0)
		return r;
	t->magic = TARGET_MAGIC;
	t->scrape = s;
	t->address = mem_strdup(address);
	t->retry = loop_timer_new(s->loop, retry, t);
	s->n++;
	s->open_clients++;
	/* Not all in the first moment. */
	loop_timer_start(t->retry, (s->n - 1) * 2 * CLOCK_NS_PER_MS, 0);
	return 0;
}

static void no_more(void *data)
{
	(void)data;
}

int scrape_new(struct loop *l, struct ingest *ingest, const struct opt_list *addresses,
	       const struct rpc_tls *tls, struct scrape **ret_s, struct err *e)
{
	struct scrape *s = mem_new(struct scrape);

	s->loop = l;
	s->ingest = ingest;
	s->target = mem_array(NULL, addresses->n + 1, sizeof(*s->target));
	memset(s->target, 0, (addresses->n + 1) * sizeof(*s->target));
	for (size_t i = 0; i < addresses->n; i++) {
		int r = add(s, addresses->items[i], tls, e);

		if (r < 0) {
			scrape_close(s, no_more, NULL);
			return r;
		}
	}
	*ret_s = s;
	return 0;
}

static void finished(struct scrape *s)
{
	void (*done)(void *data) = s->done;
	void *data = s->data;

	for (size_t i = 0; i < s->n; i++)
		free(s->target[i].address);
	free(s->target);
	free(s);
	done(data);
}

static void client_closed(void *data)
{
	struct scrape *s = data;

	if (--s->open_clients == 0)
		finished(s);
}

void scrape_close(struct scrape *s, void (*done)(void *data), void *data)
{
	if (!s) {
		done(data);
		return;
	}
	s->closing = true;
	s->done = done;
	s->data = data;
	s->open_clients++; /* held until the last one is asked to close */
	for (size_t i = 0; i < s->n; i++) {
		loop_timer_close(s->target[i].retry);
		rpc_client_close(s->target[i].client, client_closed, s);
	}
	client_closed(s);
}

size_t scrape_targets(const struct scrape *s)
{
	return s ? s->n : 0;
}

size_t scrape_connected(const struct scrape *s)
{
	size_t n = 0;

	for (size_t i = 0; s && i < s->n; i++)
		n += s->target[i].call && s->target[i].intake.node;
	return n;
}
