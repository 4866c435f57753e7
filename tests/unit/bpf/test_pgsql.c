/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL conversations as segments: whole, cut at every byte, sent twice, lost. What ends with one ReadyForQuery is
 * told once, by whose fault it failed; what a COPY takes has no time; start-ups, remarks of the server and other
 * protocols are no requests.
 */
#include <stdio.h>

#include "stage.h"

#define STARTUP "\0\0\0\x10\0\3\0\0user\0a\0\0"
#define TLS	"\0\0\0\x08\x04\xd2\x16\x2f"
#define GSS	"\0\0\0\x08\x04\xd2\x16\x30"
#define CANCEL	"\0\0\0\x10\x04\xd2\x16\x2e" "12345678"
#define WELCOME "R\0\0\0\x08\0\0\0\0" "S\0\0\0\x08" "a\0b\0" "K\0\0\0\x0c" "12345678" READY
#define READY	"Z\0\0\0\x05I"
#define QUERY	"Q\0\0\0\x0d" "SELECT 1\0"
#define CALL	"F\0\0\0\x0e\0\0\0\1\0\0\0\0\0\0"
#define PARSE	"P\0\0\0\x0b\0" "Q 1\0\0\0"
#define BIND	"B\0\0\0\x0c\0\0\0\0\0\0\0\0"
#define DESCRIBE "D\0\0\0\x06P\0"
#define EXECUTE "E\0\0\0\x09\0\0\0\0\0"
#define CLOSE	"C\0\0\0\x06S\0"
#define SYNC	"S\0\0\0\4"
#define FLUSH	"H\0\0\0\4"
#define ROWS	"T\0\0\0\x06\0\0"
#define ROW	"D\0\0\0\x0b\0\1\0\0\0\1" "Z"
#define DONE	"C\0\0\0\x0d" "SELECT 1\0"
#define PARSED	"1\0\0\0\4"
#define BOUND	"2\0\0\0\4"
#define CLOSED	"3\0\0\0\4"
#define REPORT(tag, class) tag "\0\0\0\x1e" "SERROR\0VERROR\0C" class "000\0Mno\0\0"
#define FAILS(class) REPORT("E", class)
#define NOTICE	REPORT("N", "01")
#define NOTIFIES "A\0\0\0\x0c\0\0\0\1a\0b\0"
#define COPY_IN	 "G\0\0\0\7\0\0\0"
#define COPY_OUT "H\0\0\0\7\0\0\0"
#define STREAM	 "W\0\0\0\7\0\0\0"
#define DATA	 "d\0\0\0\x0aQ\0\0\0\5\n"
#define DATA_END "c\0\0\0\4"
#define DATA_FAILS "f\0\0\0\7no\0"

#define ASKS(text)    {true, text, sizeof(text) - 1}
#define ANSWERS(text) {false, text, sizeof(text) - 1}
#define OPENED	      ASKS(STARTUP), ANSWERS(WELCOME)

