/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls whom: a client and a server, each a process in a cgroup of its own, over real sockets of a network namespace
 * of their own. Every exchange counts once at either end, by the address of the server as it is, also where the client
 * called another one (DNAT); both ends know the connection by the same number. Rows come free, and when there is
 * none that is counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actor.h"
#include "agent/probe/edges.h"
#include "base/hist.h"
#include "base/obj.h"
#include "crew.h"
#include "own_net.h"
#include "scene.h"

#define PORT	OWN_NET_PORT
#define REQUEST "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
#define GOOD	"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
#define BAD	"HTTP/1.1 503 NO\r\nContent-Length: 4\r\n\r\nbody"
#define TIMES	5
#define MANY	(EDGES_READY / 2 + 8) /* connections, of two edges each: more than are ready between two passes */

static struct own_cgroups own;
static struct watch w;
static char client_path[SCENE_PATH], server_path[SCENE_PATH];
static struct actor client, server;
static struct scene scene = {&own, &w, {{"client", client_path}, {"server", server_path}}, .actor = &client};

static struct plan { /* shared with both */
	char address[64]; /* to dial: IPv6, or IPv4 in its way */
	uint16_t port;
	unsigned n;  /* connections; each to the next address */
	bool apart;
} *plan;

enum order { BEGIN /* by itself */, LISTEN, DIAL, ACCEPT, ASK, ANSWER, ANSWER_BADLY, HEAR, CLOSE };

static int listener, fds[MANY]; /* of an actor */

static struct sockaddr_in6 target(unsigned i)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(plan->port)};

	must(inet_pton(AF_INET6, plan->address, &a.sin6_addr) == 1);
	if (plan->apart) {
		a.sin6_addr.s6_addr[14] = (uint8_t)(i >> 8);
		a.sin6_addr.s6_addr[15] = (uint8_t)(i + 1);
	}
	return a;
}

static void listen_at_all(void)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = IN6ADDR_ANY_INIT};

	listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0);
	must(bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(listener, MANY) == 0);
}

static void dial(unsigned i)
{
	struct sockaddr_in6 a = target(i);

	fds[i] = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(connect(fds[i], (struct sockaddr *)&a, sizeof(a)) == 0);
}

static void say(int fd, const char *text)
{
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void receive(int fd, size_t n)
{
	char some[256];

	while (n) {
		ssize_t got = read(fd, some, n);

		must(got > 0);
		n -= (size_t)got;
	}
}

static void obey_one(enum order order, unsigned i)
{
	switch (order) {
	case BEGIN:
	case LISTEN: return;
	case DIAL: return dial(i);
	case ACCEPT:
		fds[i] = accept(listener, NULL, NULL);
		must(fds[i] >= 0);
		return;
	case ASK: return say(fds[i], REQUEST);
	case ANSWER:
	case ANSWER_BADLY:
		receive(fds[i], strlen(REQUEST));
		return say(fds[i], order == ANSWER ? GOOD : BAD);
	case HEAR: return receive(fds[i], strlen(GOOD));
	case CLOSE: close(fds[i]); return;
	}
}

static void obey(int order, void *data)
{
	(void)data;
	if (order == LISTEN)
		listen_at_all();
	for (unsigned i = 0; i < plan->n; i++)
		obey_one((enum order)order, i);
}

static int teardown(void **state)
{
	actor_end(&server);
	return scene_teardown(state);
}

static void meet(const char *address, uint16_t port, unsigned n)
{
	*plan = (struct plan){.port = port, .n = n, .apart = n > 1};
	snprintf(plan->address, sizeof(plan->address), "%s", address);
	if (!client.pid) {
		client.obey = server.obey = obey;
		actor_start(&server, &own, server_path);
		actor_start(&client, &own, client_path);
		actor_tell(&server, LISTEN);
	}
	actor_tell(&client, DIAL);
	actor_tell(&server, ACCEPT);
}

static void talk(enum order answer)
{
	actor_tell(&client, ASK);
	actor_tell(&server, answer);
	actor_tell(&client, HEAR);
}

static void part(void)
{
	actor_tell(&client, CLOSE);
	actor_tell(&server, CLOSE);
}

/* The edge of this cgroup with this address; all 0: there is none. */
static struct probe_edge edge(const char *cgroup, bool serves, const char *address, uint16_t port)
{
	const struct probe_cgroup *c = watch_find(&w, cgroup);
	struct probe_edge e;
	uint32_t cursor = 0;
	uint8_t wanted[16];

	must(inet_pton(AF_INET6, address, wanted) == 1);
	while (probe_next_edge(w.probe, &cursor, &e))
		if (e.cgroup == c && e.cgroup_id == c->id && e.serves == serves && e.port == port &&
		    memcmp(e.address, wanted, sizeof(wanted)) == 0)
			return e;
	return (struct probe_edge){0};
}

static void assert_counts(const struct probe_edge *e, unsigned calls, unsigned errors)
{
	uint64_t timed = 0;

	for (unsigned b = 0; b < HIST_BUCKETS; b++)
		timed += e->calls.hist[b];
	assert_int_equal(e->calls.calls, calls);
	assert_int_equal(e->calls.errors, errors);
	assert_int_equal(e->calls.untimed, 0);
	assert_int_equal(timed, calls);
	assert_true(e->calls.ns > 0);
}

/* Ours: others on this machine talk, too. */
static size_t edges_in_use(void)
{
	const struct probe_cgroup *here = watch_find(&w, client_path), *there = watch_find(&w, server_path);
	struct probe_edge e;
	uint32_t cursor = 0;
	size_t n = 0;

	while (probe_next_edge(w.probe, &cursor, &e))
		n += e.cgroup == here || e.cgroup == there;
	return n;
}

static void both_ends_tell_of_the_same(void **state)
{
	const struct { const char *dial, *is; } ways[] = {{"::ffff:127.0.0.1", "::ffff:127.0.0.1"}, {"::1", "::1"}};
	struct probe_edge calls, serves;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		meet(ways[i].dial, PORT, 1);
		for (int k = 0; k < TIMES; k++)
			talk(ANSWER);
		talk(ANSWER_BADLY);
		watch_pass(&w);
		calls = edge(client_path, false, ways[i].is, PORT);
		serves = edge(server_path, true, ways[i].is, PORT);
		assert_counts(&calls, TIMES + 1, 1);
		assert_counts(&serves, TIMES + 1, 1);
		assert_true(calls.calls.ns >= serves.calls.ns);
		assert_true(calls.calls.connection && calls.calls.connection == serves.calls.connection);
		assert_true(calls.net && calls.net == serves.net);
		part();
	}
	assert_int_equal(edges_in_use(), 4);
	assert_int_equal(watch_read(&w, client_path).calls, 2 * (TIMES + 1));
}

