/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1 over real sockets of one cgroup, both ends, in a network namespace of its own: each exchange counts once for
 * its server and once for its client, over IPv4, IPv6 and both in one, cut to bytes, in answers of a megabyte, while
 * segments are lost; its time is the one it took; and of a connection older than the probe only what began after it.
 * Of Redis the same, in pipelines. Of a protocol that nobody knows turns, by who opened the connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actor.h"
#include "base/clock.h"
#include "base/obj.h"
#include "crew.h"
#include "own_net.h"
#include "scene.h"

#define PORT	 OWN_NET_PORT
#define REQUEST	 "GET /a HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"
#define TIMES	 10
#define LARGE	 (1u << 20)
#define BODY	 4 /* bytes of an answer, as ANSWER() says */
#define THINK_MS 20
#define PATIENCE 1000 /* looks, 10 ms apart */
#define ANSWER(status) "HTTP/1.1 " status " Status\r\nContent-Length: 4\r\n\r\nbody"

#define GET	 "*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
#define BLPOP	 "*3\r\n$5\r\nBLPOP\r\n$1\r\na\r\n$1\r\n0\r\n"

/* HTTP/2: a beginning and GET /, then an answer whose status is an entry of the table that the server never made. */
#define HTTP2_SETTINGS	 "\0\0\0\4\0\0\0\0\0"
#define HTTP2_GET	 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" HTTP2_SETTINGS "\0\0\3\1\5\0\0\0\1\202\206\204"
#define HTTP2_SOMETHING	 HTTP2_SETTINGS "\0\0\1\1\5\0\0\0\1\276"

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH];
static struct actor actor;
static struct scene scene = {&own, &w, {{"talker", path}}, .actor = &actor};

enum order {
	ENTER /* by itself */, CONNECT, CONNECT_6, CONNECT_MAPPED, TALK, FAIL, CUT, MUCH, THINK, LOSE, BEGIN, FINISH,
	GIBBERISH, PIPELINE, WAIT, BITS, BANNER, TURN, TURN_MUCH, ASK, ANSWER_IT, CONFUSE, UPGRADE, MUMBLE, CLOSE
};

static struct { /* of the actor */
	int here, there;
} net;

static void send_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t sent = write(fd, text, n);

		must(sent > 0);
		text += sent;
		n -= (size_t)sent;
	}
}

static void receive(int fd, size_t n)
{
	char chunk[1 << 14];

	while (n) {
		ssize_t got = read(fd, chunk, n < sizeof(chunk) ? n : sizeof(chunk));

		must(got > 0);
		n -= (size_t)got;
	}
}

static void say_bytes(int from, int to, const char *bytes, size_t n)
{
	send_all(from, bytes, n);
	receive(to, n);
}

static void say(int from, int to, const char *text)
{
	say_bytes(from, to, text, strlen(text));
}

static void talk(const char *answer)
{
	say(net.here, net.there, REQUEST);
	say(net.there, net.here, answer);
}

static void cut(int from, int to, const char *text)
{
	for (; *text; text++) {
		send_all(from, text, 1);
		receive(to, 1);
	}
}

