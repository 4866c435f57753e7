/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 and gRPC conversations as segments: whole, cut at every byte, sent twice, lost. Each stream that ended is told
 * once, with its status where the heads say it, and without one where they refer to what was not heard.
 */
#include <stdio.h>

#include "stage.h"

#define PREFACE	 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define FRAME(length, type, flags, stream) "\0" length type flags "\0\0\0" stream
#define SETTINGS FRAME("\0\0", "\4", "\0", "\0")
#define ACK	 FRAME("\0\0", "\4", "\1", "\0")
#define HELLO	 PREFACE FRAME("\0\6", "\4", "\0", "\0") "\0\3\0\0\0\144"
#define PING	 FRAME("\0\10", "\6", "\0", "\0") "12345678"
#define WINDOW	 FRAME("\0\4", "\10", "\0", "\0") "\0\1\0\0"
#define GET(stream)   FRAME("\0\3", "\1", "\5", stream) "\202\204\206"
#define POST(stream)  FRAME("\0\3", "\1", "\4", stream) "\203\204\206"
#define OK(stream)    FRAME("\0\1", "\1", "\4", stream) "\210"
#define EMPTY(stream) FRAME("\0\1", "\1", "\5", stream) "\211" /* 204 */
#define DATA(stream)  FRAME("\0\4", "\0", "\0", stream) "\0\0\0\0"
#define LAST(stream)  FRAME("\0\2", "\0", "\1", stream) "hi"
#define RESET(stream) FRAME("\0\4", "\3", "\0", stream) "\0\0\0\10"

#define LINE(asks, text) {asks, text, sizeof(text) - 1}
#define BEGIN LINE(true, HELLO), LINE(false, SETTINGS)
#define GRPC(code) (HTTP2_GRPC + (code))

