/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer may not do, and that nothing is lost by refusing it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "unit/lib/rpc/echo.h"

static struct rpc_counters counted(void)
{
	struct rpc_counters c;

	rpc_counters(&c);
	return c;
}

static bool answers(struct echo *e)
{
	struct seen s = { 0 };

	seen_open(&s, e, SNAPSHOT, 20 * S);
	send_query(s.call, 5, 0);
	run_until_closed(&s);
	return s.code == RPC_OK && s.last == 5;
}

/* max_inflight of Report is 4: the layer holds 4 decoded messages that the handler keeps, reads no
 * more, and the sender's queue fills; releasing lets everything through, in order. */
static void back_pressure(void **state)
{
	struct echo e;
	struct seen s = { 0 };
	struct rpc_counters before = counted();
	uint8_t *cargo = mem_zero(100000);
	uint64_t sent = 0, next = 1;
	int r = 0;

	(void)state;
	echo_start(&e, false);
	e.hold = true;
	seen_open(&s, &e, REPORT, 0);
	for (int quiet = 0; quiet < 20 && sent < 200;) {
		Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;
		Plimsoll__V1__Source source = PLIMSOLL__V1__SOURCE__INIT;

		memset(cargo, 'x', 99999);
		source.node = (char *)cargo; /* 100 kB each: more than any window */
		b.source = &source;
		b.sequence = sent + 1;
		r = rpc_send(s.call, &b.base);
		sent += r == 0;
		quiet = r == -ENOBUFS ? quiet + 1 : 0;
		run_for(e.loop, r == -ENOBUFS ? 10 * MS : MS);
	}
	assert_int_equal(r, -ENOBUFS);
	assert_int_equal(e.n_held, 4);
	assert_int_equal(rpc_send_queued(s.call), RPC_SEND_QUEUE + 1);
	assert_true(counted().send_queue_full > before.send_queue_full);
	assert_int_equal(s.writable, 0);
	for (int i = 0; next <= sent; i++) {
		int n = e.n_held;

		e.n_held = 0;
		for (int j = 0; j < n; j++) {
			struct rpc_msg *m = e.held[j];

			assert_int_equal(
				((const Plimsoll__V1__Batch *)rpc_msg_get(m))->sequence, next++);
			assert_true(rpc_msg_size(m) > 99999);
			rpc_msg_release(m);
		}
		run_for(e.loop, MS);
		assert_true(i < 20000);
	}
	assert_true(s.writable >= 1);
	assert_int_equal(rpc_send_queued(s.call), 0);
	rpc_send_done(s.call);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_OK);
	free(cargo);
	echo_end(&e);
}

static int send_100_kb(struct rpc_call *c)
{
	Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;
	Plimsoll__V1__Source source = PLIMSOLL__V1__SOURCE__INIT;
	char cargo[100000];

	memset(cargo, 'x', sizeof(cargo) - 1);
	cargo[sizeof(cargo) - 1] = '\0';
	source.node = cargo;
	b.source = &source;
	return rpc_send(c, &b.base);
}

/* The queue empties and "writable" is on its way, but before the loop hears it the queue is full
 * again, and stuck: the call must be told later, once there is room, or it would wait for ever. */
static void writable_is_never_lost(void **state)
{
	struct echo e;
	struct seen s = { 0 };
	int full = 0;

	(void)state;
	echo_start(&e, true);
	e.hold = true;
	seen_open(&s, &e, REPORT, 0);
	while (!e.opened)
		run_for(e.loop, MS);
	for (int i = 0; i < 100000 && send_batch(s.call, 1) == 0; i++)
		;
	assert_int_equal(send_batch(s.call, 1), -ENOBUFS);
	for (int i = 0; i < 20000 && rpc_send_queued(s.call); i++)
		usleep(1000); /* the poller sends; the loop sleeps */
	assert_int_equal(rpc_send_queued(s.call), 0);
	while (full < 300) {
		full = send_100_kb(s.call) == 0 ? 0 : full + 1;
		usleep(full ? 1000 : 0);
	}
	run_for(e.loop, 50 * MS);
	assert_int_equal(s.writable, 0);
	for (int i = 0; i < 20000 && !(s.writable && !rpc_send_queued(s.call)); i++) {
		while (e.n_held)
			rpc_msg_release(e.held[--e.n_held]);
		run_for(e.loop, MS);
	}
	assert_true(s.writable >= 1);
	rpc_cancel(s.call);
	run_until_closed(&s);
	while (e.closed < 1)
		run_for(e.loop, MS);
	while (e.n_held)
		rpc_msg_release(e.held[--e.n_held]);
	echo_end(&e);
}

