/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of two nodes, and what the graph says of them. */
#include "aggregator/store/edges.h"
#include "base/graph.h"
#include "fleet.h"

#define ROW   1u
#define PEER  5u
#define FRESH (3 * S)

static struct store *s;
static struct second x;
static struct store_peer peers[4];
static uint32_t peer[4], hist_peer[4], of_bucket[4], hist_count[4];
static uint64_t calls[4], errors[4], untimed[4], ns[4], connection[4];

static int setup(void **state)
{
	(void)state;
	s = store_new(&(struct store_options){.agents_max = 4, .rows_max = 8});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	s = store_free(s);
	return 0;
}

static struct second *begin(uint64_t sequence, bool keyframe)
{
	second(&x, 7, sequence, (100 + sequence) * S, keyframe);
	x.b.peer = peers;
	x.b.calls = (struct store_calls){.known = true,
					 .peer = peer,
					 .calls = calls,
					 .errors = errors,
					 .untimed = untimed,
					 .ns = ns,
					 .connection = connection,
					 .hist = {0, hist_peer, of_bucket, hist_count}};
	second_row(&x, ROW, sequence * 10 * MS, 0);
	return &x;
}

static void name(uint32_t number, uint32_t row, bool serves, uint8_t last, uint16_t port)
{
	peers[x.b.n_peers++] = (struct store_peer){
		.peer = number, .row = row, .serves = serves, .address = {[10] = 0xff, [11] = 0xff, 10, 0, 0, last}, .port = port};
}

static void count(uint32_t number, uint64_t n, uint64_t failed, uint64_t number_of_connection)
{
	size_t i = x.b.calls.n++;

	peer[i] = number;
	calls[i] = n;
	errors[i] = failed;
	untimed[i] = 0;
	ns[i] = n * 2 * MS;
	connection[i] = number_of_connection;
}

static void bucket(uint32_t index, uint32_t which, uint32_t n)
{
	size_t i = x.b.calls.hist.n++;

	hist_peer[i] = index;
	of_bucket[i] = which;
	hist_count[i] = n;
}

static struct store_node *hello(const char *node, const char *cgroup)
{
	uint64_t held;

	second(&x, 7, 0, 100 * S, false);
	second_name(&x, ROW, cgroup);
	return fleet_hello(s, node, &x, 1000 * S, &held);
}

static int put(struct store_node *n)
{
	return fleet_put(s, n, &x, (1000 + x.b.sequence) * S);
}

/* The one edge there is; all 0: none. */
static struct graph_edge only(uint64_t sequence)
{
	struct graph *g = graph_new();
	struct graph_edge e = {0};
	size_t n;
	const struct graph_edge *const *all;

	store_edges(s, (clock_boot_t){(1000 + sequence) * S}, FRESH, g);
	all = graph_edges(g, &n);
	assert_in_range(n, 0, 1);
	if (n)
		e = *all[0];
	e.from = e.from ? "somebody" : NULL; /* the graph's */
	e.to = !e.to ? NULL : !strcmp(e.to, "/b") ? "/b" : "another";
	graph_free(g);
	return e;
}

/* 10 calls a second of 2 ms, every tenth an error, of which the node tells from its first second on. */
static void talk(struct store_node *n, uint64_t first, uint64_t last)
{
	for (uint64_t q = first; q <= last; q++) {
		begin(q, q == 1);
		if (q == 1)
			name(PEER, ROW, false, 7, 80);
		count(PEER, 1000 + 10 * q, 100 + q, 0);
		bucket(0, 20, (uint32_t)(1000 + 10 * q));
		assert_int_equal(put(n), 0);
	}
}

static void what_came_lately_is_told(void **state)
{
	struct store_node *n = hello("one", "/a");
	struct graph_edge e;

	(void)state;
	talk(n, 1, 1);
	assert_int_equal(only(1).known, 0); /* a keyframe's may be old */
	talk(n, 2, 9);
	e = only(9);
	assert_non_null(e.from);
	assert_null(e.to);
	assert_int_equal(e.known, 1);
	assert_float_equal(e.load.calls, 10, 0.01);
	assert_float_equal(e.load.errors, 1, 0.01);
	assert_float_equal(e.load.ns / e.load.timed, 2 * MS, 1000);
	assert_in_range(e.load.hist[20], 50, 100);
	assert_int_equal(only(20).known, 0); /* nobody heard of it for long */
}

static void a_new_one_counts_from_its_first_second(void **state)
{
	struct store_node *n = hello("one", "/a");

	(void)state;
	begin(1, true);
	assert_int_equal(put(n), 0);
	begin(2, false);
	name(PEER, ROW, false, 7, 80);
	count(PEER, 50, 0, 0);
	bucket(0, 20, 50);
	assert_int_equal(put(n), 0);
	assert_float_equal(only(2).load.calls, 50, 0.01);
	assert_int_equal(only(2).load.hist[20], 50);
}

