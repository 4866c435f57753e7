/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of unknown protocols and of TLS as segments: whole, cut, sent twice, lost, out of order. A turn is told once,
 * when the answer begins, and lasts from the client's first byte; who opened the connection asks, whoever speaks first; of
 * TLS neither the handshake nor a goodbye is one.
 */
#include "stage.h"

#define ONE_TURN(asked, answered) {EXCHANGE_UNKNOWN, asked, answered, answered}

static const struct play plays[] = {
	{"a protocol that nobody knows",
	 {{true, "\x01question", 0}, {false, "\x02reply", 0}, {true, "q", 0}, {false, "a", 0}},
	 {ONE_TURN(1, 2), ONE_TURN(3, 4)}},
	{"the server speaks first, as SMTP does",
	 {{false, "220 mail.example ESMTP\r\n", 0}, {true, "EHLO a\r\n", 0}, {false, "250 ok\r\n", 0}, {false, "250 more\r\n", 0},
	  {true, "QUIT\r\n", 0}, {false, "221 bye\r\n", 0}},
	 {ONE_TURN(2, 3), ONE_TURN(5, 6)}},
	{"the server speaks first, to a client that would be HTTP else",
	 {{false, "hello\r\n", 0}, {true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 200 OK\r\n\r\n", 0}},
	 {ONE_TURN(2, 3)}},
	{"both say more than once",
	 {{true, "\x01", 1}, {true, "more", 0}, {true, "and more", 0}, {false, "\x02", 1}, {false, "more", 0}, {true, "\x01", 1},
	  {false, "\x02", 1}},
	 {ONE_TURN(1, 4), ONE_TURN(6, 7)}},
	{"less than what protocols are told apart by",
	 {{true, "G", 0}, {false, "\x02", 1}, {true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, "HTTP/1.1 200 OK\r\n\r\n", 0}},
	 {ONE_TURN(1, 2), ONE_TURN(3, 4)}},
	{"what begins as HTTP does and is none",
	 {{true, "HELO there\r\n", 0}, {false, "250 hello\r\n", 0}, {true, "GET / HTTP/1.1\r\n\r\n", 0}, {false, "a", 0}},
	 {ONE_TURN(1, 2), ONE_TURN(3, 4)}},
	{"an answer that is none of HTTP", {{true, "GET /", 0}, {false, "a", 0}, {true, " HTTP", 0}}, {ONE_TURN(1, 2)}},
};

static struct programme programme = {plays, sizeof(plays) / sizeof(plays[0])};

/* TLS */

enum { CHANGE = 20, ALERT, HELLO, DATA }; /* types of records */

#define CLIENT_HELLO 250
#define FINISHED     53 /* of TLS 1.3 with SHA-256 */
#define GOODBYE      19

struct flight {
	char bytes[1 << 16];
	size_t n;
};

static void add(struct flight *f, int type, size_t length)
{
	char *at = f->bytes + f->n;

	memset(at, type == HELLO ? 1 : 0x17, 5 + length); /* what is in a record looks like its head, as far as it may */
	at[0] = (char)type;
	at[1] = at[2] = 3;
	at[3] = (char)(length >> 8);
	at[4] = (char)length;
	f->n += 5 + length;
}

/* In pieces of `cut` bytes; 0: whole. */
static void fly(struct stage *st, bool asks, struct flight *f, size_t cut, uint64_t now_ns)
{
	for (size_t at = 0; at < f->n; at += cut ? cut : f->n)
		say(st, asks, f->bytes + at, cut && cut < f->n - at ? cut : f->n - at, now_ns);
	f->n = 0;
}

static struct flight flight;

static void send_one(struct stage *st, bool asks, int type, size_t length, uint64_t now_ns)
{
	add(&flight, type, length);
	fly(st, asks, &flight, 0, now_ns);
}

/* TLS 1.2, up to where the server's Finished is due. */
static void greet_12(struct stage *st, size_t cut)
{
	add(&flight, HELLO, CLIENT_HELLO);
	fly(st, true, &flight, cut, 1 * MS);
	add(&flight, HELLO, 90);
	add(&flight, HELLO, 4000);
	fly(st, false, &flight, cut, 2 * MS);
	add(&flight, HELLO, 37);
	add(&flight, CHANGE, 1);
	add(&flight, HELLO, 40);
	fly(st, true, &flight, cut, 3 * MS);
}

static void finish_12(struct stage *st, size_t cut)
{
	add(&flight, HELLO, 200);
	add(&flight, CHANGE, 1);
	add(&flight, HELLO, 40);
	fly(st, false, &flight, cut, 4 * MS);
}

/* TLS 1.3, up to the client's Finished; what goes with it is the caller's. */
static void greet_13(struct stage *st, bool again, size_t cut)
{
	add(&flight, HELLO, CLIENT_HELLO);
	fly(st, true, &flight, cut, 1 * MS);
	if (again) { /* HelloRetryRequest */
		add(&flight, HELLO, 90);
		add(&flight, CHANGE, 1);
		fly(st, false, &flight, cut, 1 * MS);
		add(&flight, CHANGE, 1);
		add(&flight, HELLO, CLIENT_HELLO);
		fly(st, true, &flight, cut, 1 * MS);
	}
	add(&flight, HELLO, 122);
	add(&flight, CHANGE, 1);
	add(&flight, DATA, 23);
	add(&flight, DATA, 2000);
	add(&flight, DATA, FINISHED);
	fly(st, false, &flight, cut, 2 * MS);
	if (!again)
		add(&flight, CHANGE, 1);
}

static void assert_turns(const struct stage *st, unsigned n)
{
	assert_int_equal(st->told.n, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(st->told.x[i].outcome, EXCHANGE_UNKNOWN);
}

/* Three turns of ten milliseconds, at 100, 200 and 300, answers of two records. */
static void converse(struct stage *st)
{
	for (uint64_t at = 100 * MS; at <= 300 * MS; at += 100 * MS) {
		send_one(st, true, DATA, 300, at);
		add(&flight, DATA, 5000);
		add(&flight, DATA, 700);
		fly(st, false, &flight, 1448, at + 10 * MS);
	}
}

static void assert_conversed(const struct stage *st, unsigned before, bool first_timed)
{
	assert_turns(st, before + 3);
	for (unsigned i = before; i < st->told.n; i++) {
		const struct exchange *x = &st->told.x[i];

		assert_int_equal(x->answered_ns, (i - before + 1) * 100 * MS + 10 * MS);
		assert_int_equal(x->asked_ns, i > before || first_timed ? x->answered_ns - 10 * MS : 0);
	}
}

static void the_handshake_is_no_turn(void **state)
{
	(void)state;
	for (int server = 0; server < 2; server++)
		for (size_t cut = 0; cut < 70; cut++) {
			struct stage st = opened(server);

			greet_12(&st, cut);
			finish_12(&st, cut);
			assert_turns(&st, 0);
			converse(&st);
			assert_conversed(&st, 0, true);
		}
}

/* TLS 1.2 that does not wait for the server's Finished: its question comes before that. */
static void a_false_start_is_none_either(void **state)
{
	struct stage st = opened(true);

	(void)state;
	greet_12(&st, 0);
	send_one(&st, true, DATA, 300, 5 * MS);
	finish_12(&st, 0);
	assert_turns(&st, 0);
	send_one(&st, false, DATA, 300, 6 * MS);
	assert_turns(&st, 1);
	assert_int_equal(st.told.x[0].asked_ns, 5 * MS);
	assert_int_equal(st.told.x[0].answered_ns, 6 * MS);
}

/* Whatever the client's second flight has, with its question or before it, and whenever tickets come. */
static void the_handshake_of_13_is_no_turn(void **state)
{
	(void)state;
	for (int way = 0; way < 16; way++)
		for (size_t cut = 0; cut < 70; cut += 1 + (size_t)way / 4) {
			struct stage st = opened(way & 1);

			greet_13(&st, way & 2, cut);
			if (way & 4) { /* its certificate */
				add(&flight, DATA, 900);
				add(&flight, DATA, 281);
			}
			add(&flight, DATA, way & 8 ? FINISHED + 16 : FINISHED);
			fly(&st, true, &flight, cut, 3 * MS);
			assert_turns(&st, 0);
			add(&flight, DATA, 234);
			add(&flight, DATA, 234);
			fly(&st, false, &flight, cut, 4 * MS); /* tickets */
			assert_turns(&st, 0);
			converse(&st);
			assert_conversed(&st, 0, false);
		}
}

/* The tickets come after the question, and are taken for the answer: so nobody says how long that took. */
static void the_first_turn_of_13_has_no_time(void **state)
{
	struct stage st = opened(true);

	(void)state;
	greet_13(&st, false, 0);
	add(&flight, DATA, FINISHED);
	add(&flight, DATA, 100);
	fly(&st, true, &flight, 0, 3 * MS);
	send_one(&st, false, DATA, 234, 4 * MS);
	send_one(&st, false, DATA, 234, 4 * MS);
	send_one(&st, false, DATA, 700, 9 * MS);
	assert_turns(&st, 1);
	assert_int_equal(st.told.x[0].asked_ns, 0);
	converse(&st);
	assert_conversed(&st, 1, true);
}

/* All its second flight in one record, of any size. */
static void who_seals_its_flight_in_one_record_is_understood(void **state)
{
	struct stage st = opened(true);

	(void)state;
	greet_13(&st, false, 0);
	add(&flight, DATA, 1300);
	fly(&st, true, &flight, 0, 3 * MS);
	send_one(&st, false, DATA, 234, 4 * MS);
	converse(&st);
	assert_conversed(&st, 0, false);
}

static struct stage shaken(bool server)
{
	struct stage st = opened(server);

	greet_13(&st, false, 0);
	add(&flight, DATA, FINISHED);
	fly(&st, true, &flight, 0, 3 * MS);
	converse(&st);
	return st;
}

static void a_goodbye_is_no_turn(void **state)
{
	struct stage st = shaken(true), other = opened(false);

	(void)state;
	send_one(&st, true, DATA, GOODBYE, 400 * MS);
	send_one(&st, false, DATA, GOODBYE, 401 * MS);
	assert_turns(&st, 3);
	greet_12(&other, 0);
	finish_12(&other, 0);
	send_one(&other, true, ALERT, 26, 5 * MS);
	send_one(&other, false, ALERT, 26, 6 * MS);
	assert_turns(&other, 0);
	st = shaken(false); /* nor is what a server sends to one that has gone */
	st.last = true;
	send_one(&st, true, DATA, GOODBYE, 400 * MS);
	st.last = false;
	send_one(&st, false, DATA, 300, 401 * MS);
	assert_turns(&st, 3);
}

/* Two letters are as long as an alert. */
static void a_short_question_is_one(void **state)
{
	struct stage st = shaken(true);

	(void)state;
	send_one(&st, true, DATA, GOODBYE, 400 * MS);
	send_one(&st, false, DATA, 300, 402 * MS);
	send_one(&st, true, DATA, 300, 500 * MS);
	send_one(&st, false, DATA, GOODBYE, 502 * MS);
	assert_turns(&st, 5);
	for (unsigned i = 3; i < 5; i++)
		assert_int_equal(st.told.x[i].answered_ns - st.told.x[i].asked_ns, 2 * MS);
}

/* What is sent again neither begins nor ends anything, and what is lost takes nothing with it. */
static void repetitions_are_no_turns(void **state)
{
	struct stage st = opened(true);

	(void)state;
	say(&st, true, "\x01question", 9, 1 * MS);
	say(&st, false, "\x02reply", 6, 2 * MS);
	say_at(&st, true, st.next[1] - 9, "\x01question", 9, 3 * MS);
	say_at(&st, false, st.next[0] - 6, "\x02reply", 6, 4 * MS);
	assert_turns(&st, 1);
	say(&st, true, "\x01question", 9, 10 * MS);
	say_at(&st, false, st.next[0] - 6, "\x02reply", 6, 11 * MS);
	assert_turns(&st, 1);
	st.next[0] += 100; /* lost */
	say(&st, false, "\x02reply", 6, 12 * MS);
	assert_turns(&st, 2);
	assert_int_equal(st.told.x[1].asked_ns, 10 * MS);
	assert_int_equal(st.told.x[1].answered_ns, 12 * MS);
}

/* Of a connection's first question the second segment comes first. */
static void who_comes_too_early_is_not_heard(void **state)
{
	struct stage st = opened(true);

	(void)state;
	assert_int_equal(say_at(&st, true, st.next[1] + 4, "/ HTTP/1.1\r\n\r\n", 14, MS), HEARD_OLD);
	say(&st, true, "GET / HTTP/1.1\r\n\r\n", 18, 2 * MS);
	say(&st, false, "HTTP/1.1 204 N\r\n\r\n", 18, 3 * MS);
	assert_int_equal(st.told.n, 1);
	assert_int_equal(st.told.x[0].status, 204);
	assert_int_equal(st.told.x[0].asked_ns, 2 * MS);
}

/* Who asks there nobody knows. */
static void older_connections_take_no_turns(void **state)
{
	struct stage st = opened(true);

	(void)state;
	st.joined = true;
	for (unsigned i = 1; i < 9; i++) {
		say(&st, true, "\x01question", 9, i * 10 * MS);
		say(&st, false, "\x02reply", 6, i * 10 * MS + MS);
	}
	assert_turns(&st, 0);
	assert_int_equal(st.h.opened, CONVERSATION_NOBODY);
}

/* Nobody heard whether the question was answered, or another one asked. */
static void a_pause_takes_the_time(void **state)
{
	struct stage st = opened(true), http = opened(true);

	(void)state;
	say(&st, true, "\x01question", 9, 1 * MS);
	hear_paused(&st.h);
	say(&st, false, "\x02reply", 6, 2 * MS);
	assert_turns(&st, 0);
	say(&st, true, "\x01question", 9, 10 * MS);
	say(&st, false, "\x02reply", 6, 11 * MS);
	assert_turns(&st, 1);
	assert_int_equal(st.told.x[0].asked_ns, 0);
	say(&http, true, "GET / HTTP/1.1\r\n\r\n", 18, 1 * MS);
	hear_paused(&http.h);
	http.next[0] = http.next[0] + 18; /* its answer; and then there is another */
	say(&http, true, "GET / HTTP/1.1\r\n\r\n", 18, 10 * MS);
	say(&http, false, "HTTP/1.1 204 N\r\n\r\n", 18, 11 * MS);
	assert_int_equal(http.told.n, 1);
	assert_int_equal(http.told.x[0].asked_ns, 10 * MS);
}

/* In the middle of a handshake, so that nobody knows what is data. */
static void a_loss_in_a_handshake_ends_the_hearing(void **state)
{
	struct stage st = opened(true);

	(void)state;
	greet_13(&st, false, 0);
	st.next[1] += 3;
	add(&flight, DATA, FINISHED);
	fly(&st, true, &flight, 0, 3 * MS);
	converse(&st);
	assert_turns(&st, 0);
	assert_int_equal(st.h.talk.protocol, CONVERSATION_OPAQUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TESTS(&programme),
		cmocka_unit_test(the_handshake_is_no_turn),
		cmocka_unit_test(a_false_start_is_none_either),
		cmocka_unit_test(the_handshake_of_13_is_no_turn),
		cmocka_unit_test(the_first_turn_of_13_has_no_time),
		cmocka_unit_test(who_seals_its_flight_in_one_record_is_understood),
		cmocka_unit_test(a_goodbye_is_no_turn),
		cmocka_unit_test(a_short_question_is_one),
		cmocka_unit_test(repetitions_are_no_turns),
		cmocka_unit_test(who_comes_too_early_is_not_heard),
		cmocka_unit_test(older_connections_take_no_turns),
		cmocka_unit_test(a_pause_takes_the_time),
		cmocka_unit_test(a_loss_in_a_handshake_ends_the_hearing),
	};

	return cmocka_run_group_tests_name("bpf/turns", tests, NULL, NULL);
}
