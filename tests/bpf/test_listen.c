/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accept queues in a network namespace that the probe never enters: depth and limit as ss shows them there,
 * overflows as that namespace's netstat counts them; a listener that was there before the probe, one that
 * came later, and one that went.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actor.h"
#include "base/obj.h"
#include "crew.h"
#include "own_net.h"
#include "scene.h"

#define HERE	"127.0.0.1"
#define BACKLOG 4
#define CALLERS 9

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH];

struct server { /* shared with the process */
	int fd;
	unsigned queue, limit;    /* ss */
	uint64_t overflows;       /* netstat */
};

enum { ENTER, LISTEN, LISTEN_MPTCP, CALL, ACCEPT, CLOSE, LOOK };

static int listen_mptcp(void)
{
	struct sockaddr_in a = own_net_at(HERE, OWN_NET_PORT);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);

	must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, BACKLOG) == 0);
	return fd;
}

static void call(void)
{
	struct sockaddr_in a = own_net_at(HERE, OWN_NET_PORT);

	for (int i = 0; i < CALLERS; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		(void)connect(fd, (struct sockaddr *)&a, sizeof(a)); /* stays open */
		crew_pause(5);
	}
	crew_pause(100);
}

static void ask_ss(struct server *s)
{
	FILE *f = popen("ss -Hlnt", "r");

	s->queue = s->limit = 0;
	must(f && fscanf(f, "LISTEN %u %u", &s->queue, &s->limit) == 2);
	pclose(f);
}

static void obey(int order, void *data)
{
	struct server *s = data;

	switch (order) {
	case ENTER:
		own_net_enter();
		break;
	case LISTEN:
		s->fd = own_net_listen(OWN_NET_PORT, BACKLOG);
		break;
	case LISTEN_MPTCP:
		s->fd = listen_mptcp();
		break;
	case CALL:
		call();
		break;
	case ACCEPT:
		close(accept(s->fd, NULL, NULL));
		break;
	case CLOSE:
		close(s->fd);
		break;
	}
	if (order != ENTER && order != CLOSE)
		ask_ss(s);
	s->overflows = own_net_count("netstat", "TcpExt:", "ListenOverflows");
}

static struct server *server;
static struct actor actor = {.obey = obey};
static struct scene scene = {&own, &w, {{"server", path}}, .actor = &actor};

static void tell(int what)
{
	actor_tell(&actor, what);
}

/* Dropped clients try again, perhaps while we look. */
static void compare(void)
{
	unsigned before = server->queue;
	struct signals ours;

	watch_pass(&w);
	ours = watch_read(&w, path);
	assert_int_equal(ours.missing & SIGNAL_NO_LISTEN, 0);
	assert_int_equal(ours.listeners, 1);
	tell(LOOK);
	assert_in_range(ours.accept_queue, before, server->queue);
	assert_int_equal(ours.accept_queue_limit, server->limit);
}

static void fill_and_empty(uint64_t overflows_before)
{
	struct signals ours;
	uint64_t before_we_read;

	compare();
	assert_int_equal(server->queue, 0);
	tell(CALL);
	before_we_read = server->overflows;
	compare();
	ours = watch_read(&w, path);
	printf("  queue %u of %u, overflows: ours %llu, netstat %llu\n", server->queue, server->limit,
	       (unsigned long long)ours.accept_overflows, (unsigned long long)server->overflows);
	assert_int_equal(server->queue, BACKLOG + 1); /* else this showed nothing */
	assert_int_equal(ours.accept_queue_fill, 1000);
	assert_true(server->overflows > overflows_before);
	/* Dropped clients try again, perhaps before ours is read, perhaps after. */
	assert_in_range(ours.accept_overflows, before_we_read - overflows_before, server->overflows - overflows_before);
	tell(ACCEPT);
	assert_in_range(server->queue, BACKLOG, BACKLOG + 1);
	compare();
	tell(CLOSE);
	watch_pass(&w);
	assert_int_equal(watch_read(&w, path).listeners, 0);
	assert_int_equal(watch_read(&w, path).accept_queue, 0);
}

static void a_listener_that_came_later(void **state)
{
	(void)state;
	watch_open(&w, SCENE_SLOTS);
	actor_start(&actor, &own, path);
	tell(LISTEN);
	fill_and_empty(0);
}

static void begin_before_the_probe(int order)
{
	actor_start(&actor, &own, path);
	tell(order);
}

static void a_listener_that_was_there_before(void **state)
{
	(void)state;
	begin_before_the_probe(LISTEN);
	watch_open(&w, SCENE_SLOTS);
	fill_and_empty(0);
}

/* Its file's socket is not the one that listens. */
static void an_mptcp_listener_that_was_there_before(void **state)
{
	(void)state;
	begin_before_the_probe(LISTEN_MPTCP);
	watch_open(&w, SCENE_SLOTS);
	fill_and_empty(0);
}

/* No sample falls between its beginning and its end. */
static void a_listener_between_two_samples(void **state)
{
	(void)state;
	watch_open(&w, SCENE_SLOTS);
	actor_start(&actor, &own, path);
	watch_pass(&w);
	tell(LISTEN);
	tell(CALL);
	tell(CLOSE);
	watch_pass(&w);
	assert_true(server->overflows > 0); /* else this showed nothing */
	assert_int_equal(watch_read(&w, path).accept_overflows, server->overflows);
}

/* What it dropped before the probe came is not told. */
static void an_older_listener_has_no_past(void **state)
{
	uint64_t before;

	(void)state;
	begin_before_the_probe(LISTEN);
	tell(CALL);
	before = server->overflows;
	watch_open(&w, SCENE_SLOTS);
	tell(CALL);
	tell(CLOSE);
	watch_pass(&w);
	assert_true(before > 0 && server->overflows > before); /* else this showed nothing */
	/* Dropped clients try again, perhaps between the two readings. */
	assert_in_range(watch_read(&w, path).accept_overflows, CALLERS, server->overflows - before);
}

/* When the probe comes is each test's own affair. */
static int setup(void **state)
{
	(void)state;
	own_make(&own, path);
	return 0;
}

#define TEST(NAME) cmocka_unit_test_prestate_setup_teardown(NAME, setup, scene_teardown, &scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_listener_that_came_later),
		TEST(a_listener_that_was_there_before),
		TEST(an_mptcp_listener_that_was_there_before),
		TEST(a_listener_between_two_samples),
		TEST(an_older_listener_has_no_past),
	};

	scene_split(&scene);
	server = actor.data = actor_share(sizeof(*server));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