static const struct play plays[] = {
	{"a start-up is no request, a query is one",
	 {OPENED, ASKS(QUERY), ANSWERS(ROWS ROW DONE READY)}, {{EXCHANGE_DONE, 3, 4, 4}}},
	{"protocol 3.2, passwords, a version that is not known",
	 {ASKS("\0\0\0\x10\0\3\0\2user\0a\0\0"), ANSWERS("v\0\0\0\x0c\0\0\0\0\0\0\0\0" "R\0\0\0\x0c\0\0\0\x0a" "a\0\0\0"),
	  ASKS("p\0\0\0\x0e" "SCRAM\0\0\0\0\0"), ANSWERS("R\0\0\0\x09\0\0\0\x0b" "x"), ASKS("p\0\0\0\5x"), ANSWERS(WELCOME),
	  ASKS(QUERY), ANSWERS(DONE READY)},
	 {{EXCHANGE_DONE, 7, 8, 8}}},
	{"encryption that is refused",
	 {ASKS(GSS), ANSWERS("N"), ASKS(TLS), ANSWERS("N"), OPENED, ASKS(QUERY), ANSWERS(DONE READY)},
	 {{EXCHANGE_DONE, 7, 8, 8}}},
	{"encryption", {ASKS(TLS), ANSWERS("S"), ASKS("\x16\3\1\0\1"), ANSWERS("\x16\3\3\0\1")}, {{0}}},
	{"encryption of Kerberos", {ASKS(GSS), ANSWERS("G"), ASKS(QUERY), ANSWERS(DONE READY)}, {{0}}},
	{"encryption that nobody knows of", {ASKS(TLS), ANSWERS(FAILS("0A")), OPENED}, {{0}}},
	{"a cancellation", {ASKS(CANCEL)}, {{0}}},
	{"many queries, an answer in pieces",
	 {OPENED, ASKS(QUERY), ANSWERS(ROWS ROW), ANSWERS(ROW DONE READY), ASKS("Q\0\0\0\5\0"), ANSWERS("I\0\0\0\4" READY),
	  ASKS(CALL), ANSWERS("V\0\0\0\x08\xff\xff\xff\xff" READY)},
	 {{EXCHANGE_DONE, 3, 4, 5}, {EXCHANGE_DONE, 6, 7, 7}, {EXCHANGE_DONE, 8, 9, 9}}},
	{"parts up to a Sync, from the first on",
	 {OPENED, ASKS(PARSE BIND), ASKS(DESCRIBE EXECUTE SYNC), ANSWERS(PARSED BOUND ROWS ROW), ANSWERS(DONE READY),
	  ASKS(BIND EXECUTE CLOSE SYNC), ANSWERS(BOUND DONE CLOSED READY), ASKS("X\0\0\0\4")},
	 {{EXCHANGE_DONE, 3, 5, 6}, {EXCHANGE_DONE, 7, 8, 8}}},
	{"parts that are answered before their Sync",
	 {OPENED, ASKS(PARSE DESCRIBE FLUSH), ANSWERS(PARSED ROWS), ASKS(BIND EXECUTE FLUSH), ANSWERS(BOUND ROW "s\0\0\0\4"),
	  ASKS(EXECUTE SYNC), ANSWERS(DONE READY), ASKS(FLUSH QUERY), ANSWERS(DONE READY)},
	 {{EXCHANGE_DONE, 3, 4, 8}, {EXCHANGE_DONE, 9, 10, 10}}},
	{"a pipeline of several Syncs",
	 {OPENED, ASKS(BIND EXECUTE SYNC BIND EXECUTE SYNC), ASKS(SYNC), ANSWERS(BOUND DONE READY BOUND),
	  ANSWERS(FAILS("22") READY), ANSWERS(READY)},
	 {{EXCHANGE_DONE, 3, 5, 5}, {EXCHANGE_REFUSED, 3, 5, 6}, {EXCHANGE_DONE, 4, 7, 7}}},
	{"whose fault it is",
	 {OPENED, ASKS(QUERY), ANSWERS(FAILS("42") READY), ASKS(QUERY), ANSWERS(ROWS ROW FAILS("53") READY), ASKS(QUERY),
	  ANSWERS(FAILS("57") READY), ASKS(QUERY), ANSWERS(FAILS("XX") READY), ASKS(QUERY), ANSWERS(FAILS("58") READY),
	  ASKS(QUERY), ANSWERS("E\0\0\0\x05\0" READY)},
	 {{EXCHANGE_REFUSED, 3, 4, 4}, {EXCHANGE_FAILED, 5, 6, 6}, {EXCHANGE_FAILED, 7, 8, 8}, {EXCHANGE_FAILED, 9, 10, 10},
	  {EXCHANGE_FAILED, 11, 12, 12}, {EXCHANGE_FAILED, 13, 14, 14}}},
	{"what the server says to nobody",
	 {OPENED, ANSWERS(NOTIFIES), ASKS(QUERY), ANSWERS(NOTICE), ANSWERS("S\0\0\0\x08" "a\0b\0" NOTIFIES),
	  ANSWERS(DONE NOTICE READY NOTIFIES), ANSWERS(NOTICE), ASKS(QUERY), ANSWERS(DONE READY)},
	 {{EXCHANGE_DONE, 4, 7, 7}, {EXCHANGE_DONE, 9, 10, 10}}},
	{"a COPY either way takes what it takes",
	 {OPENED, ASKS(QUERY), ANSWERS(COPY_IN), ASKS(DATA DATA), ASKS(DATA_END), ANSWERS(DONE READY), ASKS(QUERY),
	  ANSWERS(COPY_OUT DATA), ANSWERS(DATA DATA_END DONE READY), ASKS(QUERY), ANSWERS(DONE READY)},
	 {{EXCHANGE_DONE, 3, 4, 0}, {EXCHANGE_DONE, 8, 9, 0}, {EXCHANGE_DONE, 11, 12, 12}}},
	{"a COPY in parts has one Sync too many, unless its first is its last",
	 {OPENED, ASKS(PARSE BIND EXECUTE SYNC), ANSWERS(PARSED BOUND COPY_IN), ASKS(DATA DATA_END SYNC),
	  ANSWERS(DONE READY), ASKS(BIND EXECUTE FLUSH), ANSWERS(BOUND COPY_IN), ASKS(DATA DATA_FAILS SYNC),
	  ANSWERS(FAILS("57") READY), ASKS(QUERY), ANSWERS(COPY_IN), ASKS(DATA_END), ANSWERS(DONE READY)},
	 {{EXCHANGE_DONE, 3, 4, 0}, {EXCHANGE_FAILED, 7, 8, 0}, {EXCHANGE_DONE, 11, 12, 0}}},
	{"a Sync alone after the COPY of a query",
	 {OPENED, ASKS(QUERY), ANSWERS(COPY_IN), ASKS(DATA_END), ANSWERS(DONE READY), ASKS(SYNC), ANSWERS(READY)},
	 {{EXCHANGE_DONE, 3, 4, 0}, {EXCHANGE_DONE, 7, 8, 8}}},
	{"replication",
	 {OPENED, ASKS(QUERY), ANSWERS(STREAM DATA), ASKS(DATA), ANSWERS(DATA DONE READY), ASKS(QUERY), ANSWERS(DONE READY)},
	 {{EXCHANGE_DONE, 3, 4, 0}}},
	{"a query among parts", {OPENED, ASKS(PARSE QUERY), ANSWERS(PARSED DONE READY)}, {{0}}},
	{"lengths that cannot be: the greatest", {OPENED, ASKS("Q\xff\xff\xff\xff" "SELECT 1\0"), ANSWERS(READY)}, {{0}}},
	{"lengths that cannot be: none", {OPENED, ASKS("Q\0\0\0\0" "SELECT 1\0"), ANSWERS(READY)}, {{0}}},
	{"lengths that cannot be: less than itself", {OPENED, ASKS(QUERY), ANSWERS("T\0\0\0\3" DONE READY)}, {{0}}},
	{"lengths that cannot be: of an error", {OPENED, ASKS(QUERY), ANSWERS("E\0\0\0\0" "C53000\0" READY)}, {{0}}},
	{"lengths that cannot be: of the last word", {OPENED, ASKS(QUERY), ANSWERS("Z\0\0\0\x06II")}, {{0}}},
	{"lengths that cannot be: of the first word", {ASKS("\0\0\0\7\0\3\0\0"), ASKS(QUERY), ANSWERS(READY)},
	 {{EXCHANGE_UNKNOWN, 1, 3, 3}}},
	{"a first word too long", {ASKS("\0\1\0\0\0\3\0\0"), ASKS(QUERY), ANSWERS(READY)}, {{EXCHANGE_UNKNOWN, 1, 3, 3}}},
	{"an error that is empty", {OPENED, ASKS(QUERY), ANSWERS("E\0\0\0\4" READY)}, {{EXCHANGE_FAILED, 3, 4, 4}}},
	{"an error that ends within its class", {OPENED, ASKS(QUERY), ANSWERS("E\0\0\0\6C5" READY)}, {{EXCHANGE_FAILED, 3, 4, 4}}},
	{"tags that nobody knows", {OPENED, ASKS("y\0\0\0\4"), ANSWERS(READY)}, {{0}}},
	{"answers that nobody knows", {OPENED, ASKS(QUERY), ANSWERS("Q\0\0\0\4" READY)}, {{0}}},
	{"an answer to nothing", {OPENED, ANSWERS(DONE READY), ANSWERS(READY)}, {{0}}},
	{"protocol 2", {ASKS("\0\0\1\x28\0\2\0\0a\0b\0c\0d\0"), ANSWERS("R\0\0\0\0")},
	 {{EXCHANGE_UNKNOWN, 1, 2, 2}}},
	{"Kafka, whose first request looks alike",
	 {ASKS("\0\0\0\x10\0\3\0\0\0\0\0\1\0\2me\0\0\0\0"), ANSWERS("\0\0\0\x08\0\0\0\1\0\0\0\0")}, {{0}}},
	{"SMB", {ASKS("\0\0\0\x10\xff" "SMBr\0\0\0\0\0\0\0\0\0\0\0"), ANSWERS("\0\0\0\x10\xff" "SMB")},
	 {{EXCHANGE_UNKNOWN, 1, 2, 2}}},
};

