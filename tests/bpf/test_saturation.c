/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads made to have one known cause, measured by the real probe over a second, and what
 * decide/saturation says about them: it must tell "raise its limit", "the node is busy", "it needs more
 * replicas" and "it waits for someone else" apart. Prints the table that docs/design/saturation.md shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "agent/node.h"
#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "decide/saturation.h"
#include "own_net.h"
#include "scene.h"
#include "truth.h"

#define SECOND_MS   1500
#define TRIES	    12
#define BACKLOG	    4
#define CLIENTS	    12
#define CALLS	    30
#define PATIENCE_MS 1200 /* the kernel sends a SYN again after 1, 3, 7, 15 … seconds */
#define ONE_WAY_MS  100
#define MESSAGES    20   /* that wait for one answer */
#define WORK_NS	    (20 * CLOCK_NS_PER_MS) /* of a request */
#define LIMIT_BYTES (24u << 20)
#define FILE_BYTES  (64u << 20)

static struct own_cgroups own;
static struct watch w;
static char victim[SCENE_PATH], inner[SCENE_PATH + 16], others[SCENE_PATH];
static struct scene scene = {&own, &w, {{"victim", victim}, {"others", others}}};

/* One second of the victim, from two passes. */

static uint64_t node_busy_ns(uint64_t elapsed_ns, const struct node_reading *then,
			     const struct node_reading *now)
{
	uint64_t all = elapsed_ns * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t idle = now->cpu_idle_ns - then->cpu_idle_ns;

	return all > idle ? all - idle : 0;
}

static struct signals then, now;
static struct saturation_input in; /* of the last second */

static struct saturation measure_of(const char *path, const char *what)
{
	struct node_reading node_then, node_now;
	struct saturation s;
	clock_boot_t began;

	watch_pass(&w);
	then = watch_read(&w, path);
	began = clock_boot();
	node_read("/proc", &node_then);
	crew_pause(SECOND_MS);
	watch_pass(&w);
	now = watch_read(&w, path);
	node_read("/proc", &node_now);

	in = (struct saturation_input){.before = then.value,
				      .now = now.value,
				      .missing = then.missing | now.missing,
				      .elapsed_ns = clock_since(clock_boot(), began),
				      .cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
				      .node_known = true};
	in.node_busy_ns = node_busy_ns(in.elapsed_ns, &node_then, &node_now);
	saturation_of(&in, &s);
	printf("%-34s", what);
	for (int c = 0; c < SATURATION_CAUSES; c++)
		printf(" %s %3u %%", saturation_word((enum saturation_cause)c), s.permille[c] / 10);
	printf(" limit-reclaim %" PRIu64 " us", (now.limit_reclaim_ns - then.limit_reclaim_ns) / 1000);
	printf(" of cpu %" PRIu64 " us", (now.cpu_ns - then.cpu_ns) / 1000);
	printf("  -> %s\n", s.advice ? saturation_advice_word(s.advice) : "(nothing)");
	return s;
}

static struct saturation measure(const char *what)
{
	return measure_of(victim, what);
}

/* What a load is to be seen as. */
struct verdict {
	enum saturation_advice advice;
	enum saturation_cause cause;
	uint16_t least; /* of the cause, permille */
};

static const struct verdict throttled = {SATURATION_RAISE_CPU_LIMIT, SATURATION_CPU_THROTTLE, 400};
static const struct verdict crowded = {SATURATION_NODE_BUSY, SATURATION_CPU_RUNQUEUE, 200};
static const struct verdict alone = {SATURATION_ADD_REPLICAS, SATURATION_ACCEPT_QUEUE, 700};
static const struct verdict waiting = {SATURATION_WAITS_FOR_OTHERS, SATURATION_ACCEPT_QUEUE, 700};
static const struct verdict unanswered = {SATURATION_WAITS_FOR_OTHERS, SATURATION_CONNECT, 300};
static const struct verdict lossy = {SATURATION_LOSSY_NETWORK, SATURATION_NETWORK, 100};
static const struct verdict reclaiming = {SATURATION_RAISE_MEMORY_LIMIT, SATURATION_MEMORY, 0};
static const struct verdict idle = {SATURATION_NONE, SATURATION_CPU_RUNQUEUE, 0};

/* Somebody else's work on this machine is a cause, too: while it goes on, another second may be needed. */
static bool try_again(const struct saturation *s, const struct verdict *v)
{
	static int tries;

	if ((s->advice == v->advice && s->permille[v->cause] >= v->least) || ++tries == TRIES)
		tries = 0;
	return tries > 0;
}

