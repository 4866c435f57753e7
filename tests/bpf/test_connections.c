/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections while they last: what they send and how far their peers are at every sample, against the sockets'
 * own TCP_INFO (which ss shows) and the counters of their network namespace. Connections that are older than the
 * probe, handshakes that never end, sockets that connect twice, and a link that delays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actor.h"
#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "own_net.h"
#include "scene.h"
#include "truth.h"

#define MESSAGES   20
#define TALKS	   10
#define ONE_WAY_MS 20
#define WAYS	   3 /* in which a program gives up a connect */
#define LONG_WAIT  1500 /* ms: the kernel sends a SYN or its answer again after a second */

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH];

struct told { /* by the process */
	const char *address;
	int listener, here, there;
	uint64_t segments, retransmits;           /* of `here` and `there`, TCP_INFO */
	uint64_t name_space_retransmits, rtt_ns;  /* of `here` */
	uint64_t connect_ns;                      /* how long connect() took */
};

enum { ENTER, SLOW, LISTEN, CONNECT, QUEUE, TALK, LOSE, DISCONNECT, HALF_OPEN, OPEN, MUTE, GIVE_UP, NO_PORT, CLOSE };

static struct told *told;

static struct tcp_info info_of(int fd)
{
	struct tcp_info i = {0};
	socklen_t size = sizeof(i);

	must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &size) == 0);
	return i;
}

/* Once all is acknowledged, and nothing will be sent by itself any more. */
static struct tcp_info quiet_info_of(int fd)
{
	struct tcp_info i = info_of(fd);

	for (; i.tcpi_unacked; i = info_of(fd))
		crew_pause(10);
	return i;
}

static void read_truth(struct told *t)
{
	struct tcp_info here = quiet_info_of(t->here), there = {0};

	if (t->there >= 0)
		there = quiet_info_of(t->there);
	t->segments = (uint64_t)here.tcpi_data_segs_out + there.tcpi_data_segs_out;
	t->retransmits = (uint64_t)here.tcpi_total_retrans + there.tcpi_total_retrans;
	t->rtt_ns = (uint64_t)here.tcpi_rtt * 1000;
}

static void connect_both(struct told *t, bool take)
{
	uint64_t began = clock_boot().ns;

	t->here = own_net_dial(t->address, OWN_NET_PORT);
	t->connect_ns = clock_boot().ns - began;
	must(t->here >= 0);
	t->there = take ? accept(t->listener, NULL, NULL) : -1;
	must(!take || t->there >= 0);
}

/* A message and its answer, so that no segment holds two. */
static void talk(const struct told *t)
{
	char text[100] = "";

	for (int i = 0; i < MESSAGES; i++) {
		must(write(t->here, text, sizeof(text)) == (ssize_t)sizeof(text));
		if (t->there < 0)
			continue;
		must(recv(t->there, text, sizeof(text), MSG_WAITALL) == (ssize_t)sizeof(text));
		must(write(t->there, text, sizeof(text)) == (ssize_t)sizeof(text));
		must(recv(t->here, text, sizeof(text), MSG_WAITALL) == (ssize_t)sizeof(text));
	}
}

/* A call that nobody answers yet. */
static int call(const struct told *t)
{
	struct sockaddr_in a = own_net_at(t->address, OWN_NET_PORT);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	must(connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 && errno == EINPROGRESS);
	return fd;
}

static void half_open(struct told *t)
{
	own_net_drop("tcp sport 4712 tcp flags '&' '(syn|ack)' == '(syn|ack)'");
	t->here = call(t);
	t->there = -1;
	crew_pause(LONG_WAIT);
}

/* Nothing that `here` says arrives any more. */
static void mute(const struct told *t)
{
	own_net_drop("tcp dport 4712");
	must(write(t->here, "?", 1) == 1);
	crew_pause(LONG_WAIT);
}

static void connect_nowhere(int fd)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	must(connect(fd, &nowhere, sizeof(nowhere)) == 0);
}

/* In each way in which a program can. */
static void give_up(const struct told *t)
{
	own_net_drop("tcp dport 4712 tcp flags syn");
	for (int way = 0; way < WAYS; way++) {
		int fd = call(t);

		if (way == 1)
			connect_nowhere(fd);
		else if (way == 2)
			must(shutdown(fd, SHUT_RDWR) == 0);
		close(fd);
	}
}

/* The only one is taken by the first connection. */
static void run_out_of_ports(struct told *t)
{
	scoped(fclosep) FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "we");

	must(f && fputs("61000 61000", f) > 0 && fflush(f) == 0);
	connect_both(t, true);
	must(own_net_dial(t->address, OWN_NET_PORT) < 0 && errno == EADDRNOTAVAIL);
}