static const struct play plays[] = {
	{"one request",
	 {BEGIN, LINE(true, ACK GET("\1")), LINE(false, ACK OK("\1")), LINE(false, LAST("\1"))}, {{200, 3, 4, 5}}},
	{"the settings of the server come late",
	 {LINE(true, HELLO GET("\1")), LINE(false, SETTINGS OK("\1") LAST("\1"))}, {{200, 1, 2, 2}}},
	{"an answer without a body, and what is none of either",
	 {BEGIN, LINE(true, PING GET("\1") WINDOW), LINE(false, WINDOW PING), LINE(false, EMPTY("\1"))}, {{204, 3, 5, 5}}},
	{"each of the static table",
	 {BEGIN, LINE(true, GET("\1") GET("\3") GET("\5") GET("\7") GET("\11") GET("\13") GET("\15")),
	  LINE(false, FRAME("\0\1", "\1", "\5", "\1") "\210" FRAME("\0\1", "\1", "\5", "\3") "\211"
			FRAME("\0\1", "\1", "\5", "\5") "\212" FRAME("\0\1", "\1", "\5", "\7") "\213"),
	  LINE(false, FRAME("\0\1", "\1", "\5", "\11") "\214" FRAME("\0\1", "\1", "\5", "\13") "\215"
			FRAME("\0\1", "\1", "\5", "\15") "\216")},
	 {{200, 3, 4, 4}, {204, 3, 4, 4}, {206, 3, 4, 4}, {304, 3, 4, 4}, {400, 3, 5, 5}, {404, 3, 5, 5}, {500, 3, 5, 5}}},
	{"streams at once, whose answers come in another order",
	 {BEGIN, LINE(true, GET("\1")), LINE(true, GET("\3") POST("\5")), LINE(false, OK("\3") OK("\5")), LINE(true, LAST("\5")),
	  LINE(false, DATA("\5") OK("\1") LAST("\1")), LINE(false, LAST("\5") LAST("\3"))},
	 {{200, 3, 7, 7}, {200, 4, 5, 8}, {200, 4, 5, 8}}},
	{"a status that becomes an entry, plain, then is referred to",
	 {BEGIN, LINE(true, GET("\1") GET("\3") GET("\5")), LINE(false, FRAME("\0\5", "\1", "\5", "\1") "\110\003503"),
	  LINE(false, FRAME("\0\1", "\1", "\5", "\3") "\276"), /* 62: 503 */
	  LINE(false, FRAME("\0\6", "\1", "\5", "\5") "\276\100\1a\1b")},
	 {{503, 3, 4, 4}, {503, 3, 5, 5}, {503, 3, 6, 6}}},
	{"entries are told by their age",
	 {BEGIN, LINE(true, GET("\1") GET("\3") GET("\5")),
	  LINE(false, FRAME("\0\15", "\1", "\5", "\1") "\110\003429" "\100\1a\1b\77\341\37" /* the table is resized */),
	  LINE(false, FRAME("\0\6", "\1", "\5", "\3") "\277\100\1c\1d" /* 63 */),
	  LINE(false, FRAME("\0\1", "\1", "\5", "\5") "\300" /* 64 */)},
	 {{429, 3, 4, 4}, {429, 3, 5, 5}, {429, 3, 6, 6}}},
	{"in Huffman's code, not kept, with its name spelled out",
	 {BEGIN, LINE(true, GET("\1") GET("\3") GET("\5") GET("\7")), LINE(false, FRAME("\0\5", "\1", "\5", "\1") "\10\203\x68\x0d\x7f"),
	  LINE(false, FRAME("\0\14", "\1", "\5", "\3") "\0\7:status\2\61\60"), /* no status */
	  LINE(false, FRAME("\0\15", "\1", "\5", "\5") "\20\7:status\003301"),
	  LINE(false, FRAME("\0\13", "\1", "\5", "\7") "\20\205\xb8\x84\x8d\x36\xa3\203\x6c\x0c\xff")},
	 {{404, 3, 4, 4}, {EXCHANGE_UNKNOWN, 3, 5, 5}, {301, 3, 6, 6}, {503, 3, 7, 7}}},
	{"gRPC: what trailers say, plain, kept, coded, without a body",
	 {BEGIN, LINE(true, POST("\1") LAST("\1") POST("\3") LAST("\3") POST("\5") LAST("\5") POST("\7") LAST("\7")),
	  LINE(false, OK("\1") DATA("\1") FRAME("\0\17", "\1", "\5", "\1") "\100\13grpc-status\1" "0"),
	  LINE(false, OK("\3") DATA("\3") FRAME("\0\1", "\1", "\5", "\3") "\276"),
	  LINE(false, OK("\5") FRAME("\0\15", "\1", "\5", "\5") "\0\210\x9a\xca\xc8\xb2\x12\x34\xda\x8f\202\x0b\x3f"),
	  LINE(false, FRAME("\0\14", "\1", "\5", "\7") "\210\100\10trailers\0")},
	 {{GRPC(0), 3, 4, 4}, {GRPC(0), 3, 5, 5}, {GRPC(13), 3, 6, 6}, {200, 3, 7, 7}}},
	{"gRPC: only trailers; a name that is referred to",
	 {BEGIN, LINE(true, POST("\1") POST("\3") POST("\5")),
	  LINE(false, FRAME("\0\20", "\1", "\5", "\1") "\210\100\13grpc-status\1" "5"),
	  LINE(false, OK("\3") FRAME("\0\3", "\1", "\5", "\3") "\176\1" "7"), /* 62, with another value */
	  LINE(false, OK("\5") FRAME("\0\5", "\1", "\5", "\5") "\17\60\2" "14" /* 63 */)},
	 {{GRPC(5), 3, 4, 4}, {GRPC(7), 3, 5, 5}, {GRPC(14), 3, 6, 6}}},
	{"a code that is none is not known",
	 {BEGIN, LINE(true, POST("\1") POST("\3")), LINE(false, OK("\1") FRAME("\0\20", "\1", "\5", "\1") "\0\13grpc-status\2" "17"),
	  LINE(false, OK("\3") FRAME("\0\17", "\1", "\5", "\3") "\0\13grpc-status\1x")},
	 {{EXCHANGE_UNKNOWN, 3, 4, 4}, {EXCHANGE_UNKNOWN, 3, 5, 5}}},
	{"what refers to an entry that nobody heard",
	 {BEGIN, LINE(true, GET("\1") GET("\3") POST("\5")), LINE(false, FRAME("\0\1", "\1", "\5", "\1") "\276"),
	  LINE(false, FRAME("\0\2", "\1", "\4", "\3") "\215\277" LAST("\3")), LINE(false, OK("\5")),
	  LINE(false, FRAME("\0\2", "\1", "\5", "\5") "\377\0" /* it may have said how it went */)},
	 {{EXCHANGE_UNKNOWN, 3, 4, 4}, {404, 3, 5, 5}, {EXCHANGE_UNKNOWN, 3, 6, 7}}},
	{"interim answers, trailers of either side",
	 {BEGIN, LINE(true, POST("\1")), LINE(false, FRAME("\0\5", "\1", "\4", "\1") "\10\003100"),
	  LINE(true, DATA("\1") FRAME("\0\4", "\1", "\5", "\1") "\0\1a\0"),
	  LINE(false, FRAME("\0\5", "\1", "\4", "\1") "\10\003103"), LINE(false, OK("\1")), LINE(false, DATA("\1")),
	  LINE(false, FRAME("\0\4", "\1", "\5", "\1") "\0\1a\0")},
	 {{200, 3, 7, 9}}},
	{"padding, priorities, heads that go on",
	 {BEGIN, LINE(true, FRAME("\0\16", "\1", "\55", "\1") "\5\0\0\0\0\20\202\204\206\0\0\0\0\0"),
	  LINE(false, FRAME("\0\14", "\1", "\50", "\1") "\3\0\0\0\0\20\10\203\x6c\0\0\0" FRAME("\0\0", "\11", "\0", "\1")),
	  LINE(false, FRAME("\0\1", "\11", "\0", "\1") "\x0c" FRAME("\0\1", "\11", "\4", "\1") "\xff"),
	  LINE(false, FRAME("\0\5", "\0", "\11", "\1") "\4\0\0\0\0"),
	  LINE(true, FRAME("\0\1", "\1", "\1", "\3") "\202" FRAME("\0\2", "\11", "\4", "\3") "\204\206"), LINE(false, EMPTY("\3"))},
	 {{503, 3, 4, 6}, {204, 7, 8, 8}}},
	{"pushes are no requests, but what they say is kept",
	 {BEGIN, LINE(true, GET("\1")), LINE(false, FRAME("\0\12", "\5", "\4", "\1") "\0\0\0\2\110\003404\202"),
	  LINE(false, OK("\2") LAST("\2") FRAME("\0\1", "\1", "\5", "\1") "\276")},
	 {{404, 3, 5, 5}}},
	{"the client gives up waiting, or an answer that goes on",
	 {BEGIN, LINE(true, GET("\1") GET("\3")), LINE(false, OK("\3") DATA("\3")), LINE(true, RESET("\1")), LINE(true, RESET("\3")),
	  LINE(false, OK("\1") LAST("\1") LAST("\3"))},
	 {{HTTP2_ABANDONED, 3, 5, 5}, {HTTP2_ABANDONED, 0, 4, 6}}},
	{"the server resets, and when it does not need the rest of the request",
	 {BEGIN, LINE(true, GET("\1") POST("\3") GET("\5")), LINE(false, RESET("\1") OK("\3") LAST("\3") RESET("\3")),
	  LINE(false, OK("\5")), LINE(false, RESET("\5"))},
	 {{HTTP2_BROKEN, 3, 4, 4}, {200, 3, 4, 4}, {HTTP2_BROKEN, 3, 5, 6}}},
	{"the server goes: what it does not take never happens",
	 {BEGIN, LINE(true, GET("\1") GET("\3") GET("\5")), LINE(false, FRAME("\0\12", "\7", "\0", "\0") "\0\0\0\3\0\0\0\0no"),
	  LINE(false, OK("\1") LAST("\1") OK("\5") LAST("\5") EMPTY("\3"))},
	 {{200, 3, 5, 5}, {204, 3, 5, 5}}},
	{"frames that nobody knows",
	 {BEGIN, LINE(true, FRAME("\0\2", "\52", "\377", "\0") "ab" GET("\1") FRAME("\0\0", "\52", "\4", "\1")),
	  LINE(false, FRAME("\0\1", "\20", "\0", "\3") "x" EMPTY("\1"))},
	 {{204, 3, 4, 4}}},
	{"no settings", {LINE(true, HELLO GET("\1")), LINE(false, OK("\1") LAST("\1"))}, {{0}}},
	{"an answer of HTTP/1", {LINE(true, HELLO GET("\1")), LINE(false, "HTTP/1.1 400 Bad Request\r\n\r\n")}, {{0}}},
	{"a preface that ends otherwise is a turn", {LINE(true, "PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n"), LINE(false, SETTINGS)},
	 {{EXCHANGE_UNKNOWN, 1, 2, 2}}},
	{"a frame between a head and what it goes on with",
	 {BEGIN, LINE(true, GET("\1")), LINE(false, FRAME("\0\1", "\1", "\1", "\1") "\210" PING FRAME("\0\0", "\11", "\4", "\1"))},
	 {{0}}},
	{"a head that goes on from nothing",
	 {BEGIN, LINE(true, GET("\1")), LINE(false, FRAME("\0\1", "\11", "\5", "\1") "\210" EMPTY("\1"))}, {{0}}},
	{"more padding than frame", {BEGIN, LINE(true, GET("\1")), LINE(false, FRAME("\0\2", "\1", "\15", "\1") "\2\210" EMPTY("\1"))},
	 {{0}}},
	{"data of no stream", {BEGIN, LINE(true, GET("\1")), LINE(false, LAST("\0") EMPTY("\1"))}, {{0}}},
	{"a head that ends within a field",
	 {BEGIN, LINE(true, GET("\1")), LINE(false, FRAME("\0\2", "\1", "\5", "\1") "\10\003" EMPTY("\1"))}, {{0}}},
	{"an index that stands for nothing", {BEGIN, LINE(true, GET("\1")), LINE(false, FRAME("\0\1", "\1", "\5", "\1") "\200" EMPTY("\1"))},
	 {{0}}},
	{"an index without end",
	 {BEGIN, LINE(true, GET("\1")), LINE(false, FRAME("\0\7", "\1", "\5", "\1") "\377\377\377\377\377\377\377" EMPTY("\1"))}, {{0}}},
	{"Huffman's code that is none",
	 {BEGIN, LINE(true, GET("\1") GET("\3") GET("\5")), LINE(false, FRAME("\0\5", "\1", "\5", "\1") "\10\203\377\377\377"),
	  LINE(false, FRAME("\0\5", "\1", "\5", "\3") "\10\203\x10\x01\xff" /* 8 ones */),
	  LINE(false, FRAME("\0\4", "\1", "\5", "\5") "\10\202\x10\x01" /* 200, exactly */)},
	 {{EXCHANGE_UNKNOWN, 3, 4, 4}, {EXCHANGE_UNKNOWN, 3, 5, 5}, {200, 3, 6, 6}}},
	{"a string longer than its frame",
	 {BEGIN, LINE(true, GET("\1")), LINE(false, FRAME("\0\5", "\1", "\5", "\1") "\0\1a\377\377" EMPTY("\1"))}, {{0}}},
};