static struct programme programme = {plays, sizeof(plays) / sizeof(plays[0])};

#define SPEAK(st, asks, text, now_ns) say(st, asks, text, sizeof(text) - 1, now_ns)

static struct stage welcomed(bool server)
{
	struct stage st = opened(server);

	SPEAK(&st, true, STARTUP, 1 * MS);
	SPEAK(&st, false, WELCOME, 2 * MS);
	assert_int_equal(st.told.n, 0);
	return st;
}

static void query_at(struct stage *st, uint64_t now_ns)
{
	SPEAK(st, true, QUERY, now_ns);
	SPEAK(st, false, ROWS ROW DONE READY, now_ns + MS);
}

static void end_stream(struct stage *st, uint64_t now_ns)
{
	st->last = true;
	say(st, false, "", 0, now_ns);
}

/* Too many clients, a wrong password. It has no time, for that of a start-up says nothing of a query. */
static void a_start_up_that_is_refused_counts_as_failed(void **state)
{
	struct stage st = opened(true);

	(void)state;
	SPEAK(&st, true, STARTUP, 1 * MS);
	SPEAK(&st, false, FAILS("53"), 2 * MS);
	end_stream(&st, 3 * MS);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].outcome, EXCHANGE_FAILED);
	assert_int_equal(st.told.x[0].asked_ns, 0);
}