static void disconnect(struct told *t)
{
	struct sockaddr_in a = own_net_at(t->address, OWN_NET_PORT);

	connect_nowhere(t->here);
	close(t->there);
	must(connect(t->here, (struct sockaddr *)&a, sizeof(a)) == 0);
	t->there = accept(t->listener, NULL, NULL);
}

static void obey(int order, void *data)
{
	struct told *t = data;

	switch (order) {
	case ENTER:
		own_net_enter();
		t->address = "127.0.0.1";
		break;
	case SLOW:
		own_net_slow_link(ONE_WAY_MS);
		t->address = OWN_NET_FAR;
		break;
	case LISTEN:
		t->listener = own_net_listen(OWN_NET_PORT, 16);
		break;
	case CONNECT:
		connect_both(t, true);
		break;
	case QUEUE:
		connect_both(t, false);
		break;
	case TALK:
		talk(t);
		break;
	case LOSE:
		own_net_drop("tcp dport 4712 numgen random mod 100 '<' 25");
		break;
	case DISCONNECT:
		disconnect(t);
		break;
	case HALF_OPEN:
		half_open(t);
		break;
	case OPEN:
		own_net_drop_nothing();
		must(poll(&(struct pollfd){.fd = t->here, .events = POLLOUT}, 1, 10 * LONG_WAIT) == 1);
		break;
	case MUTE:
		mute(t);
		break;
	case GIVE_UP:
		give_up(t);
		break;
	case NO_PORT:
		run_out_of_ports(t);
		break;
	case CLOSE:
		close(t->here);
		close(t->there);
		crew_pause(100);
		break;
	}
	if (order >= CONNECT && order <= DISCONNECT)
		read_truth(t);
	t->name_space_retransmits = own_net_count("snmp", "Tcp:", "RetransSegs");
}

static struct actor actor = {.obey = obey};
static struct scene scene = {&own, &w, {{"talker", path}}, .actor = &actor};

static void start(int link)
{
	*told = (struct told){0};
	actor_start(&actor, &own, path);
	if (link)
		actor_tell(&actor, link);
	actor_tell(&actor, LISTEN);
}

static struct signals read_now(void)
{
	struct signals s;

	watch_pass(&w);
	s = watch_read(&w, path);
	assert_int_equal(s.missing & SIGNAL_NO_TCP, 0);
	return s;
}

/* Not only when they end: a pool keeps its connections for days. */
static void what_is_sent_shows_at_once(void **state)
{
	struct signals s;

	(void)state;
	start(0);
	actor_tell(&actor, CONNECT);
	for (int i = 1; i <= 3; i++) {
		actor_tell(&actor, TALK);
		s = read_now();
		assert_int_equal(told->segments, 2 * MESSAGES * i); /* else this showed nothing */
		assert_int_equal(s.tcp_segments, told->segments);
	}
	assert_int_equal(read_now().tcp_rtt_samples, s.tcp_rtt_samples); /* idle: nothing new to say */
	actor_tell(&actor, CLOSE);
	assert_int_equal(read_now().tcp_segments, s.tcp_segments);
}

/* All of a talk's segments come through three times in a thousand. */
static void lose_some(void)
{
	actor_tell(&actor, LOSE);
	for (int i = 0; i < TALKS && (!i || !told->retransmits); i++)
		actor_tell(&actor, TALK);
	assert_true(told->retransmits > 0); /* else what follows shows nothing */
}

static void losses_show_while_the_connection_lasts(void **state)
{
	struct signals s;

	(void)state;
	start(0);
	actor_tell(&actor, CONNECT);
	lose_some();
	s = read_now();
	printf("  %" PRIu64 " of %" PRIu64 " segments sent again; TCP_INFO %" PRIu64 ", the name space %" PRIu64 "\n",
	       s.tcp_retransmits, s.tcp_segments, told->retransmits, told->name_space_retransmits);
	assert_int_equal(s.tcp_retransmits, told->retransmits);
	assert_int_equal(s.tcp_retransmits, told->name_space_retransmits);
	assert_int_equal(s.tcp_segments, told->segments);
}

/* Their past is not ours to tell, and was counted all at once; what they send from now on is. */
static void older_connections_count_from_now_on(void **state)
{
	uint64_t segments, retransmits;
	struct signals s;

	(void)state;
	watch_close(&w);
	start(0);
	actor_tell(&actor, CONNECT);
	lose_some();
	segments = told->segments;
	retransmits = told->retransmits;
	watch_open(&w, SCENE_SLOTS);
	s = read_now();
	assert_int_equal(s.tcp_segments, 0);
	actor_tell(&actor, TALK);
	s = read_now();
	assert_int_equal(s.tcp_segments, told->segments - segments);
	assert_int_equal(s.tcp_retransmits, told->retransmits - retransmits);
	actor_tell(&actor, CLOSE);
	s = read_now();
	assert_in_range(s.tcp_segments, told->segments - segments, told->segments - segments + 2);
}