static struct programme programme = {plays, sizeof(plays) / sizeof(plays[0])};

static enum heard speak(struct stage *st, bool asks, const char *says, size_t n, uint64_t now_ns)
{
	return say(st, asks, says, n, now_ns);
}

#define SPEAK(st, asks, text, now_ns) speak(st, asks, text, sizeof(text) - 1, now_ns)

static struct stage greeted(void)
{
	struct stage st = opened(true);

	SPEAK(&st, true, HELLO, 1 * MS);
	SPEAK(&st, false, SETTINGS, 1 * MS);
	return st;
}

/* A frame's head with any stream, and a payload of that many bytes. */
static size_t frame(char *to, uint32_t length, unsigned type, unsigned flags, uint32_t stream)
{
	const unsigned char head[9] = {length >> 16, length >> 8, length, type, flags, stream >> 24, stream >> 16, stream >> 8,
				       stream};

	memcpy(to, head, sizeof(head));
	return sizeof(head);
}

static void ask(struct stage *st, uint32_t stream, uint64_t now_ns)
{
	char f[9];

	say(st, true, f, frame(f, 0, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, stream), now_ns);
}

static void answer(struct stage *st, uint32_t stream, uint64_t now_ns)
{
	char f[10] = "";
	size_t n = frame(f, 1, HTTP2_HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, stream);

	f[n] = (char)0x88;
	say(st, false, f, n + 1, now_ns);
}

