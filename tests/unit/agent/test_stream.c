/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream against an aggregator that the test plays, both on one loop: what it resumes from,
 * what it does when the other side goes away, is slow, silent or refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/metrics.h"
#include "agent/stream.h"
#include "base/clock.h"
#include "base/log.h"
#include "plimsoll/v1/metrics.pb-c.h"

#define EPOCH    4711
#define PATIENCE (20 * CLOCK_NS_PER_S)
#define SEEN_MAX 4096

typedef Plimsoll__V1__Batch batch;

static char dir[64], address[96];
static struct loop *loop;
static struct rpc_server *server;
static struct spool *spool;
static struct stream *stream;

static struct {
	bool refuse, silent, hold; /* hold: do not read */
	uint64_t epoch, has;       /* of the Resume */
	struct rpc_call *call;
	struct rpc_msg *held[RPC_INFLIGHT];
	size_t n_held;
	uint64_t seen[SEEN_MAX]; /* sequences in order of arrival */
	size_t n_seen;
	unsigned opened, preambles;
	bool stopped, half_closed;
} far;

static struct {
	bool (*reached)(void);
	bool timed_out;
} waiting;

/* The aggregator */

static void direct(struct rpc_call *c, Plimsoll__V1__Ack *ack, Plimsoll__V1__Resume *resume)
{
	Plimsoll__V1__Directive d = PLIMSOLL__V1__DIRECTIVE__INIT;

	d.ack = ack;
	d.resume = resume;
	(void)rpc_send(c, &d.base);
}

static void got_preamble(struct rpc_call *c)
{
	Plimsoll__V1__Resume r = PLIMSOLL__V1__RESUME__INIT;

	far.preambles++;
	r.epoch = far.epoch;
	r.sequence = far.has;
	if (!far.silent)
		direct(c, NULL, &r);
}

static void got_second(struct rpc_call *c, uint64_t sequence)
{
	Plimsoll__V1__Ack ack = PLIMSOLL__V1__ACK__INIT;

	assert_true(far.n_seen < SEEN_MAX);
	far.seen[far.n_seen++] = sequence;
	ack.epoch = EPOCH;
	ack.sequence = sequence;
	direct(c, &ack, NULL);
}

static enum rpc_code far_open(struct rpc_call *c)
{
	far.opened++;
	far.call = c;
	if (!far.refuse)
		return RPC_OK;
	rpc_finish(c, RPC_DENIED, "not you", "be somebody else");
	return RPC_DENIED;
}

static void far_message(struct rpc_call *c, struct rpc_msg *m)
{
	const batch *b = (const batch *)rpc_msg_get(m);

	if (b->sequence == 0) {
		got_preamble(c);
	} else if (far.hold) {
		assert_true(far.n_held < RPC_INFLIGHT);
		far.held[far.n_held++] = rpc_msg_keep(m);
		far.seen[far.n_seen++] = b->sequence;
	} else {
		got_second(c, b->sequence);
	}
}

static void far_half_closed(struct rpc_call *c)
{
	far.half_closed = true;
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static void far_closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	(void)c;
	(void)code;
	(void)text;
	far.call = NULL;
}

static const struct rpc_handler far_handler = {.open = far_open,
					       .message = far_message,
					       .half_closed = far_half_closed,
					       .closed = far_closed};
static const struct rpc_method far_methods[] = {
	{"/plimsoll.v1.Ingest/Report", RPC_BIDI, &plimsoll__v1__batch__descriptor,
	 &plimsoll__v1__directive__descriptor, &far_handler, 0},
};