/* Nobody has accepted it, so it is in no task's files. */
static void an_older_connection_in_a_queue_has_no_past(void **state)
{
	struct signals s;

	(void)state;
	watch_close(&w);
	start(0);
	actor_tell(&actor, QUEUE);
	actor_tell(&actor, TALK);
	watch_open(&w, SCENE_SLOTS);
	actor_tell(&actor, CLOSE);
	s = read_now();
	assert_int_equal(s.tcp_segments, 0);
}

static void a_handshake_that_does_not_end_is_sent_again(void **state)
{
	struct signals s;

	(void)state;
	start(0);
	actor_tell(&actor, HALF_OPEN);
	s = read_now();
	printf("  %" PRIu64 " SYNs and %" PRIu64 " answers sent again, the name space says %" PRIu64 "\n",
	       s.tcp_syn_retransmits, s.tcp_synack_retransmits, told->name_space_retransmits);
	assert_true(told->name_space_retransmits >= 2); /* a SYN and its answer, else this showed nothing */
	assert_true(s.tcp_syn_retransmits > 0 && s.tcp_synack_retransmits > 0);
	assert_int_equal(s.tcp_syn_retransmits + s.tcp_synack_retransmits, told->name_space_retransmits);
	assert_int_equal(s.tcp_retransmits, 0); /* no data was lost */
	assert_int_equal(s.tcp_connects_unanswered, 1);
	assert_int_equal(read_now().tcp_connects_unanswered, 1); /* also where nothing was sent again meanwhile */
	actor_tell(&actor, OPEN); /* once it ends, what its answer took is not counted again */
	s = read_now();
	assert_int_equal(s.tcp_connects, 1);
	assert_int_equal(s.tcp_connects_unanswered, 0);
	assert_int_equal(s.tcp_accepts, 1);
	assert_int_equal(s.tcp_syn_retransmits + s.tcp_synack_retransmits, told->name_space_retransmits);
	assert_int_equal(s.tcp_retransmits, 0);
}

/* It hung before somebody looked: its SYN was sent again then, and hardly is any more. */
static void an_older_call_that_hangs_shows(void **state)
{
	(void)state;
	watch_close(&w);
	start(0);
	actor_tell(&actor, HALF_OPEN);
	watch_open(&w, SCENE_SLOTS);
	assert_int_equal(read_now().tcp_connects_unanswered, 1);
	actor_tell(&actor, OPEN);
	assert_int_equal(read_now().tcp_connects_unanswered, 0);
}

/* To who calls, a full accept queue looks like this: his SYN has an answer, his data never has. */
static void who_was_never_heard_is_unanswered(void **state)
{
	struct signals s;

	(void)state;
	start(0);
	actor_tell(&actor, CONNECT);
	actor_tell(&actor, MUTE);
	s = read_now();
	assert_true(told->name_space_retransmits > 0); /* else this showed nothing */
	assert_int_equal(s.tcp_syn_retransmits, 1); /* one call, however often its data was sent again */
	assert_int_equal(s.tcp_retransmits, 0);
	assert_int_equal(s.tcp_connects_unanswered, 1);
	actor_tell(&actor, OPEN);
	actor_tell(&actor, TALK);
	s = read_now();
	assert_int_equal(s.tcp_connects_unanswered, 0);
	assert_int_equal(s.tcp_retransmits, 0); /* nor is what was sent again since the last look, before it was heard */
	assert_int_equal(s.tcp_syn_retransmits, 1);
}

static void who_was_heard_before_loses_data(void **state)
{
	struct signals s;

	(void)state;
	start(0);
	actor_tell(&actor, CONNECT);
	actor_tell(&actor, TALK);
	actor_tell(&actor, MUTE);
	s = read_now();
	printf("  %" PRIu64 " segments sent again, the name space says %" PRIu64 "\n", s.tcp_retransmits,
	       told->name_space_retransmits);
	assert_true(s.tcp_retransmits > 0);
	assert_int_equal(s.tcp_syn_retransmits, 0);
	assert_int_equal(s.tcp_connects_unanswered, 0);
}