static void assert_verdict(const struct saturation *s, const struct verdict *v)
{
	assert_true(s->known & 1u << v->cause);
	if (s->permille[v->cause] < v->least)
		fail_msg("%s is only %u permille", saturation_word(v->cause), s->permille[v->cause]);
	if (s->advice != v->advice)
		fail_msg("says \"%s\", not \"%s\"", saturation_advice_word(s->advice),
			 saturation_advice_word(v->advice));
}

/* The loads */

static void set_quota(const char *path)
{
	truth_set(&own, path, PLIMSOLL_CPU, "cpu.cfs_quota_us", "30000", "cpu.max", "30000 100000");
}

static void its_own_quota_stops_it(void **state)
{
	struct crew crew;
	struct saturation s;

	(void)state;
	set_quota(victim);
	crew_start(&crew, &own, victim, 1, ANY_CPU);
	crew_go(&crew);
	do
		s = measure("quota of 0.3 cores, wants 1");
	while (try_again(&s, &throttled));
	crew_halt(&crew);
	crew_end(&crew);
	assert_verdict(&s, &throttled);
	assert_true(s.permille[SATURATION_CPU_RUNQUEUE] < s.permille[SATURATION_CPU_THROTTLE]);
}

/* A pod's quota, say: the container itself has none. */
static void a_quota_above_stops_it(void **state)
{
	struct crew crew;
	struct saturation s;

	(void)state;
	own_make(&own, inner);
	set_quota(victim);
	crew_start(&crew, &own, inner, 1, ANY_CPU);
	crew_go(&crew);
	watch_pass(&w); /* now it is known */
	do
		s = measure_of(inner, "a quota of 0.3 cores above it");
	while (try_again(&s, &throttled));
	crew_halt(&crew);
	crew_end(&crew);
	own_remove(&own, inner);
	assert_verdict(&s, &throttled);
}

static void neighbours_use_the_cpus(void **state)
{
	struct crew crew, neighbours;
	struct saturation s;

	(void)state;
	truth_set(&own, victim, PLIMSOLL_CPU, "cpu.shares", "64", "cpu.weight", "6");
	crew_start(&crew, &own, victim, 1, ANY_CPU);
	crew_start(&neighbours, &own, others, CREW_MAX, ANY_CPU);
	crew_go(&neighbours);
	crew_go(&crew);
	do
		s = measure("no limit, busy neighbours");
	while (try_again(&s, &crowded));
	crew_halt(&crew);
	crew_halt(&neighbours);
	crew_end(&crew);
	crew_end(&neighbours);
	assert_verdict(&s, &crowded);
	assert_true(s.permille[SATURATION_CPU_THROTTLE] < 50);
}

/* A server of one thread, and clients that come again as soon as they were served. */

struct service {
	int listener;
	struct sockaddr_in at;
	pid_t server; /* in whose network it is */
	bool sleeps;  /* for somebody else, instead of working itself */
};

static uint64_t own_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void burn(uint64_t ns)
{
	uint64_t end = own_cpu_ns() + ns;

	while (own_cpu_ns() < end)
		;
}

static void serve(const void *data)
{
	const struct service *v = data;

	for (int fd; (fd = accept(v->listener, NULL, NULL)) >= 0; close(fd)) {
		if (v->sleeps)
			nanosleep(&(struct timespec){.tv_nsec = WORK_NS}, NULL);
		else
			burn(WORK_NS);
	}
}

static void ask(const void *data)
{
	const struct service *v = data;
	char byte;

	for (;;) {
		scoped(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (const struct sockaddr *)&v->at, sizeof(v->at)) == 0)
			(void)!read(fd, &byte, 1); /* until it is closed */
	}
}

/* The listener belongs to the cgroup that made it: the server's. */
static void open_listener(struct service *v)
{
	socklen_t length = sizeof(v->at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	v->at.sin_family = AF_INET;
	v->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&v->at, sizeof(v->at)) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&v->at, &length) < 0)
		_exit(1);
	__atomic_store_n(&v->listener, fd, __ATOMIC_RELEASE);
}

static void open_and_serve(const void *data)
{
	struct service *v = (struct service *)(uintptr_t)data;

	open_listener(v);
	serve(v);
}