/* As many as fit have their times, each its own; those beyond are counted. */
static void more_streams_than_places(void **state)
{
	struct stage st = greeted();
	unsigned timed = 0;

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < HTTP2_STREAMS + 10; i++)
			ask(&st, round * 1000 + 2 * i + 1, (i + 1) * MS);
		assert_int_equal(conversation_under_way(&st.h.talk), HTTP2_STREAMS + 10);
		for (uint32_t i = 0; i < HTTP2_STREAMS + 10; i++) {
			st.told.n = 0;
			answer(&st, round * 1000 + 2 * i + 1, 1000 * MS);
			assert_int_equal(st.told.n, 1);
			assert_int_equal(st.told.x[0].status, 200);
			timed += st.told.x[0].asked_ns != 0;
			assert_true(!st.told.x[0].asked_ns || st.told.x[0].asked_ns == (i + 1) * MS);
		}
		assert_int_equal(conversation_under_way(&st.h.talk), 0);
		assert_int_equal(timed, (round + 1) * HTTP2_STREAMS);
	}
}

/* What goes on for long is no answer that somebody waits for the end of. */
static void a_long_answer_has_no_time(void **state)
{
	struct stage st = greeted();

	(void)state;
	SPEAK(&st, true, GET("\1") GET("\3"), 10 * MS);
	SPEAK(&st, false, OK("\1") OK("\3"), 20 * MS);
	SPEAK(&st, false, LAST("\1"), 20 * MS + HTTP2_LONG_NS);
	SPEAK(&st, false, LAST("\3"), 21 * MS + HTTP2_LONG_NS);
	assert_int_equal(st.told.n, 2);
	assert_int_equal(st.told.x[0].asked_ns, 10 * MS);
	assert_int_equal(st.told.x[1].asked_ns, 0);
}