/* That was not the network, unless it had a second: a test that has no CPU may be that slow. */
static void who_gives_up_has_no_failure(void **state)
{
	struct signals s;

	(void)state;
	start(0);
	actor_tell(&actor, GIVE_UP);
	s = read_now();
	printf("  %" PRIu64 " given up, %" PRIu64 " failed, %" PRIu64 " SYNs sent again\n", s.tcp_connects_given_up,
	       s.tcp_connect_failures, told->name_space_retransmits);
	assert_int_equal(s.tcp_connects_given_up + s.tcp_connect_failures, WAYS);
	assert_in_range(s.tcp_connect_failures, 0, told->name_space_retransmits);
	assert_int_equal(s.tcp_connects, 0);
	assert_int_equal(watch_times(&s, SIGNAL_HIST_CONNECT, 0, UINT64_MAX), 0);
}

static void who_gives_up_after_a_second_call_has(void **state)
{
	struct signals s;

	(void)state;
	start(0);
	actor_tell(&actor, HALF_OPEN);
	actor_tell(&actor, CLOSE);
	s = read_now();
	assert_true(s.tcp_syn_retransmits > 0); /* else this showed nothing */
	assert_int_equal(s.tcp_connects_unanswered, 0);
	assert_int_equal(s.tcp_connect_failures, 1);
	assert_int_equal(s.tcp_connects_given_up, 0);
}

/* It ends without an error of the socket, too, but no SYN was sent. */
static void no_free_port_is_a_failure(void **state)
{
	struct signals s;

	(void)state;
	start(0);
	actor_tell(&actor, NO_PORT);
	s = read_now();
	assert_int_equal(s.tcp_connects, 1);
	assert_int_equal(s.tcp_connect_failures, 1);
	assert_int_equal(s.tcp_connects_given_up, 0);
	actor_tell(&actor, CLOSE);
}

/* The kernel counts anew at the second connect. */
static void a_socket_may_connect_twice(void **state)
{
	uint64_t first;
	struct signals s;

	(void)state;
	start(0);
	actor_tell(&actor, CONNECT);
	actor_tell(&actor, TALK);
	first = told->segments;
	assert_int_equal(read_now().tcp_segments, first);
	actor_tell(&actor, DISCONNECT);
	actor_tell(&actor, TALK);
	s = read_now();
	assert_int_equal(told->segments, first); /* else this showed nothing */
	assert_int_equal(s.tcp_segments, 2 * first);
	assert_int_equal(s.tcp_connects, 2);
}

static void a_slow_link_shows_in_both_times(void **state)
{
	const uint64_t round_trip = 2 * ONE_WAY_MS * CLOCK_NS_PER_MS;
	struct signals then, now;
	uint64_t mean;

	(void)state;
	start(SLOW);
	actor_tell(&actor, CONNECT);
	then = read_now();
	printf("  connected in %.2f ms, connect() took %.2f ms\n", (double)then.tcp_connect_ns / 1e6,
	       (double)told->connect_ns / 1e6);
	assert_int_equal(then.tcp_connects, 1);
	assert_in_range(then.tcp_connect_ns, round_trip, told->connect_ns);
	assert_int_equal(watch_times(&then, SIGNAL_HIST_CONNECT, round_trip, told->connect_ns), 1);
	actor_tell(&actor, TALK);
	now = read_now();
	assert_int_equal(now.tcp_rtt_samples - then.tcp_rtt_samples, 2); /* either end */
	mean = (now.tcp_rtt_ns - then.tcp_rtt_ns) / 2;
	printf("  round trip %.2f ms, TCP_INFO %.2f ms\n", (double)mean / 1e6, (double)told->rtt_ns / 1e6);
	assert_true(told->rtt_ns >= round_trip); /* else this showed nothing */
	assert_near(mean, told->rtt_ns, 0.2, 0); /* the other end's is its own */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(what_is_sent_shows_at_once, &scene),
		SCENE_TEST(losses_show_while_the_connection_lasts, &scene),
		SCENE_TEST(older_connections_count_from_now_on, &scene),
		SCENE_TEST(an_older_connection_in_a_queue_has_no_past, &scene),
		SCENE_TEST(a_handshake_that_does_not_end_is_sent_again, &scene),
		SCENE_TEST(an_older_call_that_hangs_shows, &scene),
		SCENE_TEST(who_was_never_heard_is_unanswered, &scene),
		SCENE_TEST(who_was_heard_before_loses_data, &scene),
		SCENE_TEST(who_gives_up_has_no_failure, &scene),
		SCENE_TEST(who_gives_up_after_a_second_call_has, &scene),
		SCENE_TEST(no_free_port_is_a_failure, &scene),
		SCENE_TEST(a_socket_may_connect_twice, &scene),
		SCENE_TEST(a_slow_link_shows_in_both_times, &scene),
	};

	scene_split(&scene);
	told = actor.data = actor_share(sizeof(*told));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
