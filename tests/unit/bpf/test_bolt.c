/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bolt conversations as segments: whole, cut at every byte, sent twice, lost. A query is told once, with its PULL, by whose
 * fault it failed; what only keeps the connection going is told if it fails; what the server ignored is not.
 */
#include <stdio.h>

#include "stage.h"

#define OFFER	"\x60\x60\xb0\x17\0\0\4\5\0\0\2\4\0\0\0\4\0\0\0\3"
#define AGREED	"\0\0\4\5"
#define OLD	"\0\0\0\1"
#define NONE	"\0\0\0\0"
#define MANIFEST "\0\0\1\xff\2\0\0\x08\5\0\0\4\4\x81\1"
#define CHOSEN	"\0\0\x08\5\1"
#define HELLO	"\0\3\xb1\1\xa0\0\0"
#define LOGON	"\0\3\xb1\x6a\xa0\0\0"
#define TELEMETRY "\0\3\xb1\x54\0\0\0"
#define ROUTE	"\0\5\xb3\x66\xa0\x90\xa0\0\0"
#define RUN	"\0\6\xb3\x10\x81Q\xa0\xa0\0\0"
#define PULL	"\0\3\xb1\x3f\xa0\0\0"
#define PULL_ALL "\0\2\xb0\x3f\0\0"
#define DISCARD	"\0\3\xb1\x2f\xa0\0\0"
#define BEGIN	"\0\3\xb1\x11\xa0\0\0"
#define COMMIT	"\0\2\xb0\x12\0\0"
#define ROLLBACK "\0\2\xb0\x13\0\0"
#define RESET	"\0\2\xb0\x0f\0\0"
#define GOODBYE	"\0\2\xb0\2\0\0"
#define SUCCESS	"\0\3\xb1\x70\xa0\0\0"
#define RECORD	"\0\4\xb1\x71\x91\1\0\0"
#define IGNORED	"\0\2\xb0\x7e\0\0"
#define FAILS(class) "\0\x13\xb1\x7f\xa1\x84" "code" "\x8a" "Neo." class ".a.b!\0\0"
#define NOOP	"\0\0"

#define ASKS(text)    {true, text, sizeof(text) - 1}
#define ANSWERS(text) {false, text, sizeof(text) - 1}
#define OPENED	      ASKS(OFFER), ANSWERS(AGREED), ASKS(HELLO LOGON), ANSWERS(SUCCESS SUCCESS)