static void far_start(void)
{
	const struct rpc_server_options o = {
		.address = address, .methods = far_methods, .n_methods = 1};
	struct err e;

	if (rpc_server_start(loop, &o, &server, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
}

static void stopped(void *data)
{
	*(bool *)data = true;
}

/* Waiting */

static void look(void *data)
{
	const uint64_t *deadline = data;

	waiting.timed_out = clock_boot().ns > *deadline;
	if (waiting.timed_out || waiting.reached())
		loop_stop(loop);
}

static void wait_for(bool (*reached)(void), const char *what)
{
	uint64_t deadline = clock_boot().ns + PATIENCE;
	struct loop_timer *t = loop_timer_new(loop, look, &deadline);

	waiting.reached = reached;
	loop_timer_start(t, 0, 5 * CLOCK_NS_PER_MS);
	loop_run(loop);
	loop_timer_close(t);
	if (waiting.timed_out)
		fail_msg("waited in vain for %s", what);
}

static bool server_gone(void)
{
	return far.stopped;
}

static void far_stop(void)
{
	far.stopped = false;
	rpc_server_stop(server, 0, stopped, &far.stopped);
	server = NULL;
	wait_for(server_gone, "the server's end");
}

static bool all_acked(void)
{
	return agent_get(agent_acked_sequence) == spool_newest(spool);
}

static bool connected(void)
{
	return agent_get(agent_stream_connected) == 1;
}

static bool disconnected(void)
{
	return agent_get(agent_stream_connected) == 0;
}

/* The agent */

static struct rpc_packed *preamble(void *data)
{
	batch b = PLIMSOLL__V1__BATCH__INIT;

	(void)data;
	b.epoch = EPOCH;
	return rpc_pack(&b.base);
}

static void second(size_t padding)
{
	static char text[100000];
	Plimsoll__V1__Source source = PLIMSOLL__V1__SOURCE__INIT;
	batch b = PLIMSOLL__V1__BATCH__INIT;
	uint64_t sequence = spool_newest(spool) + 1;
	uint8_t *bytes;
	size_t n;

	memset(text, 'x', padding);
	text[padding] = '\0';
	source.node = text;
	b.epoch = EPOCH;
	b.sequence = sequence;
	b.source = &source;
	n = plimsoll__v1__batch__get_packed_size(&b);
	bytes = malloc(n);
	plimsoll__v1__batch__pack(&b, bytes);
	assert_int_equal(spool_put(spool, sequence, (sequence - 1) % 30 == 0, bytes, n), 0);
	free(bytes);
	stream_pump(stream);
}

static void seconds(unsigned n)
{
	while (n--)
		second(10);
}

static void begin(void)
{
	const struct stream_options o = {.loop = loop,
					 .address = address,
					 .spool = spool,
					 .epoch = EPOCH,
					 .preamble = preamble};
	struct err e;

	if (stream_start(&o, &stream, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
}

static void expect_in_order(uint64_t first, uint64_t last)
{
	assert_int_equal(far.n_seen, last - first + 1);
	for (size_t i = 0; i < far.n_seen; i++)
		assert_int_equal(far.seen[i], first + i);
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-stream-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(address, sizeof(address), "unix:%s/s", dir);
	memset(&far, 0, sizeof(far));
	loop = loop_new();
	spool = spool_new(300, SPOOL_MAX_BYTES);
	agent_set(agent_acked_sequence, 0);
	return 0;
}

static bool stream_gone;

static bool all_gone(void)
{
	return stream_gone;
}

static void end(void)
{
	stream_gone = false;
	stream_stop(stream, stopped, &stream_gone);
	stream = NULL;
	wait_for(all_gone, "the stream's end");
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < far.n_held; i++)
		rpc_msg_release(far.held[i]);
	if (stream)
		end();
	if (server)
		far_stop();
	spool = spool_free(spool);
	loop = loop_free(loop);
	unlink(address + strlen("unix:"));
	return rmdir(dir);
}

static void a_new_aggregator_gets_all_from_the_oldest_keyframe(void **state)
{
	(void)state;
	seconds(340); /* the spool holds 41 … 340 */
	far_start();
	begin();
	wait_for(all_acked, "acks");
	expect_in_order(61, 340);
	assert_int_equal(far.preambles, 1);
	seconds(3);
	wait_for(all_acked, "acks of live seconds");
	expect_in_order(61, 343);
}

static void one_that_knows_us_gets_what_it_lacks(void **state)
{
	(void)state;
	seconds(100);
	far.epoch = EPOCH;
	far.has = 77;
	far_start();
	begin();
	wait_for(all_acked, "acks");
	expect_in_order(78, 100);
}

static void the_sequence_of_another_epoch_means_nothing(void **state)
{
	(void)state;
	seconds(40);
	far.epoch = EPOCH + 1;
	far.has = 35;
	far_start();
	begin();
	wait_for(all_acked, "acks");
	expect_in_order(1, 40);
}

static void an_absent_aggregator_is_found_when_it_comes(void **state)
{
	uint64_t tried = agent_get(agent_stream_connects_total);

	(void)state;
	begin();
	seconds(5);
	assert_true(disconnected());
	far_start();
	wait_for(all_acked, "acks");
	expect_in_order(1, 5);
	assert_true(agent_get(agent_stream_connects_total) > tried);
}

static void a_broken_stream_goes_on_where_it_was(void **state)
{
	uint64_t broken = agent_get(agent_stream_reconnects_total);

	(void)state;
	far_start();
	begin();
	wait_for(connected, "a connection");
	seconds(4);
	wait_for(all_acked, "acks");
	far_stop();
	wait_for(disconnected, "the break");
	assert_int_equal(agent_get(agent_stream_reconnects_total), broken + 1);
	seconds(6);
	far.epoch = EPOCH;
	far.has = 4;
	far_start();
	wait_for(all_acked, "acks after the break");
	expect_in_order(1, 10);
	assert_int_equal(far.preambles, 2);
}

static bool asked_twice(void)
{
	return far.opened >= 2;
}

static void refusal_is_tried_again(void **state)
{
	(void)state;
	far.refuse = true;
	far_start();
	begin();
	seconds(2);
	wait_for(asked_twice, "a second try");
	assert_true(disconnected());
	far.refuse = false;
	wait_for(all_acked, "acks");
	expect_in_order(1, 2);
}

static bool inflight_full(void)
{
	return far.n_held == RPC_INFLIGHT;
}

/* The other side reads nothing: the spool goes round, and the reader goes on with the oldest
 * keyframe that is left. Nobody waits for anybody. */
static void a_stuck_aggregator_costs_seconds_and_no_samples(void **state)
{
	uint64_t skipped = agent_get(agent_stream_skipped_total);

	(void)state;
	far.hold = true;
	far_start();
	begin();
	wait_for(connected, "a connection");
	for (int i = 0; i < 900; i++)
		second(90000);
	wait_for(inflight_full, "a full pipe");
	assert_int_equal(spool_newest(spool), 900);
	far.hold = false;
	for (size_t i = 0; i < far.n_held; i++)
		rpc_msg_release(far.held[i]);
	far.n_held = 0;
	wait_for(all_acked, "acks");
	assert_int_equal(far.seen[far.n_seen - 1], 900);
	assert_true(agent_get(agent_stream_skipped_total) > skipped);
	assert_true(spool_dropped(spool) > 0);
	for (size_t i = 1; i < far.n_seen; i++) {
		assert_true(far.seen[i] > far.seen[i - 1]);
		if (far.seen[i] != far.seen[i - 1] + 1)
			assert_int_equal((far.seen[i] - 1) % 30, 0);
	}
}

static bool told_goodbye(void)
{
	return far.half_closed;
}

static void stopping_says_goodbye(void **state)
{
	(void)state;
	far_start();
	begin();
	wait_for(connected, "a connection");
	end();
	wait_for(told_goodbye, "the goodbye");
}

static void stopping_while_nobody_is_there_is_quick(void **state)
{
	(void)state;
	begin();
	end();
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_new_aggregator_gets_all_from_the_oldest_keyframe),
		test(one_that_knows_us_gets_what_it_lacks),
		test(the_sequence_of_another_epoch_means_nothing),
		test(an_absent_aggregator_is_found_when_it_comes),
		test(a_broken_stream_goes_on_where_it_was),
		test(refusal_is_tried_again),
		test(a_stuck_aggregator_costs_seconds_and_no_samples),
		test(stopping_says_goodbye),
		test(stopping_while_nobody_is_there_is_quick),
	};

	log_init("test_stream", LOG_ERROR, false);
	rpc_init(NULL);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