static void serve_and_measure(const char *what, const struct verdict *expected)
{
	struct service *v = actor_share(sizeof(*v));
	struct saturation s;
	pid_t server, client[CLIENTS];

	v->sleeps = expected == &waiting;
	server = own_spawn(&own, victim, open_and_serve, v);
	while (!__atomic_load_n(&v->listener, __ATOMIC_ACQUIRE))
		crew_pause(1);
	for (int i = 0; i < CLIENTS; i++)
		client[i] = own_spawn(&own, others, ask, v);
	crew_pause(500); /* until the queue is full */
	watch_pass(&w);  /* for the busiest thread: the walk before */
	do
		s = measure(what);
	while (try_again(&s, expected));
	for (int i = 0; i < CLIENTS; i++)
		own_end(client[i]);
	own_end(server);
	munmap(v, sizeof(*v));
	assert_verdict(&s, expected);
}

static void a_server_at_its_limit_needs_company(void **state)
{
	(void)state;
	serve_and_measure("one thread, 20 ms of work each", &alone);
}

static void a_server_that_waits_is_not_helped(void **state)
{
	(void)state;
	serve_and_measure("one thread, 20 ms asleep each", &waiting);
}

static void call_all(const struct service *v, int fd[CALLS])
{
	for (int i = 0; i < CALLS; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fd[i], (const struct sockaddr *)&v->at, sizeof(v->at));
	}
}

/* More calls than anybody accepts: the queue holds some, the rest send their SYN again after a second. */
static void call_in_vain(const void *data)
{
	for (;;) {
		int fd[CALLS];

		call_all(data, fd);
		crew_pause(PATIENCE_MS);
		for (int i = 0; i < CALLS; i++)
			close(fd[i]);
	}
}

static void call_and_wait(const void *data)
{
	int fd[CALLS];

	call_all(data, fd);
	pause();
}

static void listen_only(const void *data)
{
	struct service *v = (struct service *)(uintptr_t)data;

	open_listener(v);
	pause();
}

/* The way there takes so long that all have called before the queue is full: the kernel answers them all, and then has
 * no room for most. */
static void listen_far_away(const void *data)
{
	struct service *v = (struct service *)(uintptr_t)data;

	own_net_enter();
	own_net_slow_link(ONE_WAY_MS);
	v->at = own_net_at(OWN_NET_FAR, OWN_NET_PORT);
	v->server = getpid();
	__atomic_store_n(&v->listener, own_net_listen(OWN_NET_PORT, 1), __ATOMIC_RELEASE);
	pause();
}

/* Each says something as soon as it is connected. */
static void call_far_away(const void *data)
{
	const struct service *v = data;
	bool said[CALLS] = {0};
	int fd[CALLS], net;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", v->server);
	net = open(path, O_RDONLY | O_CLOEXEC);
	must(net >= 0 && setns(net, CLONE_NEWNET) == 0);
	for (call_all(v, fd);; crew_pause(ONE_WAY_MS))
		for (int i = 0; i < CALLS; i++)
			said[i] = said[i] || write(fd[i], "?", 1) == 1;
}

static bool sent_again(void)
{
	return now.tcp_syn_retransmits != then.tcp_syn_retransmits;
}

/* `between`: in a second in which no SYN is sent. */
static void call_and_measure(const char *what, void calling(const void *), bool between)
{
	struct service *v = actor_share(sizeof(*v));
	struct saturation s;
	pid_t server, client;

	server = own_spawn(&own, others, listen_only, v);
	while (!__atomic_load_n(&v->listener, __ATOMIC_ACQUIRE))
		crew_pause(1);
	client = own_spawn(&own, victim, calling, v);
	do
		s = measure(what);
	while (try_again(&s, &unanswered) || (between && sent_again()));
	own_end(client);
	own_end(server);
	munmap(v, sizeof(*v));
	assert_verdict(&s, &unanswered);
	assert_int_equal(s.permille[SATURATION_NETWORK], 0); /* loopback loses nothing */
}

static void whom_nobody_answers_waits_for_others(void **state)
{
	(void)state;
	call_and_measure("calls that nobody answers", call_in_vain, false);
}

static void who_hangs_waits_also_between_two_syns(void **state)
{
	(void)state;
	call_and_measure("the same, long since", call_and_wait, true);
}

/* Connected, as they see it: the handshake's end is dropped there, and what they say is. */
static void whom_a_full_queue_does_not_hear_waits_for_others(void **state)
{
	struct service *v = actor_share(sizeof(*v));
	pid_t server = own_spawn(&own, others, listen_far_away, v), client;
	struct saturation s;

	(void)state;
	while (!__atomic_load_n(&v->listener, __ATOMIC_ACQUIRE))
		crew_pause(1);
	client = own_spawn(&own, victim, call_far_away, v);
	crew_pause(500);
	do
		s = measure("data that a full queue drops");
	while (try_again(&s, &unanswered));
	own_end(client);
	own_end(server);
	munmap(v, sizeof(*v));
	assert_verdict(&s, &unanswered);
	assert_true(s.permille[SATURATION_NETWORK] < SATURATION_NOTICEABLE);
}