/* A server that is shut down ends its connections so. */
static void a_query_that_the_server_dies_of_failed(void **state)
{
	struct stage st = welcomed(true), idle = welcomed(true);

	(void)state;
	SPEAK(&st, true, QUERY, 10 * MS);
	SPEAK(&st, false, ROWS ROW FAILS("57"), 11 * MS);
	end_stream(&st, 12 * MS);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].outcome, EXCHANGE_FAILED);
	assert_int_equal(st.told.x[0].asked_ns, 10 * MS);
	SPEAK(&idle, false, FAILS("57"), 11 * MS);
	end_stream(&idle, 12 * MS);
	assert_int_equal(idle.told.n, 0);
}

static void who_agrees_to_encrypt_speaks_tls(void **state)
{
	struct stage st = opened(true);

	(void)state;
	SPEAK(&st, true, TLS, 1 * MS);
	assert_int_equal(SPEAK(&st, false, "S", 2 * MS), HEARD);
	assert_int_equal(st.h.talk.protocol, CONVERSATION_TLS);
	assert_int_equal(SPEAK(&st, true, "\x16\3\1\0\1\1", 3 * MS), HEARD);
	assert_int_equal(st.told.n, 0);
}

/* Without an error there is no answer, and nothing is made up. */
static void a_stream_that_ends_is_no_answer(void **state)
{
	struct stage st = welcomed(true);

	(void)state;
	SPEAK(&st, true, QUERY, 10 * MS);
	SPEAK(&st, false, ROWS ROW, 11 * MS);
	end_stream(&st, 12 * MS);
	assert_int_equal(st.told.n, 0);
}

/* As many as fit, in one segment. */
static void answers_of_many_rows_are_read(void **state)
{
	static char rows[LONGEST_SEGMENT];
	const char row[] = "D\0\0\0\6\0\0";
	struct stage st = welcomed(true);
	size_t n = 0;

	(void)state;
	for (; n + sizeof(row) < sizeof(rows); n += sizeof(row) - 1)
		memcpy(rows + n, row, sizeof(row) - 1);
	SPEAK(&st, true, QUERY, 10 * MS);
	assert_int_equal(say(&st, false, rows, n, 11 * MS), HEARD);
	SPEAK(&st, false, DONE READY, 12 * MS);
	assert_int_equal(st.told.n, 1);
	query_at(&st, 20 * MS);
	assert_int_equal(st.told.n, 2);
}

/* The text of an error before its class is read byte by byte, so that a hostile one ends the hearing, and only that. */
static void an_endless_error_is_given_up(void **state)
{
	static char report[1 << 16] = "E\0\1\0\0SERROR";
	struct stage st = welcomed(true);

	(void)state;
	memset(report + 6, 'x', sizeof(report) - 6);
	SPEAK(&st, true, QUERY, 10 * MS);
	assert_int_equal(say(&st, false, report, sizeof(report), 11 * MS), HEARD_LOST);
	assert_int_equal(st.told.n, 0);
}

