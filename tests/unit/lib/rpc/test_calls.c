/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of call over a unix socket and TCP, errors, deadlines, cancelling. */
#include "unit/lib/rpc/echo.h"

static bool tcp;

static void unary(void **state)
{
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, SNAPSHOT, 20 * S);
	assert_int_equal(send_query(s.call, 42, 0), 0);
	assert_int_equal(send_query(s.call, 43, 0), -EPIPE); /* unary: one message */
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_OK);
	assert_int_equal(s.messages, 1);
	assert_int_equal(s.last, 42);
	echo_end(&e);
}

static void server_stream(void **state)
{
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, WATCH, 20 * S);
	assert_int_equal(send_query(s.call, 60, 0), 0);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_OK);
	assert_int_equal(s.messages, 60);
	assert_int_equal(s.last, 60);
	echo_end(&e);
}

static void client_stream(void **state)
{
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, COLLECT, 20 * S);
	for (uint64_t i = 1; i <= 50; i++)
		assert_int_equal(send_batch(s.call, i), 0);
	rpc_send_done(s.call);
	assert_int_equal(send_batch(s.call, 51), -EPIPE);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_OK);
	assert_int_equal(s.last, 50);
	echo_end(&e);
}

static void bidi(void **state)
{
	struct echo e;
	struct seen s = { .stop_after = 60 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, REPORT, 20 * S);
	for (uint64_t i = 1; i <= 60; i++)
		assert_int_equal(send_batch(s.call, i), 0);
	assert_true(run_for(e.loop, 20 * S));
	assert_int_equal(s.messages, 60);
	assert_int_equal(s.last, 60);
	assert_int_equal(s.closed, 0);
	rpc_send_done(s.call);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_OK);
	echo_end(&e);
}

static void client_stream_without_messages(void **state)
{
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, COLLECT, 20 * S);
	rpc_send_done(s.call);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_OK);
	assert_int_equal(s.messages, 1);
	assert_int_equal(s.last, 0);
	echo_end(&e);
}

static void rich_error(void **state)
{
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, SNAPSHOT, 20 * S);
	send_query(s.call, 0, 404);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_NOT_FOUND);
	assert_string_equal(s.text, "no such thing");
	assert_string_equal(s.fix, "ask for another");
	echo_end(&e);
}

static void refused_by_open(void **state)
{
	struct echo e;
	struct seen s = { 0 };
	struct rpc_counters before, after;

	(void)state;
	echo_start(&e, tcp);
	rpc_counters(&before);
	e.refuse = RPC_DENIED;
	seen_open(&s, &e, REPORT, 20 * S);
	send_batch(s.call, 1);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_DENIED);
	assert_int_equal(s.messages, 0);
	rpc_counters(&after);
	assert_int_equal(after.calls_refused - before.calls_refused, 1);
	echo_end(&e); /* also checks that the refused call was closed */
}

static void unknown_method(void **state)
{
	static const struct rpc_method nowhere = { "/plimsoll.v1.Metrics/Nowhere", RPC_UNARY, QUERY,
						   BATCH, NULL, 0 };
	struct echo e;
	struct seen s = { 0 };
	struct rpc_counters before, after;

	(void)state;
	echo_start(&e, tcp);
	rpc_counters(&before);
	s.echo = &e;
	s.call = rpc_open(e.client, &nowhere, &seen_handler, 20 * S, false, &s);
	send_query(s.call, 0, 0);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_UNIMPLEMENTED);
	assert_string_equal(s.text, "this server has no method /plimsoll.v1.Metrics/Nowhere");
	assert_true(strstr(s.fix, "reflection") != NULL);
	rpc_counters(&after);
	assert_int_equal(after.unknown_methods - before.unknown_methods, 1);
	echo_end(&e);
}