static const struct play plays[] = {
	{"a query is a RUN and its PULL",
	 {OPENED, ASKS(RUN PULL), ANSWERS(SUCCESS), ANSWERS(RECORD RECORD), ANSWERS(SUCCESS), ASKS(RUN DISCARD),
	  ANSWERS(SUCCESS SUCCESS), ASKS(GOODBYE)},
	 {{EXCHANGE_DONE, 5, 7, 8}, {EXCHANGE_DONE, 9, 10, 10}}},
	{"the first version",
	 {ASKS(OFFER), ANSWERS(OLD), ASKS(HELLO), ANSWERS(SUCCESS), ASKS(RUN PULL_ALL), ANSWERS(SUCCESS RECORD SUCCESS)},
	 {{EXCHANGE_DONE, 5, 6, 6}}},
	{"the server says its versions, and the client chooses",
	 {ASKS(OFFER), ANSWERS(MANIFEST), ASKS(CHOSEN HELLO), ANSWERS(SUCCESS), ASKS(RUN PULL), ANSWERS(SUCCESS SUCCESS)},
	 {{EXCHANGE_DONE, 5, 6, 6}}},
	{"no version", {ASKS(OFFER), ANSWERS(NONE), ASKS(HELLO RUN PULL), ANSWERS(SUCCESS SUCCESS SUCCESS)}, {{0}}},
	{"a web server", {ASKS(OFFER), ANSWERS("HTTP/1.1 400 Bad Request\r\n\r\n")}, {{0}}},
	{"no magic", {ASKS("\x60\x60\xb0\x18\0\0\4\5"), ANSWERS(AGREED), ASKS(RUN PULL), ANSWERS(SUCCESS SUCCESS)},
	 {{EXCHANGE_UNKNOWN, 1, 2, 2}, {EXCHANGE_UNKNOWN, 3, 4, 4}}},
	{"a transaction is as many requests as it has messages",
	 {OPENED, ASKS(BEGIN RUN PULL), ANSWERS(SUCCESS SUCCESS RECORD SUCCESS), ASKS(TELEMETRY RUN PULL),
	  ANSWERS(SUCCESS SUCCESS RECORD), ANSWERS(SUCCESS), ASKS(COMMIT), ANSWERS(SUCCESS), ASKS(BEGIN), ANSWERS(SUCCESS),
	  ASKS(ROLLBACK), ANSWERS(SUCCESS)},
	 {{EXCHANGE_DONE, 5, 6, 6}, {EXCHANGE_DONE, 5, 6, 6}, {EXCHANGE_DONE, 7, 8, 9}, {EXCHANGE_DONE, 10, 11, 11},
	  {EXCHANGE_DONE, 12, 13, 13}, {EXCHANGE_DONE, 14, 15, 15}}},
	{"a result in batches is told with its first",
	 {OPENED, ASKS(RUN PULL), ANSWERS(SUCCESS RECORD SUCCESS), ASKS(PULL), ANSWERS(RECORD SUCCESS), ASKS(ROUTE),
	  ANSWERS(SUCCESS), ASKS(RUN PULL), ANSWERS(SUCCESS SUCCESS)},
	 {{EXCHANGE_DONE, 5, 6, 6}, {EXCHANGE_DONE, 11, 12, 12}}},
	{"whose fault it is",
	 {OPENED, ASKS(RUN PULL), ANSWERS(FAILS("C") IGNORED), ASKS(RESET), ANSWERS(SUCCESS), ASKS(RUN PULL),
	  ANSWERS(SUCCESS RECORD FAILS("T")), ASKS(RESET RUN PULL), ANSWERS(SUCCESS FAILS("D") IGNORED)},
	 {{EXCHANGE_REFUSED, 5, 6, 6}, {EXCHANGE_FAILED, 9, 10, 10}, {EXCHANGE_FAILED, 11, 12, 12}}},
	{"what follows a failure is ignored, and no request",
	 {OPENED, ASKS(BEGIN RUN PULL COMMIT), ANSWERS(FAILS("T") IGNORED), ANSWERS(IGNORED IGNORED)},
	 {{EXCHANGE_FAILED, 5, 6, 6}}},
	{"a failure without a class",
	 {OPENED, ASKS(RUN PULL), ANSWERS("\0\x0b\xb1\x7f\xa1\x84" "code" "\x82" "NN\0\0" IGNORED)}, {{EXCHANGE_FAILED, 5, 6, 6}}},
	{"a class that its chunks cut",
	 {OPENED, ASKS(RUN PULL), ANSWERS("\0\5\xb1\x7f\x8aNN\0\3" "eo.\0\2" "Cl\0\1" "D\0\0" IGNORED)},
	 {{EXCHANGE_REFUSED, 5, 6, 6}}},
	{"who may not come in",
	 {ASKS(OFFER), ANSWERS(AGREED), ASKS(HELLO), ANSWERS(FAILS("C"))}, {{EXCHANGE_REFUSED, 0, 4, 4}}},
	{"chunks of a byte, and nothing between messages",
	 {OPENED, ASKS(NOOP "\0\1\xb3\0\1\x10\0\4\x81Q\xa0\xa0\0\0" NOOP), ASKS(PULL),
	  ANSWERS(NOOP), ANSWERS(NOOP "\0\1\xb1\0\1\x70\0\1\xa0\0\0" NOOP NOOP), ANSWERS(RECORD NOOP SUCCESS)},
	 {{EXCHANGE_DONE, 5, 9, 9}}},
	{"no structure", {OPENED, ASKS("\0\2\xa3\x10\0\0" PULL), ANSWERS(SUCCESS SUCCESS)}, {{0}}},
	{"a message that nobody knows", {OPENED, ASKS("\0\2\xb0\x44\0\0"), ANSWERS(SUCCESS)}, {{0}}},
	{"an answer that nobody knows", {OPENED, ASKS(RUN PULL), ANSWERS("\0\2\xb0\x10\0\0")}, {{0}}},
	{"a message of one byte", {OPENED, ASKS("\0\1\xb1\0\0"), ANSWERS(SUCCESS)}, {{0}}},
	{"an answer to nothing", {OPENED, ANSWERS(SUCCESS), ANSWERS(SUCCESS)}, {{0}}},
	{"more versions than there are", {ASKS(OFFER), ANSWERS("\0\0\1\xff\xff\xff\xff\xff\xff\1"), ASKS(RUN)}, {{0}}},
};

static struct programme programme = {plays, sizeof(plays) / sizeof(plays[0])};

#define SPEAK(st, asks, text, now_ns) say(st, asks, text, sizeof(text) - 1, now_ns)

static struct stage welcomed(bool server)
{
	struct stage st = opened(server);

	SPEAK(&st, true, OFFER, 1 * MS);
	SPEAK(&st, false, AGREED, 2 * MS);
	SPEAK(&st, true, HELLO, 3 * MS);
	SPEAK(&st, false, SUCCESS, 4 * MS);
	assert_int_equal(st.told.n, 0);
	return st;
}