static void kept_message_outlives_its_call(void **state)
{
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_start(&e, false);
	e.hold = true;
	seen_open(&s, &e, REPORT, 0);
	send_batch(s.call, 77);
	while (e.n_held < 1)
		assert_false(run_for(e.loop, MS));
	rpc_cancel(s.call);
	run_until_closed(&s);
	while (e.closed < 1)
		run_for(e.loop, MS);
	assert_int_equal(((const Plimsoll__V1__Batch *)rpc_msg_get(e.held[0]))->sequence, 77);
	rpc_msg_release(e.held[0]);
	echo_end(&e);
}

static struct rpc_packed *batch_of(size_t bytes)
{
	Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;
	Plimsoll__V1__Source source = PLIMSOLL__V1__SOURCE__INIT;
	struct rpc_packed *p;

	source.node = mem_zero(bytes + 1);
	memset(source.node, 'x', bytes);
	b.source = &source;
	p = rpc_pack(&b.base);
	free(source.node);
	return p;
}

static void too_large(void **state)
{
	static const size_t sizes[] = { 5u << 20, 9u << 20 };
	struct echo e;

	(void)state;
	echo_start(&e, true);
	for (int i = 0; i < 2; i++) {
		struct rpc_counters before = counted();
		struct rpc_packed *p = batch_of(sizes[i]);
		struct seen s = { 0 };

		seen_open(&s, &e, COLLECT, 20 * S);
		assert_int_equal(rpc_send_packed(s.call, p), 0);
		rpc_packed_unref(p);
		rpc_send_done(s.call);
		run_until_closed(&s);
		assert_int_equal(s.code, RPC_EXHAUSTED);
		if (i == 0) { /* above twice the limit core refuses it itself, without a hint */
			assert_non_null(strstr(s.text, "the limit is 4194304"));
			assert_string_equal(s.fix, "send less in one message");
			assert_int_equal(counted().too_large - before.too_large, 1);
		}
		assert_true(answers(&e));
	}
	echo_end(&e);
}

static void largest_allowed(void **state)
{
	struct echo e;
	struct seen s = { 0 };
	struct rpc_packed *p = batch_of((4u << 20) - 64);

	(void)state;
	echo_start(&e, true);
	seen_open(&s, &e, COLLECT, 20 * S);
	assert_int_equal(rpc_send_packed(s.call, p), 0);
	rpc_packed_unref(p);
	rpc_send_done(s.call);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_OK);
	assert_int_equal(s.last, 1);
	echo_end(&e);
}

static void no_such_message(void **state)
{
	static const uint8_t garbage[] = { 0x0a, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3 };
	struct rpc_counters before = counted();
	struct rpc_packed *p = rpc_pack_bytes(garbage, sizeof(garbage));
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	echo_start(&e, false);
	seen_open(&s, &e, REPORT, 20 * S);
	assert_int_equal(rpc_send_packed(s.call, p), 0);
	rpc_packed_unref(p);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_INVALID);
	assert_non_null(strstr(s.text, "no plimsoll.v1.Batch"));
	assert_int_equal(counted().decode_errors - before.decode_errors, 1);
	assert_true(answers(&e));
	echo_end(&e);
}

/* 2 MiB of empty Identity messages: 2 bytes each on the wire, about 100 decoded. */
static void decode_bomb(void **state)
{
	struct rpc_counters before = counted();
	size_t n = 2u << 20;
	uint8_t *bytes = mem_zero(n);
	struct rpc_packed *p;
	struct echo e;
	struct seen s = { 0 };

	(void)state;
	for (size_t i = 0; i < n; i += 2)
		bytes[i] = 0x4a; /* field 9, dictionary, length 0 */
	p = rpc_pack_bytes(bytes, n);
	free(bytes);
	echo_start(&e, false);
	seen_open(&s, &e, REPORT, 20 * S);
	assert_int_equal(rpc_send_packed(s.call, p), 0);
	rpc_packed_unref(p);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_EXHAUSTED);
	assert_non_null(strstr(s.text, "MiB decoded"));
	assert_int_equal(counted().decode_errors - before.decode_errors, 1);
	assert_true(answers(&e));
	echo_end(&e);
}