static void deadline(void **state)
{
	struct echo e;
	struct seen s = { 0 };
	uint64_t now_ns = clock_boot().ns;

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, SNAPSHOT, 300 * MS);
	assert_true(rpc_deadline_ns(s.call) >= now_ns + 300 * MS);
	send_query(s.call, 0, 1);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_DEADLINE);
	while (e.closed < 1)
		run_for(e.loop, 10 * MS);
	assert_int_equal(e.cancelled, 1);
	/* The server knew: within the 300 ms, and some slack for rounding. */
	assert_true(e.last_deadline_ns > now_ns);
	assert_true(e.last_deadline_ns < now_ns + 30 * S);
	echo_end(&e);
}

static void no_deadline(void **state)
{
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, SNAPSHOT, 0);
	assert_true(rpc_deadline_ns(s.call) == UINT64_MAX);
	send_query(s.call, 0, 0);
	run_until_closed(&s);
	assert_true(e.last_deadline_ns == UINT64_MAX);
	echo_end(&e);
}

static void cancelled_by_the_client(void **state)
{
	struct echo e;
	struct seen s = { .stop_after = 3 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, WATCH, 0);
	send_query(s.call, 3, 1);
	assert_true(run_for(e.loop, 20 * S));
	assert_int_equal(e.closed, 0);
	rpc_cancel(s.call);
	rpc_cancel(s.call);
	assert_int_equal(rpc_send(s.call, NULL), -EPIPE);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_CANCELLED);
	while (e.closed < 1)
		run_for(e.loop, 10 * MS);
	assert_int_equal(e.cancelled, 1);
	echo_end(&e);
}

static void cancelled_before_anything_was_sent(void **state)
{
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, SNAPSHOT, 0);
	rpc_cancel(s.call);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_CANCELLED);
	echo_end(&e);
}

static void cancelled_by_the_server(void **state)
{
	struct echo e;
	struct seen s = { .stop_after = 3 };

	(void)state;
	echo_start(&e, tcp);
	seen_open(&s, &e, WATCH, 0);
	send_query(s.call, 3, 1);
	assert_true(run_for(e.loop, 20 * S));
	rpc_cancel(e.last_call);
	run_until_closed(&s);
	assert_int_not_equal(s.code, RPC_OK);
	echo_end(&e);
}

static void nobody_there(void **state)
{
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_init(&e, tcp);
	if (tcp)
		strcpy(e.address, "127.0.0.1:1");
	echo_connect(&e, NULL);
	seen_open(&s, &e, SNAPSHOT, 20 * S);
	send_query(s.call, 0, 0);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_UNAVAILABLE);
	assert_non_null(strstr(s.text, e.address));
	assert_non_null(strstr(s.text, tcp ? "nobody listens there" : "not running"));
	echo_end(&e);
}

static void waits_for_the_server(void **state)
{
	struct echo e;
	struct seen s = { .echo = &e };
	struct rpc_server_options o;

	(void)state;
	echo_init(&e, false);
	echo_connect(&e, NULL);
	s.call = rpc_open(e.client, &echo_methods[SNAPSHOT], &seen_handler, 0, true, &s);
	send_query(s.call, 7, 0);
	assert_false(run_for(e.loop, 300 * MS));
	o = echo_options(&e);
	echo_serve(&e, &o);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_OK);
	assert_int_equal(s.last, 7);
	echo_end(&e);
}

static int on_unix(void **state)
{
	(void)state;
	tcp = false;
	return 0;
}

static int on_tcp(void **state)
{
	(void)state;
	tcp = true;
	return 0;
}

#define BOTH(test) \
	cmocka_unit_test_setup(test, on_unix), cmocka_unit_test_setup(test, on_tcp)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(unary),
		BOTH(server_stream),
		BOTH(client_stream),
		BOTH(bidi),
		BOTH(client_stream_without_messages),
		BOTH(rich_error),
		BOTH(refused_by_open),
		BOTH(unknown_method),
		BOTH(deadline),
		BOTH(no_deadline),
		BOTH(cancelled_by_the_client),
		BOTH(cancelled_before_anything_was_sent),
		BOTH(cancelled_by_the_server),
		BOTH(nobody_there),
		cmocka_unit_test_setup(waits_for_the_server, on_unix),
	};
	return cmocka_run_group_tests(tests, echo_setup, echo_teardown);
}
