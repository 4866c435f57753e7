/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis conversations as segments, RESP2 and RESP3: whole, cut at every byte, sent twice, lost. Each command that got its
 * reply is told once, errors as such; what waits on purpose has no time; what is no reply to a command ends the hearing.
 */
#include <stdio.h>

#include "stage.h"

#define GET  "*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
#define SET  "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\n$1\r\n*\r\n" /* whose value looks like the protocol */
#define PING "*1\r\n$4\r\nPING\r\n"
#define SUBSCRIBE "*2\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n"
#define BLPOP "*3\r\n$5\r\nBLPOP\r\n$1\r\nq\r\n$1\r\n0\r\n"

static const struct play plays[] = {
	{"one command", {{true, GET, 0}, {false, "$2\r\nhi\r\n", 0}}, {{EXCHANGE_DONE, 1, 2, 2}}},
	{"every type of RESP2",
	 {{true, GET SET GET GET, 0}, {false, "$-1\r\n+OK\r\n:-42\r\n*-1\r\n", 0},
	  {true, GET, 0}, {false, "*3\r\n$0\r\n\r\n*2\r\n:1\r\n$3\r\n\r\n*\r\n", 0}, {false, "*0\r\n", 0},
	  {true, GET, 0}, {false, "*0\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 1, 2, 2},
	  {EXCHANGE_DONE, 3, 4, 5}, {EXCHANGE_DONE, 6, 7, 7}}},
	{"every type of RESP3",
	 {{true, GET GET GET GET GET GET GET, 0},
	  {false, "_\r\n#t\r\n,3.14\r\n(12345678901234567890\r\n=7\r\ntxt:hi!\r\n~2\r\n+a\r\n:1\r\n", 0},
	  {false, "%2\r\n+a\r\n*1\r\n:1\r\n", 0}, {false, "+b\r\n%0\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 1, 2, 2},
	  {EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 1, 3, 4}}},
	{"errors, of the reply itself only",
	 {{true, GET PING GET, 0}, {false, "-ERR no\r\n", 0}, {false, "!6\r\nERR no\r\n*2\r\n-ERR in EXEC\r\n:1\r\n", 0}},
	 {{EXCHANGE_FAILED, 1, 2, 2}, {EXCHANGE_FAILED, 1, 3, 3}, {EXCHANGE_DONE, 1, 3, 3}}},
	{"a pipeline whose replies come one by one",
	 {{true, GET PING, 0}, {true, SET, 0}, {false, "$1\r\nx\r\n", 0}, {false, "+PONG\r\n", 0}, {false, "+OK\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 3, 3}, {EXCHANGE_DONE, 1, 4, 4}, {EXCHANGE_DONE, 2, 5, 5}}},
	{"pushes and attributes are no replies",
	 {{true, GET, 0}, {false, ">2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n", 0}, {false, "|1\r\n+ttl\r\n:3600\r\n", 0},
	  {false, "*2\r\n|1\r\n+x\r\n+y\r\n:1\r\n:2\r\n", 0}, {false, ">1\r\n+x\r\n", 0}, {true, PING, 0},
	  {false, "+PONG\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 4, 4}, {EXCHANGE_DONE, 6, 7, 7}}},
	{"lines among commands, empty ones",
	 {{true, PING, 0}, {false, "+PONG\r\n", 0}, {true, "\r\nset a 1\r\n\r\nPING\n*0\r\n*-1\r\n" GET, 0},
	  {false, "+OK\r\n+PONG\r\n$1\r\n1\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 3, 4, 4}, {EXCHANGE_DONE, 3, 4, 4}, {EXCHANGE_DONE, 3, 4, 4}}},
	{"commands that wait count without a time, and so does what waits behind them",
	 {{true, BLPOP, 0}, {true, GET, 0}, {false, "*2\r\n$1\r\nq\r\n$1\r\n1\r\n$1\r\n1\r\n", 0}, {true, GET, 0},
	  {false, "$-1\r\n", 0}, {true, "*3\r\n$4\r\nwait\r\n$1\r\n1\r\n$1\r\n0\r\n", 0}, {false, ":1\r\n", 0},
	  {true, "*4\r\n$10\r\nBRPOPLPUSH\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\n0\r\n", 0}, {false, "$-1\r\n", 0},
	  {true, "*4\r\n$8\r\nbzpopmin\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\n0\r\n", 0}, {false, "*-1\r\n", 0}},
	 {{EXCHANGE_DONE, 0, 3, 3}, {EXCHANGE_DONE, 0, 3, 3}, {EXCHANGE_DONE, 4, 5, 5}, {EXCHANGE_DONE, 0, 7, 7},
	  {EXCHANGE_DONE, 0, 9, 9}, {EXCHANGE_DONE, 0, 11, 11}}},
	{"XREAD waits only when it is told to",
	 {{true, "*4\r\n$5\r\nXREAD\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$1\r\n0\r\n", 0}, {false, "*-1\r\n", 0},
	  {true, "*6\r\n$5\r\nXREAD\r\n$5\r\nBLOCK\r\n$1\r\n0\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$1\r\n$\r\n", 0}, {false, "_\r\n", 0},
	  {true, "*4\r\n$10\r\nXREADGROUP\r\n$5\r\ncount\r\n$1\r\n1\r\n$5\r\nblock\r\n", 0}, {false, "*-1\r\n", 0},
	  {true, "xread block 0 streams s $\r\n", 0}, {false, "*-1\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 0, 4, 4}, {EXCHANGE_DONE, 0, 6, 6}, {EXCHANGE_DONE, 0, 8, 8}}},
	{"who subscribes leaves, after the replies to what it asked before",
	 {{true, GET SUBSCRIBE, 0}, {false, "$1\r\nx\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", 0},
	  {false, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n", 0}, {true, GET, 0}, {false, "-ERR only\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 1, 2, 0}}},
	{"who subscribes in RESP3",
	 {{true, SUBSCRIBE, 0}, {false, ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", 0}, {true, GET, 0}, {false, "_\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 2, 0}}},
	{"who may not subscribe stays",
	 {{true, SUBSCRIBE, 0}, {false, "-NOAUTH\r\n", 0}, {true, GET, 0}, {false, "_\r\n", 0}},
	 {{EXCHANGE_FAILED, 1, 2, 2}, {EXCHANGE_DONE, 3, 4, 4}}},
	{"MONITOR, as a line and with a reply that is a line",
	 {{true, PING, 0}, {false, "+PONG\r\n", 0}, {true, "monitor\r\n", 0}, {false, "+OK\r\n+1.2 \"GET\"\r\n", 0},
	  {true, GET, 0}, {false, "_\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 2, 2}, {EXCHANGE_DONE, 3, 4, 0}}},
	{"a client that wants no replies",
	 {{true, "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$1\r\nx\r\n", 0}, {false, "+OK\r\n", 0},
	  {true, "*3\r\n$6\r\nclient\r\n$5\r\nreply\r\n$3\r\noff\r\n", 0}, {true, GET, 0}, {false, "+OK\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 2, 2}}},
	{"names of any length",
	 {{true, "*1\r\n$0\r\n\r\n*1\r\n$14\r\nJSON.NUMINCRBY\r\n*1\r\n$8\r\nBITFIELD\r\n", 0},
	  {false, "-ERR unknown command\r\n-ERR unknown command\r\n-ERR wrong number\r\n", 0}},
	 {{EXCHANGE_FAILED, 1, 2, 2}, {EXCHANGE_FAILED, 1, 2, 2}, {EXCHANGE_FAILED, 1, 2, 2}}},
	{"sizes of any length",
	 {{true, "*000000000002\r\n$0000000003\r\nGET\r\n$1\r\na\r\n", 0}, {false, "$00000000000000002\r\nhi\r\n", 0}},
	 {{EXCHANGE_DONE, 1, 2, 2}}},
	{"an answer that is none", {{true, GET, 0}, {false, "HTTP/1.1 200 OK\r\n\r\n", 0}}, {{0}}},
	{"numbers that cannot be", {{true, "*99999999999999999999\r\n", 0}, {false, "-ERR Protocol error\r\n", 0}},
	 {{EXCHANGE_UNKNOWN, 1, 2, 2}}},
	{"a map that cannot be", {{true, GET, 0}, {false, "%999999999\r\n", 0}}, {{0}}},
	{"no number", {{true, "*\r\n", 0}, {false, "-ERR Protocol error\r\n", 0}}, {{EXCHANGE_UNKNOWN, 1, 2, 2}}},
	{"an IMAP server", {{true, "* OK IMAP4rev1\r\n", 0}, {false, "a LOGIN x y\r\n", 0}, {true, "a OK\r\n", 0}},
	 {{EXCHANGE_UNKNOWN, 1, 2, 2}}},
	{"memcached", {{true, "get a\r\n", 0}, {false, "END\r\n", 0}, {true, "set a 0 0 1\r\n1\r\n", 0}},
	 {{EXCHANGE_UNKNOWN, 1, 2, 2}}},
};

static struct programme programme = {plays, sizeof(plays) / sizeof(plays[0])};

static enum heard speak(struct stage *st, bool asks, const char *says, uint64_t now_ns)
{
	return say(st, asks, says, strlen(says), now_ns);
}

static void get_at(struct stage *st, uint64_t now_ns)
{
	speak(st, true, GET, now_ns);
	speak(st, false, "$1\r\nx\r\n", now_ns + MS);
}

/* A line may be anything; this one is what everybody asks who wants to know whether a Redis lives. */
static void a_connection_may_begin_with_a_line_that_pings(void **state)
{
	const char *lines[] = {"PING\r\n", "ping\r\n"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct stage st = opened(true);

		speak(&st, true, lines[i], 1 * MS);
		speak(&st, false, "+PONG\r\n", 2 * MS);
		assert_int_equal(st.told.n, 1);
		assert_int_equal(st.told.x[0].asked_ns, 1 * MS);
	}
}

/* A pipeline as deep as what is kept of it, in whatever pieces. */
static void sixteen_at_once_are_timed(void **state)
{
	(void)state;
	for (size_t cut = 1; cut < 200; cut++) {
		struct stage st = opened(true);
		char all[CONVERSATION_QUEUE * sizeof(SET)] = "", replies[CONVERSATION_QUEUE * 8] = "";

		for (unsigned i = 0; i < CONVERSATION_QUEUE; i++) {
			strcat(all, SET);
			strcat(replies, "+OK\r\n");
		}
		for (size_t at = 0, n = strlen(all); at < n; at += cut)
			say(&st, true, all + at, cut < n - at ? cut : n - at, 1 * MS);
		for (size_t at = 0, n = strlen(replies); at < n; at += cut)
			say(&st, false, replies + at, cut < n - at ? cut : n - at, 2 * MS);
		assert_int_equal(st.told.n, CONVERSATION_QUEUE);
		for (unsigned i = 0; i < st.told.n; i++)
			assert_true(st.told.x[i].asked_ns == 1 * MS && st.told.x[i].ended_ns == 2 * MS);
	}
}

/* As many as fit of what needs most steps, in one segment. */
static void a_reply_of_many_elements_is_read(void **state)
{
	enum { ELEMENTS = (LONGEST_SEGMENT - 16) / 4 };
	static char reply[LONGEST_SEGMENT];
	struct stage st = opened(true);
	size_t n = (size_t)sprintf(reply, "*%d\r\n", ELEMENTS);

	(void)state;
	for (int i = 0; i < ELEMENTS; i++)
		n += (size_t)sprintf(reply + n, ":1\r\n");
	get_at(&st, 1 * MS);
	speak(&st, true, GET, 10 * MS);
	assert_int_equal(say(&st, false, reply, n, 11 * MS), HEARD);
	assert_int_equal(st.told.n, 2);
}

static void a_gap_in_a_value_is_passed_over(void **state)
{
	struct stage st = opened(false);

	(void)state;
	speak(&st, true, GET, 1 * MS);
	speak(&st, false, "$10\r\n01", 2 * MS);
	st.next[0] += 4;
	assert_int_equal(speak(&st, false, "6789\r\n", 3 * MS), HEARD);
	assert_int_equal(st.told.n, 1);
	get_at(&st, 10 * MS);
	assert_int_equal(st.told.n, 2);
}

/* One at a time, so the next command is a new beginning. */
static void a_gap_elsewhere_costs_one_command(void **state)
{
	struct stage st = opened(true);

	(void)state;
	get_at(&st, 1 * MS);
	st.next[1] += 2;
	assert_int_equal(speak(&st, true, "\r\n$3\r\nGET\r\n$1\r\na\r\n", 10 * MS), HEARD_LOST);
	speak(&st, false, "$1\r\nx\r\n", 11 * MS);
	assert_int_equal(st.told.n, 1);
	get_at(&st, 20 * MS);
	assert_int_equal(st.told.n, 2);
	assert_int_equal(st.told.x[1].asked_ns, 20 * MS);
}

static void a_loss_in_a_pipeline_ends_the_hearing(void **state)
{
	struct stage st = opened(true);

	(void)state;
	speak(&st, true, GET GET, 1 * MS);
	st.next[0] += 7;
	assert_int_equal(speak(&st, false, "$1\r\nx\r\n", 2 * MS), HEARD_LOST);
	get_at(&st, 10 * MS);
	get_at(&st, 20 * MS);
	assert_int_equal(st.h.talk.protocol, CONVERSATION_OPAQUE);
	assert_int_equal(st.told.n, 0);
}

/* Others may be under way, whose replies would be taken for those to what we hear, until nothing was said for a while. */
static void who_comes_in_the_middle_waits_until_it_is_quiet(void **state)
{
	struct stage st = joined_and_quiet(get_at);

	(void)state;
	get_at(&st, 3010 * MS);
	assert_int_equal(st.told.n, 2);
	assert_int_equal(st.told.x[0].asked_ns, 3000 * MS);
	assert_int_equal(st.h.talk.role, CONVERSATION_SERVER);
}

/* The reply to a command that waited comes after a silence, too, and looks like a command. */
static void a_reply_is_not_taken_for_a_command(void **state)
{
	struct stage st = opened(true);
	const char reply[] = "*2\r\n$1\r\nq\r\n$3\r\njob\r\n";

	(void)state;
	st.joined = true;
	speak(&st, true, BLPOP, 1 * MS);
	for (uint64_t i = 1; i < 6; i++) {
		speak(&st, false, reply, i * 2000 * MS);
		speak(&st, true, BLPOP, i * 2000 * MS + MS);
	}
	assert_int_equal(st.told.n, 0);
	assert_int_equal(st.h.talk.protocol, CONVERSATION_OPAQUE);
}

/* A value may hold anything; that of an HTTP body, too. */
static void what_spoke_http_is_not_taken_for_redis(void **state)
{
	struct stage st = opened(true);

	(void)state;
	speak(&st, true, "GET / HTTP/1.1\r\n\r\n", 1 * MS);
	speak(&st, false, "HTTP/1.1 204 N\r\n\r\n", 2 * MS);
	st.next[1] += 10;
	speak(&st, true, "x", 3 * MS);
	get_at(&st, 3000 * MS);
	assert_int_equal(st.told.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TESTS(&programme),
		cmocka_unit_test(a_connection_may_begin_with_a_line_that_pings),
		cmocka_unit_test(sixteen_at_once_are_timed),
		cmocka_unit_test(a_reply_of_many_elements_is_read),
		cmocka_unit_test(a_gap_in_a_value_is_passed_over),
		cmocka_unit_test(a_gap_elsewhere_costs_one_command),
		cmocka_unit_test(a_loss_in_a_pipeline_ends_the_hearing),
		cmocka_unit_test(who_comes_in_the_middle_waits_until_it_is_quiet),
		cmocka_unit_test(a_reply_is_not_taken_for_a_command),
		cmocka_unit_test(what_spoke_http_is_not_taken_for_redis),
	};

	return cmocka_run_group_tests_name("bpf/redis", tests, NULL, NULL);
}