static void answer_much(void)
{
	static char body[LARGE];

	say(net.here, net.there, REQUEST);
	say(net.there, net.here, "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
	memset(body, 'H', sizeof(body)); /* what is in a body is nobody's business */
	if (fork() == 0) {
		send_all(net.there, body, sizeof(body));
		_exit(0);
	}
	receive(net.here, sizeof(body));
}

/* Four commands; the second fails, and the value of the last looks like one. */
static void pipeline(void (*tell)(int, int, const char *))
{
	tell(net.here, net.there, GET GET GET GET);
	tell(net.there, net.here, "$1\r\nx\r\n-ERR no\r\n$-1\r\n");
	tell(net.there, net.here, "$23\r\n*1\r\n$4\r\nPING\r\n-ERR no\r\n\r\n");
}

/* Its first byte after a while, its last after another. */
static void think(void)
{
	const char answer[] = ANSWER("200");

	say(net.here, net.there, REQUEST);
	crew_pause(THINK_MS);
	send_all(net.there, answer, sizeof(answer) - 1 - BODY);
	crew_pause(THINK_MS);
	send_all(net.there, answer + sizeof(answer) - 1 - BODY, BODY);
	receive(net.here, sizeof(answer) - 1);
}

/* Of a protocol that nobody knows: each side says more than once, in its turn. */
static void take_turn(void)
{
	say(net.here, net.there, "\x01who");
	say(net.here, net.there, " is there");
	crew_pause(THINK_MS);
	say(net.there, net.here, "\x02I");
	say(net.there, net.here, " am");
}

static void take_many(void)
{
	for (int i = 0; i < TIMES; i++) {
		say(net.here, net.there, "\x01who");
		say(net.there, net.here, "\x02I");
	}
}

static void lose_some(void)
{
	own_net_drop("tcp dport 4712 numgen random mod 100 '<' 20");
	own_net_drop("tcp sport 4712 numgen random mod 100 '<' 20");
}

/* IPv4 that a socket of IPv6 takes has addresses of both. */
static void connect_6(const char *address)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = IN6ADDR_ANY_INIT};
	int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	must(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
	must(bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(listener, 4) == 0);
	must(inet_pton(AF_INET6, address, &a.sin6_addr) == 1);
	net.here = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(connect(net.here, (struct sockaddr *)&a, sizeof(a)) == 0);
	net.there = accept(listener, NULL, NULL);
	close(listener);
}