/* One edge however many connections there were; its number is the newest's. */
static void connections_of_a_pair_are_one_edge(void **state)
{
	struct probe_edge calls, serves;
	uint64_t first = 0;

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		meet("::1", PORT, 1);
		talk(ANSWER);
		watch_pass(&w);
		calls = edge(client_path, false, "::1", PORT);
		serves = edge(server_path, true, "::1", PORT);
		assert_counts(&calls, i, 0);
		assert_true(calls.calls.connection == serves.calls.connection && calls.calls.connection != first);
		first = calls.calls.connection;
		part();
	}
}

/* The client's own network namespace translates, as on a node that calls a Service. */
static void a_translated_address_is_the_servers_own(void **state)
{
	struct probe_edge calls;

	(void)state;
	must(system("nft add table ip n && nft add chain ip n o '{ type nat hook output priority -100; }' && "
		    "nft add rule ip n o ip daddr 127.0.0.9 tcp dport 80 dnat to 127.0.0.1:4712") == 0);
	meet("::ffff:127.0.0.9", 80, 1);
	talk(ANSWER);
	watch_pass(&w);
	calls = edge(client_path, false, "::ffff:127.0.0.1", PORT);
	assert_counts(&calls, 1, 0);
	assert_true(calls.calls.connection == edge(server_path, true, "::ffff:127.0.0.1", PORT).calls.connection);
	assert_int_equal(edge(client_path, false, "::ffff:127.0.0.9", 80).calls.calls, 0);
	part();
	must(system("nft delete table ip n") == 0);
}

/* The row is another's then, and the connection that goes on takes a new one. */
static void what_is_given_back_comes_free(void **state)
{
	struct probe_edge before, after;

	(void)state;
	meet("::1", PORT, 1);
	talk(ANSWER);
	watch_pass(&w);
	before = edge(client_path, false, "::1", PORT);
	probe_end_edge(w.probe, before.handle);
	talk(ANSWER);
	watch_pass(&w);
	assert_int_equal(edges_in_use(), 3); /* the one that goes is read a last time */
	watch_pass(&w);
	assert_int_equal(edges_in_use(), 2);
	after = edge(client_path, false, "::1", PORT);
	assert_counts(&after, 1, 0);
	assert_int_not_equal(after.handle, before.handle);
	for (int i = 0; i < 3; i++)
		watch_pass(&w);
	part();
}

static void what_finds_no_room_is_counted_and_finds_some_later(void **state)
{
	uint64_t lost;

	(void)state;
	watch_pass(&w);
	meet("::ffff:127.0.0.0", PORT, MANY);
	talk(ANSWER);
	lost = watch_stats(&w).losses.edges_unplaced;
	watch_pass(&w);
	assert_in_range(edges_in_use(), 1, EDGES_READY);
	assert_in_range(lost, 2 * MANY - edges_in_use(), UINT64_MAX);
	assert_int_equal(watch_read(&w, client_path).calls, MANY);
	talk(ANSWER);
	watch_pass(&w);
	assert_int_equal(edges_in_use(), 2 * MANY);
	part();
}

#define TEST(NAME) cmocka_unit_test_prestate_setup_teardown(NAME, scene_setup, teardown, &scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ends_tell_of_the_same),
		TEST(connections_of_a_pair_are_one_edge),
		TEST(a_translated_address_is_the_servers_own),
		TEST(what_is_given_back_comes_free),
		TEST(what_finds_no_room_is_counted_and_finds_some_later),
	};

	scene_split(&scene);
	own_net_enter();
	plan = actor_share(sizeof(*plan));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
