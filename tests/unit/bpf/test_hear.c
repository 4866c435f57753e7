/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1 conversations as segments: whole, cut at every byte, sent twice, lost and out of order. However they come, what
 * is told is the same, or less, and then it says so.
 */
#include <stdio.h>

#include "stage.h"

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct play plays[] = {
	{"one request",
	 {{true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0}, {false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 0}},
	 {{200, 1, 2, 2}}},
	{"keep-alive, bodies both ways",
	 {{true, "POST /a HTTP/1.1\r\ncontent-length:5\r\n\r\n", 0}, {true, "GET /", 0},
	  {false, "HTTP/1.1 201 Created\r\ncOnTeNt-LeNgTh:   4  \r\nServer: x\r\n\r\nab", 0}, {false, "cd", 0},
	  {true, "DELETE /a HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 0}},
	 {{201, 1, 3, 4}, {500, 5, 6, 6}}},
	{"no body: HEAD, 204, 304",
	 {{true, "HEAD / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 0},
	  {true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 204 No Content\r\n\r\n", 0},
	  {true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0},
	  {true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 404 N\r\nContent-Length: 1\r\n\r\nx", 0}},
	 {{200, 1, 2, 2}, {204, 3, 4, 4}, {304, 5, 6, 6}, {404, 7, 8, 8}}},
	{"chunks, with an extension and a trailer, either way",
	 {{true, "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0},
	  {false, CHUNKED "A;x=\"1\"\r\n0123456789\r\n", 0}, {false, "1\r\n", 0}, {false, "x\r\n0\r\nEtag: c\r\n\r\n", 0},
	  {true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, CHUNKED "0\r\n\r\n", 0}},
	 {{200, 1, 2, 4}, {200, 5, 6, 6}}},
	{"interim answers",
	 {{true, "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", 0},
	  {false, "HTTP/1.1 100 Continue\r\n\r\n", 0}, {true, "ab", 0}, {false, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", 0},
	  {false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 0}},
	 {{200, 1, 5, 5}}},
	{"pipelined in one segment, in two",
	 {{true, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n", 0}, {true, "GET /3 HTTP/1.1\r\n\r\n", 0},
	  {false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 503 N\r\nContent-Length: 1\r\n\r\nb", 0},
	  {false, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc", 0}},
	 {{200, 1, 3, 3}, {503, 1, 3, 3}, {200, 2, 4, 4}}},
	{"becomes a WebSocket: its frames are no requests",
	 {{true, "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", 0},
	  {false, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi", 0},
	  {true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0}},
	 {{101, 1, 2, 0}}},
	{"a tunnel",
	 {{true, "CONNECT a:1 HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 200 OK\r\n\r\n", 0}, {true, "\x16\x03\x01", 3}},
	 {{200, 1, 2, 0}}},
	{"empty lines between messages, bare line feeds",
	 {{true, "\r\nGET / HTTP/1.0\n\n", 0}, {false, "HTTP/1.0 200 OK\nContent-Length: 1\n\nx", 0},
	  {true, "\r\n\r\nGET / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0}},
	 {{200, 1, 2, 2}, {200, 3, 4, 4}}},
	{"names that begin alike",
	 {{true, "GET / HTTP/1.1\r\nContent-Type: a\r\nTe: trailers\r\nContent-Length-X: 9\r\nC: 1\r\n\r\n", 0},
	  {false, "HTTP/1.1 200 OK\r\nContent-Language: de\r\nTransfer-Encodin: x\r\nContent-Length: 3\r\n\r\nabc", 0},
	  {true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0}},
	 {{200, 1, 2, 2}, {200, 3, 4, 4}}},
	{"not HTTP", {{true, "\x16\x03\x01\x02\x00\x01\x00\x01", 8}, {false, "\x16\x03\x03\x00", 4}}, {{0}}},
	{"a line for Redis", {{true, "GET key\r\n", 0}, {false, "$2\r\nhi\r\n", 0}}, {{EXCHANGE_UNKNOWN, 1, 2, 2}}},
	{"a length that cannot be",
	 {{true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", 0}},
	 {{0}}},
	{"a chunk that cannot be",
	 {{true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, CHUNKED "fffffffffffffffff\r\n", 0}}, {{0}}},
};

static struct programme programme = {plays, sizeof(plays) / sizeof(plays[0])};

static const char get[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";

static void exchange_one(struct stage *st, uint64_t at_ns)
{
	say(st, true, get, sizeof(get) - 1, at_ns);
	say(st, false, answer, sizeof(answer) - 1, at_ns + MS);
}

/* A segment of a body that comes late is nothing that anybody missed. */
static void a_gap_in_a_body_is_passed_over(void **state)
{
	struct stage st = opened(false);
	size_t head = sizeof(answer) - 1 - 10;

	(void)state;
	say(&st, true, get, sizeof(get) - 1, 1 * MS);
	say(&st, false, answer, head, 2 * MS);
	st.next[0] += 4;
	assert_int_equal(say(&st, false, answer + head + 4, 6, 3 * MS), HEARD);
	assert_int_equal(say_at(&st, false, st.next[0] - 10, answer + head, 4, 4 * MS), HEARD_OLD);
	assert_int_equal(st.told.n, 1);
	exchange_one(&st, 10 * MS);
	assert_int_equal(st.told.n, 2);
}

/* What is missing is not made up: the exchange is not told, and the next one is. */
static void a_gap_in_a_head_costs_one_exchange(void **state)
{
	struct stage st = opened(false);

	(void)state;
	exchange_one(&st, MS);
	say(&st, true, get, sizeof(get) - 1, 10 * MS);
	st.next[0] += 20;
	assert_int_equal(say(&st, false, answer + 20, sizeof(answer) - 21, 11 * MS), HEARD_LOST);
	assert_int_equal(st.told.n, 1);
	exchange_one(&st, 20 * MS);
	assert_int_equal(st.told.n, 2);
	assert_int_equal(st.told.x[1].asked_ns, 20 * MS);
}

/* Whom an answer is for is anybody's guess then. */
static void a_loss_in_a_pipeline_ends_the_hearing(void **state)
{
	struct stage st = opened(true);

	(void)state;
	say(&st, true, get, sizeof(get) - 1, MS);
	say(&st, true, get, sizeof(get) - 1, MS);
	st.next[1] += 5;
	assert_int_equal(say(&st, true, get + 5, sizeof(get) - 6, 2 * MS), HEARD_LOST);
	for (int i = 0; i < 3; i++)
		say(&st, false, answer, sizeof(answer) - 1, 3 * MS);
	assert_int_equal(st.h.talk.protocol, CONVERSATION_OPAQUE);
	assert_int_equal(st.told.n, 0);
}

static void who_comes_in_the_middle_waits_for_a_request(void **state)
{
	(void)state;
	for (int asking = 0; asking < 2; asking++) {
		struct stage st = opened(true);

		st.joined = true;
		if (asking)
			say(&st, true, "body of a request that began before", 35, MS);
		say(&st, false, answer + 10, sizeof(answer) - 11, 2 * MS);
		assert_int_equal(st.told.n, 0);
		exchange_one(&st, 10 * MS);
		exchange_one(&st, 20 * MS);
		assert_int_equal(st.told.n, 2);
		assert_int_equal(st.told.x[0].asked_ns, 10 * MS);
		assert_int_equal(st.told.x[1].ended_ns, 21 * MS);
	}
}

static void an_answer_without_a_length_ends_with_the_stream(void **state)
{
	struct stage st = opened(true);
	struct segment end = {.to = (uintptr_t)&st.told, .now_ns = 5 * MS, .out = true, .last = true};

	(void)state;
	say(&st, true, get, sizeof(get) - 1, MS);
	say(&st, false, "HTTP/1.0 200 OK\r\n\r\nabc", 22, 2 * MS);
	assert_int_equal(st.told.n, 0);
	end.sequence = st.next[0];
	hear_segment(&st.h, &end, "a stream that ended");
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].ended_ns, 5 * MS);
}

/* More than the queue holds: all are counted, those beyond it without a latency. */
static void a_deep_pipeline_is_counted(void **state)
{
	struct stage st = opened(true);
	unsigned timed = 0;

	(void)state;
	for (unsigned i = 0; i < CONVERSATION_QUEUE + 10; i++)
		say(&st, true, get, sizeof(get) - 1, (i + 1) * MS);
	for (unsigned i = 0; i < CONVERSATION_QUEUE + 10; i++)
		say(&st, false, answer, sizeof(answer) - 1, 100 * MS);
	assert_int_equal(st.told.n, CONVERSATION_QUEUE + 10);
	for (unsigned i = 0; i < st.told.n; i++) {
		timed += st.told.x[i].asked_ns != 0;
		assert_true(!st.told.x[i].asked_ns || st.told.x[i].asked_ns == (i + 1) * MS);
	}
	assert_int_equal(timed, CONVERSATION_QUEUE);
	exchange_one(&st, 200 * MS);
	assert_int_equal(st.told.x[st.told.n - 1].asked_ns, 200 * MS);
}

/* A head of 64 KiB in one segment is more than a program may take its time for. */
static void an_endless_head_is_given_up(void **state)
{
	static char head[1 << 17];
	struct stage st = opened(true);
	size_t n = (size_t)sprintf(head, "GET / HTTP/1.1\r\n");

	(void)state;
	while (n < (1 << 16))
		n += (size_t)sprintf(head + n, "a: b\r\n");
	exchange_one(&st, MS);
	assert_int_equal(say(&st, true, head, n, 2 * MS), HEARD_LOST);
	exchange_one(&st, 10 * MS);
	assert_int_equal(st.told.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TESTS(&programme),
		cmocka_unit_test(a_gap_in_a_body_is_passed_over),
		cmocka_unit_test(a_gap_in_a_head_costs_one_exchange),
		cmocka_unit_test(a_loss_in_a_pipeline_ends_the_hearing),
		cmocka_unit_test(who_comes_in_the_middle_waits_for_a_request),
		cmocka_unit_test(an_answer_without_a_length_ends_with_the_stream),
		cmocka_unit_test(a_deep_pipeline_is_counted),
		cmocka_unit_test(an_endless_head_is_given_up),
	};

	return cmocka_run_group_tests_name("bpf/hear", tests, NULL, NULL);
}
