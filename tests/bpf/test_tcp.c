/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections and packets of one cgroup, in a network namespace of its own, against that namespace's
 * /proc/net/snmp and the counters of its loopback device. Losses are made by a rule of nftables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "base/clock.h"
#include "base/hist.h"
#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "own_net.h"
#include "scene.h"
#include "truth.h"

#define CONNECTS 5
#define REFUSED	 3
#define BYTES	 (3u << 20)
#define HERE	 "127.0.0.1"
#define PORT	 OWN_NET_PORT
#define NOBODY	 4713
#define LATE_NS	 (900 * CLOCK_NS_PER_MS) /* no answer, and TCP calls again after a second, to the tick of its timers */
#define PAUSE_MS 10

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH];
static struct scene scene = {&own, &w, {{"talker", path}}};

struct told { /* by the process, shared */
	bool losses, late; /* order */
	uint64_t connect_ns[CONNECTS]; /* how long each connect() took */
	uint64_t took_ns;
	uint64_t active_opens, passive_opens, attempt_fails, retransmits, out_resets;
	uint64_t packets, bytes; /* that lo received, which are those it sent */
};

static struct told *told;

/* Until the other end's FIN or reset has come. Who closes before it has, may be no socket of ours any more when it
 * comes. */
static void wait_for_end(int fd)
{
	char byte;

	must(read(fd, &byte, 1) <= 0);
}

static void send_much(int from, int to)
{
	static char chunk[1 << 14];
	pid_t reader = fork();

	must(reader >= 0);
	if (reader == 0) {
		close(from);
		while (read(to, chunk, sizeof(chunk)) > 0)
			;
		_exit(0);
	}
	close(to);
	for (unsigned sent = 0; sent < BYTES; sent += sizeof(chunk))
		must(write(from, chunk, sizeof(chunk)) == (ssize_t)sizeof(chunk));
	must(shutdown(from, SHUT_WR) == 0);
	waitpid(reader, NULL, 0);
	wait_for_end(from);
	close(from);
}

/* Whether nothing is under way any more: no connection but such as only wait for what may be late. */
static bool at_rest(void)
{
	scoped(fclosep) FILE *f = fopen("/proc/net/tcp", "re");
	char line[512];
	unsigned state;

	must(f && fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %x", &state) == 1 && state != TCP_TIME_WAIT && state != TCP_LISTEN)
			return false;
	return true;
}

static void read_truth(struct told *t)
{
	scoped(fclosep) FILE *f = fopen("/proc/net/dev", "re");
	char line[512];

	t->active_opens = own_net_count("snmp", "Tcp:", "ActiveOpens");
	t->passive_opens = own_net_count("snmp", "Tcp:", "PassiveOpens");
	t->attempt_fails = own_net_count("snmp", "Tcp:", "AttemptFails");
	t->retransmits = own_net_count("snmp", "Tcp:", "RetransSegs");
	t->out_resets = own_net_count("snmp", "Tcp:", "OutRsts");
	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, " lo: %" SCNu64 " %" SCNu64, &t->bytes, &t->packets);
}

static int dial(uint64_t *ret_took_ns)
{
	uint64_t began = clock_boot().ns;
	int fd = own_net_dial(HERE, PORT);

	*ret_took_ns = clock_boot().ns - began;
	return fd;
}

static void reset(int here, int there)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	must(setsockopt(here, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) == 0);
	close(here);
	wait_for_end(there);
	close(there);
}

static void end(int here, int there)
{
	must(shutdown(here, SHUT_WR) == 0);
	wait_for_end(there);
	close(there);
	wait_for_end(here);
	close(here);
}

/* One ends by a reset, one has much to say. */
static void connect_many(struct told *t)
{
	int listener = own_net_listen(PORT, 16);

	for (int i = 0; i < CONNECTS; i++) {
		int here = dial(&t->connect_ns[i]), there = accept(listener, NULL, NULL);

		must(here >= 0 && there >= 0);
		if (i == 1 && t->losses)
			own_net_drop("tcp dport 4712 numgen random mod 100 '<' 10");
		if (i == 0)
			reset(here, there);
		else if (i == 1)
			send_much(here, there);
		else
			end(here, there);
	}
}

static void talk(const void *data)
{
	struct told *t = (struct told *)(uintptr_t)data;
	uint64_t began = clock_boot().ns;

	own_net_enter();
	if (t->late) /* the limit lets one packet be dropped */
		own_net_drop("tcp dport 4712 tcp flags syn limit rate 1/hour burst 1 packets");
	connect_many(t);
	for (int i = 0; i < REFUSED; i++)
		must(own_net_dial(HERE, NOBODY) < 0);
	while (!at_rest())
		crew_pause(PAUSE_MS);
	read_truth(t);
	t->took_ns = clock_boot().ns - began;
}

