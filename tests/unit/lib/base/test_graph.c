/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <string.h>

#include "base/graph.h"

static const char here[] = "a node", there[] = "another", third[] = "a third";

static struct graph_place at(const void *node, uint64_t net, const char *address, uint16_t port)
{
	struct graph_place p = {.node = node, .net = net, .port = port};

	assert_int_equal(inet_pton(AF_INET6, address, p.address), 1);
	return p;
}

static void serves(struct graph *g, const char *owner, const void *node, uint64_t net, const char *address, uint16_t port)
{
	struct graph_place p = at(node, net, address, port);

	graph_serves(g, owner, &p);
}

static void calls(struct graph *g, const char *owner, const void *node, uint64_t net, const char *address, uint16_t port,
		  double rate)
{
	struct graph_place p = at(node, net, address, port);
	struct graph_load load = {.calls = rate, .errors = rate / 10, .timed = rate, .ns = rate * 1e6, .age_ns = (uint64_t)rate};

	load.hist[5] = (uint64_t)rate;
	graph_calls(g, owner, &p, NULL, rate < 0 ? NULL : &load);
}

static const struct graph_edge *edge(struct graph *g, size_t i, size_t n)
{
	size_t got;
	const struct graph_edge *const *all = graph_edges(g, &got);

	assert_int_equal(got, n);
	return all[i];
}

static const char *only_to(struct graph *g)
{
	const char *to = edge(g, 0, 1)->to;

	return to ? to : "nobody";
}

static void callers_and_servers_meet_by_address(void **state)
{
	struct graph *g = graph_new();

	(void)state;
	serves(g, "b", there, 9, "::ffff:10.0.0.7", 80);
	serves(g, "c", there, 9, "::ffff:10.0.0.7", 81);
	serves(g, "d", there, 9, "2001:db8::7", 80);
	calls(g, "a", here, 1, "::ffff:10.0.0.7", 80, 10);
	calls(g, "b", there, 9, "2001:db8::7", 80, 10);
	assert_string_equal(edge(g, 0, 2)->from, "a");
	assert_string_equal(edge(g, 0, 2)->to, "b");
	assert_string_equal(edge(g, 0, 2)->address, "10.0.0.7:80");
	assert_string_equal(edge(g, 1, 2)->to, "d");
	assert_string_equal(edge(g, 1, 2)->address, "[2001:db8::7]:80");
	graph_free(g);
}

static void nobody_who_was_heard_is_an_address(void **state)
{
	struct graph *g = graph_new();

	(void)state;
	serves(g, "b", there, 9, "::ffff:10.0.0.7", 80);
	calls(g, "a", here, 1, "::ffff:10.0.0.8", 80, 10);
	calls(g, "a", here, 1, "::ffff:10.0.0.7", 81, 10);
	calls(g, "a", here, 1, "::ffff:10.0.0.7", 80, 10);
	assert_string_equal(edge(g, 0, 3)->to, "b");
	assert_null(edge(g, 1, 3)->to);
	assert_string_equal(edge(g, 1, 3)->address, "10.0.0.7:81");
	assert_string_equal(edge(g, 2, 3)->address, "10.0.0.8:80");
	graph_free(g);
}

/* Two pods of a node have each their own. */
static void loopback_stays_in_its_network_namespace(void **state)
{
	const struct { const void *node; uint64_t net; const char *to; } wanted[] = {
		{here, 1, "b"}, {here, 2, "c"}, {here, 3, "nobody"}, {there, 1, "nobody"}, {here, 0, "nobody"}};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct graph *g = graph_new();

		serves(g, "b", here, 1, "::ffff:127.0.0.1", 80);
		serves(g, "c", here, 2, "::ffff:127.0.0.1", 80);
		serves(g, "d", here, 0, "::ffff:127.0.0.1", 80);
		calls(g, "a", wanted[i].node, wanted[i].net, "::ffff:127.0.0.1", 80, 10);
		assert_string_equal(only_to(g), wanted[i].to);
		graph_free(g);
	}
}

/* Machines have the same private addresses. */
static void who_is_near_comes_first(void **state)
{
	const struct { const void *node; const char *to; } wanted[] = {{here, "b"}, {there, "c"}, {third, "nobody"}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct graph *g = graph_new();

		serves(g, "b", here, 1, "::ffff:172.17.0.2", 80);
		serves(g, "c", there, 2, "::ffff:172.17.0.2", 80);
		calls(g, "a", wanted[i].node, 5, "::ffff:172.17.0.2", 80, 10);
		assert_string_equal(only_to(g), wanted[i].to);
		graph_free(g);
	}
}

static void replicas_of_one_add_up(void **state)
{
	struct graph *g = graph_new();
	const struct graph_edge *e;

	(void)state;
	serves(g, "b", here, 1, "::ffff:10.0.0.7", 80);
	serves(g, "b", there, 2, "::ffff:10.0.0.8", 80);
	calls(g, "a", here, 5, "::ffff:10.0.0.7", 80, 10);
	calls(g, "a", there, 5, "::ffff:10.0.0.7", 80, 20);
	calls(g, "a", here, 5, "::ffff:10.0.0.8", 80, 30);
	calls(g, "a", third, 5, "::ffff:10.0.0.8", 80, -1);
	e = edge(g, 0, 1);
	assert_int_equal(e->ends, 4);
	assert_int_equal(e->known, 3);
	assert_int_equal(e->addresses, 2);
	assert_true(e->load.calls == 60 && e->load.errors == 6 && e->load.ns == 60e6);
	assert_int_equal(e->load.hist[5], 60);
	assert_int_equal(e->load.age_ns, 30);
	graph_free(g);
}

static void where_a_connection_came_out_is_known(void **state)
{
	struct graph *g = graph_new();
	struct graph_place service = at(here, 1, "::ffff:10.96.0.1", 80), pod = at(there, 2, "::ffff:10.0.0.7", 8080);

	(void)state;
	graph_serves(g, "b", &pod);
	graph_calls(g, "a", &service, &pod, NULL);
	assert_string_equal(only_to(g), "b");
	assert_string_equal(edge(g, 0, 1)->address, "10.96.0.1:80");
	assert_int_equal(edge(g, 0, 1)->known, 0);
	graph_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_and_servers_meet_by_address),
		cmocka_unit_test(nobody_who_was_heard_is_an_address),
		cmocka_unit_test(loopback_stays_in_its_network_namespace),
		cmocka_unit_test(who_is_near_comes_first),
		cmocka_unit_test(replicas_of_one_add_up),
		cmocka_unit_test(where_a_connection_came_out_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