static void query_at(struct stage *st, uint64_t now_ns)
{
	SPEAK(st, true, RUN PULL, now_ns);
	SPEAK(st, false, SUCCESS RECORD SUCCESS, now_ns + MS);
}

/* As many as fit, in one segment. */
static void answers_of_many_records_are_read(void **state)
{
	static char records[LONGEST_SEGMENT];
	const char record[] = "\0\3\xb1\x71\x90\0\0";
	struct stage st = welcomed(true);
	size_t n = 0;

	(void)state;
	for (; n + sizeof(record) < sizeof(records); n += sizeof(record) - 1)
		memcpy(records + n, record, sizeof(record) - 1);
	SPEAK(&st, true, RUN PULL, 10 * MS);
	SPEAK(&st, false, SUCCESS, 11 * MS);
	assert_int_equal(say(&st, false, records, n, 11 * MS), HEARD);
	SPEAK(&st, false, SUCCESS, 12 * MS);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].ended_ns, 12 * MS);
}

static void large_chunks_are_passed_over(void **state)
{
	static char value[65535];
	struct stage st = welcomed(false);

	(void)state;
	memset(value, 0x70, sizeof(value));
	SPEAK(&st, true, RUN PULL, 10 * MS);
	SPEAK(&st, false, SUCCESS "\0\2\xb1\x71\xff\xff", 11 * MS);
	say(&st, false, value, 30000, 12 * MS);
	st.next[0] += 30000; /* a segment that comes late is nothing that anybody missed */
	assert_int_equal(say(&st, false, value, sizeof(value) - 60000, 13 * MS), HEARD);
	SPEAK(&st, false, "\0\0" SUCCESS, 14 * MS);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].ended_ns, 14 * MS);
}

static void a_gap_elsewhere_costs_one_query(void **state)
{
	struct stage st = welcomed(true);

	(void)state;
	query_at(&st, 10 * MS);
	st.next[1] += 1;
	assert_int_equal(SPEAK(&st, true, "\6\xb3\x10\x81Q\xa0\xa0\0\0" PULL, 20 * MS), HEARD_LOST);
	SPEAK(&st, false, SUCCESS SUCCESS, 21 * MS);
	assert_int_equal(st.told.n, 1);
	query_at(&st, 30 * MS);
	assert_int_equal(st.told.n, 2);
	assert_int_equal(st.told.x[1].asked_ns, 30 * MS);
}

static void a_loss_in_a_pipeline_ends_the_hearing(void **state)
{
	struct stage st = welcomed(true);

	(void)state;
	SPEAK(&st, true, RUN PULL RUN PULL, 10 * MS);
	st.next[0] += 7;
	assert_int_equal(SPEAK(&st, false, SUCCESS, 11 * MS), HEARD_LOST);
	query_at(&st, 20 * MS);
	assert_int_equal(st.h.talk.protocol, CONVERSATION_OPAQUE);
	assert_int_equal(st.told.n, 0);
}

static void who_comes_in_the_middle_waits_until_it_is_quiet(void **state)
{
	struct stage st = joined_and_quiet(query_at);

	(void)state;
	SPEAK(&st, true, BEGIN, 3010 * MS);
	SPEAK(&st, false, SUCCESS, 3011 * MS);
	assert_int_equal(st.told.n, 2);
	assert_int_equal(st.told.x[0].asked_ns, 3000 * MS);
}

/* More than the queue holds would be told as what they are not. */
static void a_deep_pipeline_ends_the_hearing(void **state)
{
	struct stage st = welcomed(true);

	(void)state;
	for (unsigned i = 0; i < CONVERSATION_QUEUE; i++)
		SPEAK(&st, true, RUN PULL, (10 + i) * MS);
	for (unsigned i = 0; i < CONVERSATION_QUEUE; i++)
		SPEAK(&st, false, SUCCESS SUCCESS, 100 * MS);
	assert_int_equal(st.h.talk.protocol, CONVERSATION_OPAQUE);
	assert_int_equal(st.told.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TESTS(&programme),
		cmocka_unit_test(answers_of_many_records_are_read),
		cmocka_unit_test(large_chunks_are_passed_over),
		cmocka_unit_test(a_gap_elsewhere_costs_one_query),
		cmocka_unit_test(a_loss_in_a_pipeline_ends_the_hearing),
		cmocka_unit_test(who_comes_in_the_middle_waits_until_it_is_quiet),
		cmocka_unit_test(a_deep_pipeline_ends_the_hearing),
	};

	return cmocka_run_group_tests_name("bpf/bolt", tests, NULL, NULL);
}