/* A segment of data that comes late is nothing that anybody missed. */
static void a_gap_in_data_is_passed_over(void **state)
{
	struct stage st = greeted();
	char f[9];

	(void)state;
	SPEAK(&st, true, GET("\1"), 10 * MS);
	SPEAK(&st, false, OK("\1"), 20 * MS);
	say(&st, false, f, frame(f, 100000, HTTP2_DATA, HTTP2_END_STREAM, 1), 30 * MS);
	st.next[0] += 100000;
	assert_int_equal(st.told.n, 0);
	assert_int_equal(SPEAK(&st, false, PING, 40 * MS), HEARD);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].ended_ns, 40 * MS);
}

static void a_server_may_greet_first(void **state)
{
	struct stage st = opened(false);

	(void)state;
	SPEAK(&st, false, SETTINGS, 1 * MS);
	SPEAK(&st, true, HELLO GET("\1"), 10 * MS);
	SPEAK(&st, false, ACK OK("\1") LAST("\1"), 20 * MS);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].asked_ns, 10 * MS);
}

/* Then neither sees the connection without a word of the other. */
static void both_speak_at_once(void **state)
{
	struct stage st = opened(true);

	(void)state;
	st.joined = true;
	SPEAK(&st, false, SETTINGS, 1 * MS);
	SPEAK(&st, true, HELLO GET("\1"), 10 * MS);
	SPEAK(&st, false, ACK OK("\1") LAST("\1"), 20 * MS);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].status, 200);
	assert_int_equal(st.h.talk.role, CONVERSATION_SERVER);
}