/* To itself, in a network of its own that loses every fifth segment. */
static void talk_in_vain(const void *unused)
{
	char text[100] = "";
	int here, there;

	(void)unused;
	own_net_enter();
	own_net_pair(&here, &there);
	own_net_drop("tcp dport 4712 numgen random mod 100 '<' 20");
	for (;;) {
		for (int i = 0; i < MESSAGES; i++)
			must(write(here, text, sizeof(text)) == (ssize_t)sizeof(text));
		for (int i = 0; i < MESSAGES; i++)
			must(recv(there, text, sizeof(text), MSG_WAITALL) == (ssize_t)sizeof(text));
	}
}

static void a_network_that_loses_data_is_told(void **state)
{
	struct saturation s;
	pid_t talker;

	(void)state;
	talker = own_spawn(&own, victim, talk_in_vain, NULL);
	crew_pause(500);
	do
		s = measure("a network that loses a fifth");
	while (try_again(&s, &lossy));
	own_end(talker);
	assert_verdict(&s, &lossy);
	assert_int_equal(s.permille[SATURATION_CONNECT], 0);
}

/* Reads a file again and again that is larger than its memory. */
static void read_too_much(const void *data)
{
	static char buffer[1 << 16];
	int fd = *(const int *)data;

	for (;;)
		if (pread(fd, buffer, sizeof(buffer), 0) > 0)
			for (off_t at = 0; pread(fd, buffer, sizeof(buffer), at) > 0;)
				at += (off_t)sizeof(buffer);
}

static int big_file(void)
{
	char name[] = "/var/tmp/plimsoll-saturation-XXXXXX";
	static char zeros[1 << 20];
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	for (unsigned i = 0; i < FILE_BYTES >> 20; i++)
		assert_int_equal(write(fd, zeros, sizeof(zeros)), (ssize_t)sizeof(zeros));
	assert_int_equal(fsync(fd), 0);
	return fd;
}

static void its_memory_limit_makes_it_reclaim(void **state)
{
	scoped(closep) int fd = big_file();
	struct saturation s;
	pid_t reader;

	(void)state;
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	truth_set_limit(&own, victim, LIMIT_BYTES);
	reader = own_spawn(&own, victim, read_too_much, &fd);
	crew_pause(500);
	do {
		s = measure("24 MiB for a file of 64 MiB");
		/* On a machine whose CPUs are taken by others that may be its first trouble: leave it out. */
		now.runq_wait_ns = then.runq_wait_ns;
		saturation_of(&in, &s);
	} while (try_again(&s, &reclaiming));
	own_end(reader);
	assert_true(s.permille[SATURATION_MEMORY] + s.permille[SATURATION_IO] >= 100);
	assert_verdict(&s, &reclaiming);
}

static void nothing_holds_a_sleeper_back(void **state)
{
	struct crew crew;
	struct saturation s;

	(void)state;
	crew_start(&crew, &own, victim, 2, ANY_CPU);
	do
		s = measure("two tasks asleep");
	while (try_again(&s, &idle));
	crew_end(&crew);
	assert_verdict(&s, &idle);
	for (int c = 0; c < SATURATION_CAUSES; c++)
		assert_true(s.permille[c] < SATURATION_NOTICEABLE);
}

static int setup(void **state)
{
	int failed = scene_setup(state);

	watch_pass(&w);
	return failed;
}

#define load(name) cmocka_unit_test_prestate_setup_teardown(name, setup, scene_teardown, &scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		load(nothing_holds_a_sleeper_back),
		load(its_own_quota_stops_it),
		load(a_quota_above_stops_it),
		load(neighbours_use_the_cpus),
		load(a_server_at_its_limit_needs_company),
		load(a_server_that_waits_is_not_helped),
		load(whom_nobody_answers_waits_for_others),
		load(who_hangs_waits_also_between_two_syns),
		load(whom_a_full_queue_does_not_hear_waits_for_others),
		load(a_network_that_loses_data_is_told),
		load(its_memory_limit_makes_it_reclaim),
	};

	scene_split(&scene);
	/* Ten times whoever else works on this machine: these loads are to be held back by nothing but their causes. */
	truth_set(&own, own.top, PLIMSOLL_CPU, "cpu.shares", "10240", "cpu.weight", "1000");
	snprintf(inner, sizeof(inner), "%s/inner", victim);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