static void large_values_are_passed_over(void **state)
{
	static char value[1 << 16];
	const char head[] = "D\0\1\0\x0a\0\1\0\1\0\0";
	struct stage st = welcomed(false);

	(void)state;
	memset(value, 'Z', sizeof(value));
	SPEAK(&st, true, QUERY, 10 * MS);
	SPEAK(&st, false, ROWS, 11 * MS);
	SPEAK(&st, false, head, 11 * MS);
	say(&st, false, value, 30000, 12 * MS);
	st.next[0] += 30000; /* a segment that comes late is nothing that anybody missed */
	assert_int_equal(say(&st, false, value, sizeof(value) - 60000, 13 * MS), HEARD);
	SPEAK(&st, false, DONE READY, 14 * MS);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].ended_ns, 14 * MS);
}

static void a_gap_elsewhere_costs_one_query(void **state)
{
	struct stage st = welcomed(true);

	(void)state;
	query_at(&st, 10 * MS);
	st.next[1] += 3;
	assert_int_equal(say(&st, true, "\0\x0dSELECT 1", 11, 20 * MS), HEARD_LOST);
	SPEAK(&st, false, DONE READY, 21 * MS);
	assert_int_equal(st.told.n, 1);
	query_at(&st, 30 * MS);
	assert_int_equal(st.told.n, 2);
	assert_int_equal(st.told.x[1].asked_ns, 30 * MS);
}

static void a_loss_in_a_pipeline_ends_the_hearing(void **state)
{
	struct stage st = welcomed(true);

	(void)state;
	SPEAK(&st, true, SYNC SYNC, 10 * MS);
	st.next[0] += 7;
	assert_int_equal(SPEAK(&st, false, READY, 11 * MS), HEARD_LOST);
	query_at(&st, 20 * MS);
	query_at(&st, 30 * MS);
	assert_int_equal(st.h.talk.protocol, CONVERSATION_OPAQUE);
	assert_int_equal(st.told.n, 0);
}

/* A query that came before us may be under way, whose answer would be taken for that to what we hear. */
static void who_comes_in_the_middle_waits_until_it_is_quiet(void **state)
{
	struct stage st = joined_and_quiet(query_at);

	(void)state;
	SPEAK(&st, true, PARSE BIND EXECUTE SYNC, 3010 * MS);
	SPEAK(&st, false, PARSED BOUND DONE READY, 3011 * MS);
	assert_int_equal(st.told.n, 2);
	assert_int_equal(st.told.x[0].asked_ns, 3000 * MS);
	assert_int_equal(st.h.talk.role, CONVERSATION_SERVER);
}

/* More than are kept are counted, those beyond without a time. */
static void a_deep_pipeline_is_counted(void **state)
{
	struct stage st = welcomed(true);
	unsigned timed = 0;

	(void)state;
	for (unsigned i = 0; i < CONVERSATION_QUEUE + 10; i++)
		SPEAK(&st, true, BIND EXECUTE SYNC, (10 + i) * MS);
	for (unsigned i = 0; i < CONVERSATION_QUEUE + 10; i++)
		SPEAK(&st, false, BOUND DONE READY, 100 * MS);
	assert_int_equal(st.told.n, CONVERSATION_QUEUE + 10);
	for (unsigned i = 0; i < st.told.n; i++)
		timed += st.told.x[i].asked_ns != 0;
	assert_int_equal(timed, CONVERSATION_QUEUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TESTS(&programme),
		cmocka_unit_test(a_start_up_that_is_refused_counts_as_failed),
		cmocka_unit_test(a_query_that_the_server_dies_of_failed),
		cmocka_unit_test(who_agrees_to_encrypt_speaks_tls),
		cmocka_unit_test(a_stream_that_ends_is_no_answer),
		cmocka_unit_test(answers_of_many_rows_are_read),
		cmocka_unit_test(an_endless_error_is_given_up),
		cmocka_unit_test(large_values_are_passed_over),
		cmocka_unit_test(a_gap_elsewhere_costs_one_query),
		cmocka_unit_test(a_loss_in_a_pipeline_ends_the_hearing),
		cmocka_unit_test(who_comes_in_the_middle_waits_until_it_is_quiet),
		cmocka_unit_test(a_deep_pipeline_is_counted),
	};

	return cmocka_run_group_tests_name("bpf/pgsql", tests, NULL, NULL);
}