/* It goes on at the next segment that begins with a frame: whose answer begins there is told, the others are not. */
static void after_a_gap_in_answers_it_goes_on(void **state)
{
	struct stage st = greeted();

	(void)state;
	SPEAK(&st, true, GET("\1") GET("\3") GET("\5"), 10 * MS);
	SPEAK(&st, false, FRAME("\0\5", "\1", "\5", "\1") "\110\003503", 20 * MS);
	st.next[0] += 5;
	assert_int_equal(SPEAK(&st, false, "\210" OK("\5") "\0\0\4\1", 30 * MS), HEARD_LOST); /* the rest of what was cut off */
	assert_int_equal(SPEAK(&st, false, OK("\7"), 30 * MS), HEARD);			/* nobody asked for that */
	assert_int_equal(SPEAK(&st, false, "\0", 30 * MS), HEARD);
	SPEAK(&st, true, GET("\7") GET("\11") GET("\13"), 40 * MS);
	assert_int_equal(st.told.n, 1);
	SPEAK(&st, false, FRAME("\0\1", "\1", "\5", "\7") "\276" /* an entry of before */, 50 * MS);
	assert_int_equal(st.told.n, 2);
	assert_int_equal(st.told.x[1].outcome, EXCHANGE_UNKNOWN);
	assert_int_equal(st.told.x[1].asked_ns, 40 * MS);
	assert_int_equal(conversation_under_way(&st.h.talk), 0);
	SPEAK(&st, true, GET("\15") GET("\17"), 60 * MS);
	SPEAK(&st, false, LAST("\5") EMPTY("\11") FRAME("\0\5", "\1", "\5", "\15") "\110\003500", 70 * MS);
	SPEAK(&st, false, FRAME("\0\1", "\1", "\5", "\17") "\276", 70 * MS);
	assert_int_equal(st.told.n, 4);
	assert_int_equal(st.told.x[2].status, 500);
	assert_int_equal(st.told.x[3].status, 500);
}

static void after_a_gap_in_questions_it_goes_on(void **state)
{
	struct stage st = greeted();

	(void)state;
	ask(&st, 1, 10 * MS);
	st.next[1] += 12 * 9 + 5; /* and twelve more, of which nobody knows */
	assert_int_equal(SPEAK(&st, true, "\204\206", 20 * MS), HEARD_LOST);
	assert_int_equal(SPEAK(&st, true, FRAME("\0\3", "\1", "\5", "\30") "\202\204\206", 20 * MS), HEARD); /* even */
	ask(&st, 27, 30 * MS);
	for (uint32_t id = 1; id < 29; id += 2)
		answer(&st, id, 40 * MS);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].asked_ns, 30 * MS);
	assert_int_equal(st.told.x[0].status, 200);
	assert_int_equal(conversation_under_way(&st.h.talk), 0);
}

/* What it says itself must fit its type; each of these begins a segment while frames are sought. */
static void what_is_no_frame_is_passed_over(void **state)
{
	const struct line no[] = {
		LINE(false, FRAME("\0\0", "\0", "\2", "\1")), LINE(false, FRAME("\100\1", "\0", "\1", "\1")),
		LINE(false, FRAME("\0\1", "\1", "\2", "\1") "\210"), LINE(false, FRAME("\0\5", "\3", "\0", "\1") "\0\0\0\0\0"),
		LINE(false, FRAME("\0\7", "\6", "\0", "\0") "\0\0\0\0\0\0\0"), LINE(false, FRAME("\0\4", "\10", "\1", "\0") "\0\0\0\1"),
		LINE(false, FRAME("\0\1", "\11", "\4", "\1") "\210"), LINE(false, FRAME("\0\0", "\52", "\0", "\1")),
	};
	struct stage st = greeted();

	(void)state;
	ask(&st, 1, 10 * MS);
	st.next[0] += 5;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		assert_int_equal(say(&st, false, no[i].says, no[i].bytes, 20 * MS), i ? HEARD : HEARD_LOST);
		assert_int_equal(st.streams.answer.state, HTTP2_LOST);
	}
	SPEAK(&st, false, FRAME("\0\4", "\10", "\0", "\0") "\0\0\0\1", 30 * MS);
	assert_int_equal(st.streams.answer.state, HTTP2_FRAME);
	ask(&st, 3, 40 * MS);
	answer(&st, 3, 50 * MS);
	assert_int_equal(st.told.n, 1);
}

/* The longest frame that a head can say. */
static void a_frame_of_16_megabytes_is_passed_over(void **state)
{
	static char much[1 << 20];
	struct stage st = greeted();
	char f[9];

	(void)state;
	ask(&st, 1, 10 * MS);
	say(&st, false, f, frame(f, 0xffffff, HTTP2_DATA, 0, 1), 20 * MS);
	for (int i = 0; i < 16; i++)
		assert_int_equal(say(&st, false, much, i < 15 ? sizeof(much) : sizeof(much) - 1, 20 * MS), HEARD);
	answer(&st, 1, 30 * MS);
	assert_int_equal(st.told.n, 1);
}