static struct signals growth(struct told order)
{
	struct signals now;
	pid_t pid;
	int status;

	*told = order;
	watch_pass(&w);
	pid = own_spawn(&own, path, talk, told);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	watch_pass(&w);
	now = watch_read(&w, path);
	assert_int_equal(now.missing & (SIGNAL_NO_TCP | SIGNAL_NO_NET), 0);
	return now;
}

static void connections_are_those_of_the_name_space(void **state)
{
	struct signals s = growth((struct told){0});

	(void)state;
	assert_int_equal(s.tcp_connects, CONNECTS);
	assert_int_equal(s.tcp_connects + s.tcp_connect_failures, told->active_opens);
	assert_int_equal(s.tcp_connect_failures, told->attempt_fails);
	assert_int_equal(s.tcp_connect_failures, REFUSED);
	assert_int_equal(s.tcp_accepts, told->passive_opens);
	assert_true(s.tcp_connect_ns > 0 && s.tcp_connect_ns < told->took_ns);
	assert_int_equal(s.tcp_retransmits + s.tcp_syn_retransmits + s.tcp_synack_retransmits, told->retransmits);
	/* The one that ended by a reset sent and received it. A refused call gets one too, and was no connection. */
	assert_int_equal(s.tcp_resets, 2);
	assert_true(s.tcp_rtt_samples >= CONNECTS);
	assert_true(s.tcp_rtt_ns / s.tcp_rtt_samples < told->took_ns);
}

/* All that passes lo is ours, both ways. What calls a port that nobody listens on reaches no socket; of
 * what is sent, resets and some bare acknowledgements come from no socket of the cgroup: few bytes. */
static void packets_are_those_of_the_device(void **state)
{
	struct signals s = growth((struct told){0});

	(void)state;
	printf("  sent %" PRIu64 ", received %" PRIu64 " of %" PRIu64 " packets; %" PRIu64 " and %" PRIu64
	       " of %" PRIu64 " bytes\n", s.net_sent_packets, s.net_received_packets, told->packets,
	       s.net_sent_bytes, s.net_received_bytes, told->bytes);
	assert_int_equal(s.net_received_packets, told->packets - REFUSED);
	assert_near(s.net_received_bytes, told->bytes, 0.001, 0);
	assert_near(s.net_sent_bytes, told->bytes, 0.001, 0);
	assert_in_range(s.net_sent_packets, told->packets / 2, told->packets);
}

static void losses_are_retransmits(void **state)
{
	struct signals s = growth((struct told){.losses = true});

	(void)state;
	printf("  %" PRIu64 " of %" PRIu64 " segments sent again, the name space says %" PRIu64 "\n",
	       s.tcp_retransmits, s.tcp_segments, told->retransmits);
	assert_true(told->retransmits > 0); /* else this showed nothing */
	assert_int_equal(s.tcp_retransmits + s.tcp_syn_retransmits + s.tcp_synack_retransmits, told->retransmits);
	assert_true(s.tcp_segments >= s.tcp_retransmits);
}

static uint64_t they_took(uint64_t least_ns)
{
	uint64_t n = 0;

	for (int i = 0; i < CONNECTS; i++)
		n += hist_bucket(told->connect_ns[i]) >= hist_bucket(least_ns);
	return n;
}

/* The answer to one comes late; the rest are over in no time, as time goes here. */
static void each_connect_is_in_the_histogram(void **state)
{
	struct signals s = growth((struct told){.late = true});
	uint64_t late = watch_times(&s, SIGNAL_HIST_CONNECT, LATE_NS, UINT64_MAX);

	(void)state;
	printf("  %" PRIu64 " of %d took a second or more, %" PRIu64 " as connect() sees it; together %.1f ms\n", late,
	       CONNECTS, they_took(LATE_NS), (double)s.tcp_connect_ns / 1e6);
	assert_int_equal(s.missing & SIGNAL_NO_CONNECTS, 0);
	assert_int_equal(s.tcp_syn_retransmits, 1); /* else this showed nothing */
	assert_int_equal(watch_times(&s, SIGNAL_HIST_CONNECT, 0, UINT64_MAX), CONNECTS); /* and no refused one */
	assert_in_range(late, 1, they_took(LATE_NS));
	assert_true(s.tcp_connect_ns >= LATE_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(connections_are_those_of_the_name_space, &scene),
		SCENE_TEST(packets_are_those_of_the_device, &scene),
		SCENE_TEST(losses_are_retransmits, &scene),
		SCENE_TEST(each_connect_is_in_the_histogram, &scene),
	};

	scene_split(&scene);
	told = actor_share(sizeof(*told));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