static void connect_4(void)
{
	int listener = own_net_listen(PORT, 4), one = 1;

	net.here = own_net_dial("127.0.0.1", PORT);
	net.there = accept(listener, NULL, NULL);
	close(listener);
	must(setsockopt(net.here, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
	must(setsockopt(net.there, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
}

static void obey(int order, void *data)
{
	(void)data;
	switch ((enum order)order) {
	case ENTER: return own_net_enter();
	case CONNECT: return connect_4();
	case CONNECT_6: return connect_6("::1");
	case CONNECT_MAPPED: return connect_6("::ffff:127.0.0.1");
	case TALK: return talk(ANSWER("200"));
	case FAIL: talk(ANSWER("404")); return talk(ANSWER("503"));
	case CUT:
		cut(net.here, net.there, REQUEST);
		return cut(net.there, net.here, ANSWER("200"));
	case MUCH: return answer_much();
	case THINK: return think();
	case LOSE: return lose_some();
	case BEGIN: return say(net.here, net.there, "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nGET /");
	case FINISH:
		say(net.here, net.there, " HTTP");
		return say(net.there, net.here, ANSWER("200"));
	case GIBBERISH: return say(net.here, net.there, "\x16\x03\x01 GET / HTTP/1.1\r\n\r\n");
	case PIPELINE: return pipeline(say);
	case BITS: return pipeline(cut);
	case BANNER: return say(net.there, net.here, "220 here\r\n");
	case TURN: return take_turn();
	case TURN_MUCH: return take_many();
	case ASK: return say(net.here, net.there, "\x01who");
	case ANSWER_IT: return say(net.there, net.here, "\x02I");
	case CONFUSE: return talk("no answer\r\n");
	case MUMBLE:
		say_bytes(net.here, net.there, HTTP2_GET, sizeof(HTTP2_GET) - 1);
		return say_bytes(net.there, net.here, HTTP2_SOMETHING, sizeof(HTTP2_SOMETHING) - 1);
	case UPGRADE: return talk("HTTP/1.1 101 Switching Protocols\r\n\r\n");
	case WAIT:
		say(net.here, net.there, BLPOP);
		return say(net.there, net.here, "*-1\r\n");
	case CLOSE:
		close(net.here);
		close(net.there);
	}
}

static void start(enum order connection)
{
	actor.obey = obey;
	actor_start(&actor, &own, path);
	actor_tell(&actor, (int)connection);
}

static struct signals read_now(void)
{
	struct signals s;

	watch_pass(&w);
	s = watch_read(&w, path);
	assert_int_equal(s.missing & SIGNAL_NO_REQUESTS, 0);
	return s;
}

static void assert_exchanges(const struct signals *s, unsigned n)
{
	assert_int_equal(s->requests, n);
	assert_int_equal(s->calls, n);
	assert_int_equal(s->requests_untimed + s->calls_untimed, 0);
}

static void each_counts_for_either_end(void **state)
{
	const enum order ways[] = {CONNECT, CONNECT_6, CONNECT_MAPPED};
	struct signals s;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		unsigned before = (unsigned)i * (TIMES + 2);

		if (i == 0)
			start(ways[i]);
		else
			actor_tell(&actor, (int)ways[i]);
		for (int k = 0; k < TIMES; k++)
			actor_tell(&actor, TALK);
		actor_tell(&actor, FAIL);
		s = read_now();
		assert_exchanges(&s, before + TIMES + 2);
		assert_int_equal(s.request_errors, i + 1);
		assert_int_equal(s.call_errors, i + 1);
		assert_int_equal(s.request_client_errors, i + 1);
		assert_int_equal(watch_times(&s, SIGNAL_HIST_REQUEST, 0, UINT64_MAX), s.requests);
		assert_int_equal(watch_times(&s, SIGNAL_HIST_FIRST_BYTE, 0, UINT64_MAX), s.requests);
		assert_int_equal(watch_times(&s, SIGNAL_HIST_CALL, 0, UINT64_MAX), s.calls);
		actor_tell(&actor, CLOSE);
	}
}

static void sizes_do_not_matter(void **state)
{
	struct signals s;

	(void)state;
	start(CONNECT);
	actor_tell(&actor, CUT);
	actor_tell(&actor, MUCH);
	actor_tell(&actor, TALK);
	s = read_now();
	assert_exchanges(&s, 3);
}

static void its_time_is_what_it_took(void **state)
{
	struct signals s;

	(void)state;
	start(CONNECT);
	for (int i = 0; i < TIMES; i++)
		actor_tell(&actor, THINK);
	s = read_now();
	printf("  %.1f ms a request, of which it thought %u\n", (double)s.request_ns / TIMES / 1e6, 2 * THINK_MS);
	assert_exchanges(&s, TIMES);
	assert_true(s.request_ns >= TIMES * 2ull * THINK_MS * CLOCK_NS_PER_MS);
	assert_true(s.call_ns >= s.request_ns);
	assert_int_equal(watch_times(&s, SIGNAL_HIST_REQUEST, 2ull * THINK_MS * CLOCK_NS_PER_MS, UINT64_MAX), TIMES);
	assert_int_equal(watch_times(&s, SIGNAL_HIST_FIRST_BYTE, 1ull * THINK_MS * CLOCK_NS_PER_MS, UINT64_MAX), TIMES);
	assert_in_range(s.request_ns, 0, s.call_ns);
}

/* What is sent again is not counted again; what the client waits for it is in its time. */
static void losses_change_no_count(void **state)
{
	struct signals s;

	(void)state;
	start(CONNECT);
	actor_tell(&actor, LOSE);
	for (int i = 0; i < TIMES; i++)
		actor_tell(&actor, TALK);
	s = read_now();
	printf("  %" PRIu64 " segments sent again; %.1f ms a request, %.1f ms a call\n", s.tcp_retransmits,
	       (double)s.request_ns / TIMES / 1e6, (double)s.call_ns / TIMES / 1e6);
	assert_exchanges(&s, TIMES);
}

static void of_older_connections_counts_what_begins(void **state)
{
	struct signals s;

	(void)state;
	watch_close(&w);
	start(CONNECT);
	actor_tell(&actor, TALK);
	actor_tell(&actor, BEGIN); /* in whose body there is something like a request */
	watch_open(&w, SCENE_SLOTS);
	actor_tell(&actor, FINISH);
	s = read_now();
	assert_exchanges(&s, 0);
	actor_tell(&actor, TALK);
	actor_tell(&actor, TALK);
	s = read_now();
	assert_exchanges(&s, 2);
}

static void commands_count_as_requests(void **state)
{
	struct signals s;

	(void)state;
	start(CONNECT);
	actor_tell(&actor, PIPELINE);
	actor_tell(&actor, BITS);
	actor_tell(&actor, LOSE);
	actor_tell(&actor, PIPELINE);
	s = read_now();
	assert_exchanges(&s, 12);
	assert_int_equal(s.request_errors, 3);
	assert_int_equal(s.call_errors, 3);
	assert_int_equal(s.request_client_errors, 0);
	assert_int_equal(watch_times(&s, SIGNAL_HIST_REQUEST, 0, UINT64_MAX), 12);
}

/* Nobody is slow who is told to wait. */
static void commands_that_wait_have_no_time(void **state)
{
	struct signals s;

	(void)state;
	start(CONNECT);
	actor_tell(&actor, WAIT);
	s = read_now();
	assert_int_equal(s.requests, 1);
	assert_int_equal(s.calls, 1);
	assert_int_equal(s.requests_untimed, 1);
	assert_int_equal(s.calls_untimed, 1);
	assert_int_equal(s.request_ns + s.call_ns, 0);
}

static void assert_turns(const struct signals *s, unsigned n)
{
	assert_exchanges(s, 0);
	assert_int_equal(s->turns, n);
	assert_int_equal(s->call_turns, n);
	assert_int_equal(s->turns_untimed + s->call_turns_untimed, 0);
	assert_int_equal(watch_times(s, SIGNAL_HIST_TURN, 0, UINT64_MAX), n);
	assert_int_equal(watch_times(s, SIGNAL_HIST_CALL_TURN, 0, UINT64_MAX), n);
}

static void what_is_not_http_takes_turns(void **state)
{
	struct signals s;

	(void)state;
	start(CONNECT);
	actor_tell(&actor, GIBBERISH);
	actor_tell(&actor, TALK);
	s = read_now();
	assert_turns(&s, 1);
}

/* Whoever speaks first; and in losses, too. */
static void turns_are_of_who_opened(void **state)
{
	const enum order ways[] = {CONNECT, CONNECT_6, CONNECT_MAPPED};
	struct signals s;

	(void)state;
	start(CONNECT);
	for (size_t i = 0; i < 3; i++) {
		if (i)
			actor_tell(&actor, (int)ways[i]);
		if (i < 2)
			actor_tell(&actor, BANNER);
		actor_tell(&actor, TURN);
		actor_tell(&actor, TURN_MUCH);
		actor_tell(&actor, CLOSE);
	}
	actor_tell(&actor, CONNECT);
	actor_tell(&actor, LOSE);
	actor_tell(&actor, TURN_MUCH);
	s = read_now();
	assert_turns(&s, 3 * (TIMES + 1) + TIMES);
	assert_int_equal(watch_times(&s, SIGNAL_HIST_TURN, 1ull * THINK_MS * CLOCK_NS_PER_MS, UINT64_MAX) >= 3, true);
	assert_in_range(s.turn_ns, 3ull * THINK_MS * CLOCK_NS_PER_MS, s.call_turn_ns);
	assert_int_equal(s.connections_older + s.connections_left, 0);
}

/* Who opened it is known as long as nobody spoke, however old it is; later on nobody knows. */
static void of_older_connections_none_is_guessed(void **state)
{
	struct signals s;

	(void)state;
	watch_close(&w);
	start(CONNECT);
	watch_open(&w, SCENE_SLOTS);
	actor_tell(&actor, BANNER);
	actor_tell(&actor, TURN);
	s = read_now();
	assert_turns(&s, 1);
	assert_int_equal(s.connections_older, 0);
	watch_close(&w);
	watch_open(&w, SCENE_SLOTS);
	actor_tell(&actor, TURN_MUCH);
	s = read_now();
	assert_turns(&s, 0);
	assert_int_equal(s.connections_older, 2); /* of either end */
}

static void assert_open(const struct signals *s, unsigned requests, unsigned turns)
{
	assert_int_equal(s->requests_open, requests);
	assert_int_equal(s->calls_open, requests);
	assert_int_equal(s->turns_open, turns);
}

/* What is under way is counted, and ends with its connection. */
static void what_is_open_is_told(void **state)
{
	struct signals s;

	(void)state;
	start(CONNECT);
	s = read_now();
	assert_open(&s, 0, 0);
	actor_tell(&actor, BEGIN);
	s = read_now();
	assert_open(&s, 1, 0);
	actor_tell(&actor, FINISH);
	s = read_now();
	assert_open(&s, 0, 0);
	actor_tell(&actor, BEGIN);
	actor_tell(&actor, CONNECT); /* another one; the first is left as it is, with what it owes */
	actor_tell(&actor, ASK);
	s = read_now();
	assert_open(&s, 1, 1);
	actor_tell(&actor, CLOSE);
	actor_end(&actor);
	for (int i = 0; i < PATIENCE && ((s = read_now()).turns_open || s.requests_open || s.calls_open); i++)
		crew_pause(10);
	assert_open(&s, 0, 0);
}

/* What passed meanwhile nobody heard, so nobody says how long it took. */
static void a_pause_makes_no_time(void **state)
{
	struct signals s;
	int part = watch_part(&w, "request");

	(void)state;
	start(CONNECT);
	actor_tell(&actor, TURN_MUCH);
	actor_tell(&actor, ASK);
	probe_set_on(w.probe, part, false, "the test wants it");
	actor_tell(&actor, ANSWER_IT);
	actor_tell(&actor, TURN_MUCH);
	probe_set_on(w.probe, part, true, "");
	actor_tell(&actor, ASK);
	actor_tell(&actor, ANSWER_IT);
	actor_tell(&actor, TURN);
	s = read_now();
	assert_int_equal(s.turns, TIMES + 2);
	assert_int_equal(s.call_turns, TIMES + 2);
	assert_int_equal(s.turns_untimed, 1);
	assert_int_equal(s.call_turns_untimed, 1);
}

/* At either end. */
static void what_is_not_told_is_counted(void **state)
{
	struct signals s;

	(void)state;
	start(CONNECT);
	actor_tell(&actor, TALK);
	actor_tell(&actor, CONFUSE);
	s = read_now();
	assert_exchanges(&s, 1);
	assert_int_equal(s.hearing_losses, 2);
	actor_tell(&actor, TALK);
	actor_tell(&actor, UPGRADE);
	actor_tell(&actor, TURN);
	s = read_now();
	assert_int_equal(s.requests, 3);
	assert_int_equal(s.requests_untimed, 1);
	assert_int_equal(s.hearing_losses, 2);
	assert_int_equal(s.connections_left, 2);
	assert_int_equal(s.connections_older + s.turns, 0);
}

static void an_answer_that_nobody_understands_is_no_error(void **state)
{
	struct signals s;

	(void)state;
	start(CONNECT);
	actor_tell(&actor, MUMBLE);
	s = read_now();
	assert_exchanges(&s, 1);
	assert_int_equal(s.requests_unknown, 1);
	assert_int_equal(s.calls_unknown, 1);
	assert_int_equal(s.request_errors + s.request_client_errors + s.call_errors, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(each_counts_for_either_end, &scene),
		SCENE_TEST(sizes_do_not_matter, &scene),
		SCENE_TEST(its_time_is_what_it_took, &scene),
		SCENE_TEST(losses_change_no_count, &scene),
		SCENE_TEST(of_older_connections_counts_what_begins, &scene),
		SCENE_TEST(commands_count_as_requests, &scene),
		SCENE_TEST(commands_that_wait_have_no_time, &scene),
		SCENE_TEST(what_is_not_http_takes_turns, &scene),
		SCENE_TEST(turns_are_of_who_opened, &scene),
		SCENE_TEST(of_older_connections_none_is_guessed, &scene),
		SCENE_TEST(what_is_open_is_told, &scene),
		SCENE_TEST(a_pause_makes_no_time, &scene),
		SCENE_TEST(what_is_not_told_is_counted, &scene),
		SCENE_TEST(an_answer_that_nobody_understands_is_no_error, &scene),
	};

	scene_split(&scene);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