/* As many of the smallest as fit, in one segment. */
static void many_frames_are_read(void **state)
{
	enum { FRAMES = LONGEST_SEGMENT / 9 };
	static char frames[FRAMES * 9];
	struct stage st = greeted();
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < FRAMES; i++)
		n += frame(frames + n, 0, HTTP2_DATA, 0, 1);
	ask(&st, 1, 10 * MS);
	assert_int_equal(say(&st, false, frames, n, 20 * MS), HEARD);
	answer(&st, 1, 30 * MS);
	assert_int_equal(st.told.n, 1);
}

/* More entries than are kept: the newest are known, of the others nothing is said. */
static void old_entries_are_not_known(void **state)
{
	struct stage st = greeted();

	(void)state;
	SPEAK(&st, true, GET("\1") GET("\3") GET("\5"), 10 * MS);
	SPEAK(&st, false, FRAME("\0\5", "\1", "\5", "\1") "\110\003503", 20 * MS);
	for (int i = 0; i < HPACK_ENTRIES - 1; i++) /* heads of pushes, which are no requests */
		SPEAK(&st, false, FRAME("\0\11", "\5", "\4", "\1") "\0\0\0\2\100\1a\1b", 20 * MS);
	SPEAK(&st, false, FRAME("\0\2", "\1", "\5", "\3") "\377\76" /* 189, the oldest */, 20 * MS);
	SPEAK(&st, false, FRAME("\0\7", "\1", "\5", "\5") "\377\76\100\1a\1b", 20 * MS);
	SPEAK(&st, true, GET("\7") GET("\11"), 30 * MS);
	SPEAK(&st, false, FRAME("\0\2", "\1", "\5", "\7") "\377\77", 40 * MS); /* one older than that */
	SPEAK(&st, false, FRAME("\0\2", "\1", "\5", "\11") "\377\76", 40 * MS); /* now another is the oldest */
	assert_int_equal(st.told.n, 5);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(st.told.x[i].status, 503);
	assert_int_equal(st.told.x[3].status, HTTP2_UNKNOWN);
	assert_int_equal(st.told.x[4].status, HTTP2_UNKNOWN);
}

static void whose_fault_it_is(void **state)
{
	(void)state;
	for (uint32_t status = 100; status < 600; status++)
		assert_int_equal(http2_outcome(status), status >= 500   ? EXCHANGE_FAILED
							: status >= 400 ? EXCHANGE_REFUSED
									: EXCHANGE_DONE);
	for (uint32_t code = 0; code <= HPACK_GRPC_LAST; code++) {
		bool failed = code == 2 || code == 4 || code == 12 || code == 13 || code == 14 || code == 15;

		assert_int_equal(http2_outcome(GRPC(code)), failed ? EXCHANGE_FAILED : code ? EXCHANGE_REFUSED : EXCHANGE_DONE);
	}
	assert_int_equal(http2_outcome(HTTP2_BROKEN), EXCHANGE_FAILED);
	assert_int_equal(http2_outcome(HTTP2_ABANDONED), EXCHANGE_REFUSED);
	assert_int_equal(http2_outcome(HTTP2_UNKNOWN), EXCHANGE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TESTS(&programme),
		cmocka_unit_test(more_streams_than_places),
		cmocka_unit_test(a_long_answer_has_no_time),
		cmocka_unit_test(a_gap_in_data_is_passed_over),
		cmocka_unit_test(a_server_may_greet_first),
		cmocka_unit_test(both_speak_at_once),
		cmocka_unit_test(after_a_gap_in_answers_it_goes_on),
		cmocka_unit_test(after_a_gap_in_questions_it_goes_on),
		cmocka_unit_test(what_is_no_frame_is_passed_over),
		cmocka_unit_test(a_frame_of_16_megabytes_is_passed_over),
		cmocka_unit_test(many_frames_are_read),
		cmocka_unit_test(old_entries_are_not_known),
		cmocka_unit_test(whose_fault_it_is),
	};

	return cmocka_run_group_tests_name("bpf/http2", tests, NULL, NULL);
}