static int connect_to(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void garbage_to_the_port(void **state)
{
	static const char *const greetings[] = {
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"\xff\xfe\xfd",
	};
	struct echo e;

	(void)state;
	echo_start(&e, true);
	for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
		int fd = connect_to(rpc_server_port(e.server));

		assert_true(write(fd, greetings[i], strlen(greetings[i])) > 0);
		assert_true(answers(&e));
		close(fd);
		assert_true(answers(&e));
	}
	echo_end(&e);
}

static void more_calls_than_allowed(void **state)
{
	struct echo e;
	struct seen s[3] = { { .stop_after = 1 }, { .stop_after = 1 }, { 0 } };
	struct rpc_server_options o;
	struct rpc_counters before = counted();

	(void)state;
	echo_init(&e, true);
	o = echo_options(&e);
	o.max_calls = 2;
	echo_serve(&e, &o);
	echo_connect(&e, NULL);
	for (int i = 0; i < 2; i++) {
		seen_open(&s[i], &e, WATCH, 0);
		send_query(s[i].call, 1, 1);
		assert_true(run_for(e.loop, 20 * S));
	}
	seen_open(&s[2], &e, SNAPSHOT, 20 * S);
	send_query(s[2].call, 1, 0);
	run_until_closed(&s[2]);
	assert_int_equal(s[2].code, RPC_EXHAUSTED);
	assert_non_null(strstr(s[2].text, "2 calls open"));
	assert_int_equal(counted().calls_refused - before.calls_refused, 1);
	rpc_cancel(s[0].call);
	run_until_closed(&s[0]);
	while (e.closed < 1)
		run_for(e.loop, MS);
	assert_true(answers(&e)); /* a place came free */
	echo_end(&e);
}

static void hundred_clients(void **state)
{
	enum { N = 100 };
	struct echo e;
	struct rpc_client *clients[N];
	struct seen s[N] = { 0 };
	int left = N;

	(void)state;
	echo_start(&e, true);
	for (int i = 0; i < N; i++) {
		struct rpc_client_options o = { .address = e.address };

		assert_int_equal(rpc_client_new(e.loop, &o, &clients[i], NULL), 0);
		s[i].echo = &e;
		s[i].call = rpc_open(clients[i], &echo_methods[REPORT], &seen_handler, 0, true,
				     &s[i]);
		for (uint64_t j = 1; j <= 20; j++)
			assert_int_equal(send_batch(s[i].call, j), 0);
		rpc_send_done(s[i].call);
	}
	while (left) {
		assert_true(run_for(e.loop, 60 * S));
		left = 0;
		for (int i = 0; i < N; i++)
			left += !s[i].closed;
	}
	for (int i = 0; i < N; i++) {
		assert_int_equal(s[i].code, RPC_OK);
		assert_int_equal(s[i].messages, 20);
		assert_int_equal(s[i].last, 20);
		rpc_client_close(clients[i], NULL, NULL);
	}
	assert_int_equal(e.opened, N);
	echo_end(&e);
}

static void live_calls_return_to_zero(void **state)
{
	(void)state;
	assert_int_equal(counted().calls_live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(back_pressure),
		cmocka_unit_test(writable_is_never_lost),
		cmocka_unit_test(kept_message_outlives_its_call),
		cmocka_unit_test(too_large),
		cmocka_unit_test(largest_allowed),
		cmocka_unit_test(no_such_message),
		cmocka_unit_test(decode_bomb),
		cmocka_unit_test(garbage_to_the_port),
		cmocka_unit_test(more_calls_than_allowed),
		cmocka_unit_test(hundred_clients),
		cmocka_unit_test(live_calls_return_to_zero),
	};
	return cmocka_run_group_tests(tests, echo_setup, echo_teardown);
}