static void across_a_gap_nothing_is_known(void **state)
{
	struct store_node *n = hello("one", "/a");

	(void)state;
	talk(n, 1, 5);
	begin(7, false);
	assert_int_equal(put(n), 0);
	assert_int_equal(only(7).known, 0);
	talk(n, 8, 9);
	assert_float_equal(only(9).load.calls, 10, 0.01);
}

static void impossible_calls_are_refused(void **state)
{
	struct store_node *n = hello("one", "/a");
	const uint64_t *refused = store_counters(s)->refused;

	(void)state;
	talk(n, 1, 3);
	begin(4, false);
	count(PEER, 5, 0, 0); /* fewer */
	count(PEER + 1, 5, 0, 0); /* of nobody */
	assert_int_equal(put(n), 0);
	assert_int_equal(refused[STORE_REFUSED_CALLS], 2);
	assert_int_equal(only(4).known, 0); /* a new beginning */
	begin(5, false);
	count(PEER, 15, 16, 0); /* more errors than calls */
	assert_int_equal(put(n), 0);
	assert_int_equal(refused[STORE_REFUSED_CALLS], 3);
	begin(6, false);
	count(PEER, 25, 0, 0);
	assert_int_equal(put(n), 0);
	assert_float_equal(only(6).load.calls, 10, 0.01);
}

static void impossible_peers_are_refused(void **state)
{
	struct store_node *n = hello("one", "/a");
	const uint64_t *refused = store_counters(s)->refused;

	(void)state;
	begin(1, true);
	name(PEER, ROW, false, 7, 80);
	name(PEER + 1, ROW + 1, false, 7, 80); /* of no row */
	name(PEER, ROW, false, 8, 80);         /* somewhere else than before */
	name(PEER, ROW, false, 7, 80);         /* the same again */
	assert_int_equal(put(n), 0);
	assert_int_equal(refused[STORE_REFUSED_PEER], 2);
	assert_int_equal(only(1).ends, 1);
}

static void they_go_with_their_row_and_with_a_keyframe(void **state)
{
	struct store_node *n = hello("one", "/a");

	(void)state;
	talk(n, 1, 2);
	assert_non_null(only(2).from);
	begin(3, true);
	x.b.calls.n = 0;
	assert_int_equal(put(n), 0);
	assert_null(only(3).from);
	begin(4, false);
	name(PEER + 1, ROW, false, 7, 80);
	count(PEER + 1, 1, 0, 0);
	assert_int_equal(put(n), 0);
	assert_non_null(only(4).from);
	begin(5, false);
	x.gone[0] = ROW;
	x.b.n_gone = 1;
	assert_int_equal(put(n), 0);
	assert_null(only(5).from);
	store_expire(s, (clock_boot_t){2000 * S}); /* the row is freed */
	assert_null(only(5).from);
}

static void who_stops_hearing_knows_nothing(void **state)
{
	struct store_node *n = hello("one", "/a");

	(void)state;
	talk(n, 1, 2);
	assert_int_equal(store_nodes_hearing(s), 1);
	begin(3, false);
	x.b.calls.known = false;
	assert_int_equal(put(n), 0);
	assert_null(only(3).from);
	assert_int_equal(store_nodes_hearing(s), 0);
}

static void there_are_as_many_as_rows(void **state)
{
	struct store_node *n = hello("one", "/a");

	(void)state;
	for (uint32_t q = 1; q <= 3; q++) {
		begin(q, q == 1);
		for (uint32_t i = 0; i < 4; i++)
			name(q * 10 + i, ROW, false, (uint8_t)i, (uint16_t)q);
		assert_int_equal(put(n), 0);
	}
	assert_int_equal(store_counters(s)->edges_over_limit, 4);
}

/* A calls b where it answers, on another node; and where the address is another one, by the number of a connection. */
static void both_sides_come_together(void **state)
{
	struct store_node *a = hello("one", "/a"), *b = hello("two", "/b");

	(void)state;
	begin(1, true);
	name(PEER, ROW, true, 7, 8080);
	count(PEER, 1, 0, 33);
	assert_int_equal(put(b), 0);
	begin(1, true);
	name(PEER, ROW, false, 7, 8080);
	assert_int_equal(put(a), 0);
	assert_string_equal(only(1).to, "/b");
	begin(2, true);
	name(PEER + 1, ROW, false, 99, 80);
	count(PEER + 1, 1, 0, 32);
	assert_int_equal(put(a), 0);
	assert_null(only(2).to);
	begin(3, false);
	count(PEER + 1, 2, 0, 33);
	assert_int_equal(put(a), 0);
	assert_string_equal(only(3).to, "/b");
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_came_lately_is_told),
		TEST(a_new_one_counts_from_its_first_second),
		TEST(across_a_gap_nothing_is_known),
		TEST(impossible_calls_are_refused),
		TEST(impossible_peers_are_refused),
		TEST(they_go_with_their_row_and_with_a_keyframe),
		TEST(who_stops_hearing_knows_nothing),
		TEST(there_are_as_many_as_rows),
		TEST(both_sides_come_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
