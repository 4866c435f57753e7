/* SPDX-License-Identifier: Apache-2.0 */
/* Loads as a second of signals, each with one known cause; the arithmetic is in the comments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decide/saturation.h"

#define S  1000000000ull
#define MS 1000000ull

struct second {
	const char *what;
	struct signals now;
	uint32_t missing;
	uint64_t node_busy_ns; /* 0: unknown */
	uint16_t permille[SATURATION_CAUSES];
	enum saturation_advice advice;
};

/* In the order of the enum: run queue, throttle, memory, io, accept queue, network, connect. */
static const struct second seconds[] = {
	{.what = "idle", .now = {.threads = 1}, .advice = SATURATION_NONE},
	{.what = "one thread at half of a core by its quota: 0.5 on, 0.5 stopped",
	 .now = {.cpu_ns = 500 * MS, .runq_wait_ns = 500 * MS, .cpu_throttled_ns = 500 * MS,
		 .threads = 1, .busiest_thread = 1000},
	 .permille = {0, 500},
	 .advice = SATURATION_RAISE_CPU_LIMIT},
	{.what = "four threads on two CPUs, quota one core: half of the time both CPUs are stopped, "
		 "4 x 0.5 wait for that, and 2 x 0.5 for each other; 1 s is run",
	 .now = {.cpu_ns = S, .runq_wait_ns = 3 * S, .cpu_throttled_ns = S, .threads = 4},
	 .permille = {250, 500},
	 .advice = SATURATION_RAISE_CPU_LIMIT},
	{.what = "a quarter of a core wanted, and neighbours that take the rest",
	 .now = {.cpu_ns = 250 * MS, .runq_wait_ns = 750 * MS, .threads = 1, .busiest_thread = 1000},
	 .node_busy_ns = 2 * S,
	 .permille = {750},
	 .advice = SATURATION_NODE_BUSY},
	{.what = "six threads of its own on two CPUs",
	 .now = {.cpu_ns = 2 * S, .runq_wait_ns = 4 * S, .threads = 6},
	 .node_busy_ns = 2 * S,
	 .permille = {666},
	 .advice = SATURATION_ADD_REPLICAS},
	{.what = "one busy thread behind a full queue",
	 .now = {.cpu_ns = 990 * MS, .runq_wait_ns = 10 * MS, .threads = 9, .busiest_thread = 995,
		 .accept_queue_fill = 1000},
	 .permille = {10, 0, 0, 0, 1000},
	 .advice = SATURATION_ADD_REPLICAS},
	{.what = "a full queue while it sleeps",
	 .now = {.cpu_ns = 20 * MS, .threads = 8, .busiest_thread = 15, .accept_queue_fill = 1000},
	 .permille = {0, 0, 0, 0, 1000},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "a queue that overflowed and drained again: one of ten callers was turned away",
	 .now = {.cpu_ns = 20 * MS, .threads = 8, .tcp_accepts = 90, .accept_overflows = 10, .accept_queue_fill = 8},
	 .permille = {0, 0, 0, 0, 1000},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "one of a hundred",
	 .now = {.cpu_ns = 20 * MS, .threads = 8, .tcp_accepts = 99, .accept_overflows = 1, .accept_queue_fill = 8},
	 .permille = {0, 0, 0, 0, 100},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "callers whom a filter turns away at an empty queue",
	 .now = {.cpu_ns = 20 * MS, .threads = 8, .tcp_accepts = 5, .accept_overflows = 50},
	 .advice = SATURATION_NONE},
	{.what = "a full queue that follows from a quota",
	 .now = {.cpu_ns = 200 * MS, .runq_wait_ns = 800 * MS, .cpu_throttled_ns = 800 * MS,
		 .threads = 1, .accept_queue_fill = 1000},
	 .permille = {0, 800, 0, 0, 1000},
	 .advice = SATURATION_RAISE_CPU_LIMIT},
	{.what = "reclaiming for its own limit",
	 .now = {.cpu_ns = 300 * MS, .psi_memory_some_ns = 400 * MS, .limit_reclaim_ns = 350 * MS},
	 .permille = {0, 0, 400},
	 .advice = SATURATION_RAISE_MEMORY_LIMIT},
	{.what = "reclaiming for the node",
	 .now = {.cpu_ns = 300 * MS, .psi_memory_some_ns = 400 * MS, .reclaim_ns = 350 * MS},
	 .permille = {0, 0, 400},
	 .advice = SATURATION_NODE_BUSY},
	{.what = "killed for want of memory",
	 .now = {.oom_kills = 1},
	 .permille = {0, 0, 1000},
	 .advice = SATURATION_RAISE_MEMORY_LIMIT},
	{.what = "waiting for a disk",
	 .now = {.cpu_ns = 50 * MS, .psi_io_some_ns = 900 * MS},
	 .permille = {0, 0, 0, 900},
	 .advice = SATURATION_SLOW_DISK},
	{.what = "waiting for a disk that reads back what its own limit drove out",
	 .now = {.cpu_ns = 50 * MS, .psi_io_some_ns = 600 * MS, .psi_memory_some_ns = 30 * MS,
		 .limit_reclaim_ns = 150 * MS},
	 .permille = {0, 0, 30, 600},
	 .advice = SATURATION_RAISE_MEMORY_LIMIT},
	{.what = "the same on a slow disk, which leaves little to do: a tenth of its work is reclaim",
	 .now = {.cpu_ns = 50 * MS, .psi_io_some_ns = 950 * MS, .limit_reclaim_ns = 5 * MS},
	 .permille = {0, 0, 0, 950},
	 .advice = SATURATION_RAISE_MEMORY_LIMIT},
	{.what = "a disk that is slow for who reads much and reclaims little",
	 .now = {.cpu_ns = 50 * MS, .psi_io_some_ns = 950 * MS, .limit_reclaim_ns = 2 * MS},
	 .permille = {0, 0, 0, 950},
	 .advice = SATURATION_SLOW_DISK},
	{.what = "no pressure to be had: requests in flight, at most one counts",
	 .now = {.io_ns = 3 * S},
	 .missing = SIGNAL_NO_PSI,
	 .permille = {0, 0, 0, 1000},
	 .advice = SATURATION_SLOW_DISK},
	{.what = "two in a hundred segments lost",
	 .now = {.tcp_segments = 1000, .tcp_retransmits = 20},
	 .permille = {0, 0, 0, 0, 0, 200},
	 .advice = SATURATION_LOSSY_NETWORK},
	{.what = "one lost of three: too few to tell",
	 .now = {.tcp_segments = 3, .tcp_retransmits = 1},
	 .permille = {0, 0, 0, 0, 0, 50},
	 .advice = SATURATION_NONE},
	{.what = "30 calls that nobody answered, on a network that loses nothing",
	 .now = {.cpu_ns = 20 * MS, .threads = 1, .tcp_segments = 50, .tcp_syn_retransmits = 30},
	 .permille = {0, 0, 0, 0, 0, 0, 1000},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "callers that do not take its answers: an open port on the internet has them",
	 .now = {.cpu_ns = 20 * MS, .threads = 1, .tcp_synack_retransmits = 30},
	 .advice = SATURATION_NONE},
	{.what = "one lost SYN of three calls: too few to tell",
	 .now = {.tcp_connects = 2, .tcp_syn_retransmits = 1},
	 .permille = {0, 0, 0, 0, 0, 0, 50},
	 .advice = SATURATION_NONE},
	{.what = "two calls that hang, of which no SYN was sent in this second",
	 .now = {.threads = 1, .tcp_connects_unanswered = 2},
	 .permille = {0, 0, 0, 0, 0, 0, 100},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "one thread's call that hangs does not hide that the server is full",
	 .now = {.cpu_ns = 990 * MS, .runq_wait_ns = 10 * MS, .threads = 9, .busiest_thread = 995,
		 .accept_queue_fill = 1000, .tcp_connects_unanswered = 1},
	 .permille = {10, 0, 0, 0, 1000, 0, 50},
	 .advice = SATURATION_ADD_REPLICAS},
	{.what = "ten that hang, and thirty that were answered",
	 .now = {.threads = 1, .tcp_connects_unanswered = 10, .tcp_connects = 30, .tcp_syn_retransmits = 4},
	 .permille = {0, 0, 0, 0, 0, 0, 250},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "who cannot tell which hang tells by what was sent again",
	 .now = {.threads = 1, .tcp_connects_unanswered = 10, .tcp_syn_retransmits = 4},
	 .missing = SIGNAL_NO_CONNECTS,
	 .permille = {0, 0, 0, 0, 0, 0, 200},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "a moment of work that waited as long, by chance",
	 .now = {.cpu_ns = 5 * MS, .runq_wait_ns = 5 * MS, .threads = 1},
	 .permille = {25},
	 .advice = SATURATION_NONE},
	{.what = "hardly any work that waited a hundred times as long: 1.5 % of the second",
	 .now = {.cpu_ns = MS / 5, .runq_wait_ns = 15 * MS, .threads = 1},
	 .node_busy_ns = S,
	 .permille = {75},
	 .advice = SATURATION_NONE},
	{.what = "the same, and 4 %",
	 .now = {.cpu_ns = MS / 5, .runq_wait_ns = 40 * MS, .threads = 1},
	 .node_busy_ns = S,
	 .permille = {200},
	 .advice = SATURATION_NODE_BUSY},
	{.what = "a fifth of a second of work, the half of it waiting, counts as a whole",
	 .now = {.cpu_ns = 100 * MS, .runq_wait_ns = 100 * MS, .threads = 1},
	 .node_busy_ns = S,
	 .permille = {500},
	 .advice = SATURATION_NODE_BUSY},
	{.what = "a quota of a fiftieth of a core that wants twice as much",
	 .now = {.cpu_ns = 20 * MS, .runq_wait_ns = 20 * MS, .cpu_throttled_ns = 20 * MS, .threads = 1},
	 .permille = {0, 100},
	 .advice = SATURATION_RAISE_CPU_LIMIT},
	{.what = "a lossy network is not drowned by a task that waits 1 % of the time",
	 .now = {.cpu_ns = MS, .runq_wait_ns = 15 * MS, .threads = 1, .tcp_segments = 500, .tcp_retransmits = 20},
	 .node_busy_ns = S,
	 .permille = {75, 0, 0, 0, 0, 400},
	 .advice = SATURATION_LOSSY_NETWORK},
	{.what = "a full queue and a moment's wait",
	 .now = {.cpu_ns = 5 * MS, .runq_wait_ns = 5 * MS, .threads = 1, .accept_queue_fill = 1000},
	 .permille = {25, 0, 0, 0, 1000},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "a full queue in front of a server that sleeps, and waits for a CPU when it wakes",
	 .now = {.cpu_ns = 20 * MS, .runq_wait_ns = 44 * MS, .threads = 1, .busiest_thread = 64,
		 .accept_queue_fill = 1000},
	 .node_busy_ns = 2 * S,
	 .permille = {220, 0, 0, 0, 1000},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "the same, and its disk takes a fifth of the time",
	 .now = {.cpu_ns = 20 * MS, .threads = 1, .psi_io_some_ns = 200 * MS, .accept_queue_fill = 1000},
	 .permille = {0, 0, 0, 200, 1000},
	 .advice = SATURATION_WAITS_FOR_OTHERS},
	{.what = "a full queue that follows from a slow disk",
	 .now = {.cpu_ns = 20 * MS, .threads = 1, .psi_io_some_ns = 900 * MS, .accept_queue_fill = 1000},
	 .permille = {0, 0, 0, 900, 1000},
	 .advice = SATURATION_SLOW_DISK},
	{.what = "a full queue that follows from neighbours",
	 .now = {.cpu_ns = 600 * MS, .runq_wait_ns = 400 * MS, .threads = 1, .busiest_thread = 1000,
		 .accept_queue_fill = 1000},
	 .node_busy_ns = 2 * S,
	 .permille = {400, 0, 0, 0, 1000},
	 .advice = SATURATION_NODE_BUSY},
	{.what = "a queue that is half full does not hide who waits longer for a CPU",
	 .now = {.cpu_ns = 600 * MS, .runq_wait_ns = 900 * MS, .threads = 2, .accept_queue_fill = 500},
	 .node_busy_ns = 2 * S,
	 .permille = {600, 0, 0, 0, 500},
	 .advice = SATURATION_NODE_BUSY},
	{.what = "below a tenth nothing is said",
	 .now = {.cpu_ns = 910 * MS, .runq_wait_ns = 90 * MS, .threads = 1, .busiest_thread = 1000},
	 .permille = {90},
	 .advice = SATURATION_NONE},
};

static struct saturation of(const struct second *s)
{
	static const uint64_t nothing[SIGNALS];
	const struct saturation_input in = {.before = nothing,
					    .now = s->now.value,
					    .missing = s->missing,
					    .elapsed_ns = S,
					    .cpus = 2,
					    .node_known = s->node_busy_ns > 0,
					    .node_busy_ns = s->node_busy_ns};
	struct saturation ret;

	saturation_of(&in, &ret);
	return ret;
}

static void each_load_has_its_cause(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		const struct second *s = &seconds[i];
		struct saturation got = of(s);

		for (int c = 0; c < SATURATION_CAUSES; c++)
			if (got.permille[c] != s->permille[c])
				fail_msg("%s: %s is %u, not %u", s->what, saturation_word(c),
					 got.permille[c], s->permille[c]);
		if (got.advice != s->advice)
			fail_msg("%s: says \"%s\", not \"%s\"", s->what,
				 saturation_advice_word(got.advice), saturation_advice_word(s->advice));
	}
}

static void what_is_missing_is_unknown(void **state)
{
	static const struct {
		uint32_t missing, unknown;
	} table[] = {
		{SIGNAL_NO_CPU, 1u << SATURATION_CPU_RUNQUEUE | 1u << SATURATION_CPU_THROTTLE},
		{SIGNAL_NO_BANDWIDTH, 1u << SATURATION_CPU_THROTTLE},
		{SIGNAL_NO_PSI, 0}, /* reclaim and requests stand in */
		{SIGNAL_NO_PSI | SIGNAL_NO_RECLAIM, 1u << SATURATION_MEMORY},
		{SIGNAL_NO_PSI | SIGNAL_NO_IO, 1u << SATURATION_IO},
		{SIGNAL_NO_LISTEN, 1u << SATURATION_ACCEPT_QUEUE},
		{SIGNAL_NO_TCP, 1u << SATURATION_NETWORK | 1u << SATURATION_CONNECT},
		{SIGNAL_NO_TASKS | SIGNAL_NO_NET | SIGNAL_NO_MEMORY | SIGNAL_NO_DETAIL, 0},
	};
	const uint32_t all = (1u << SATURATION_CAUSES) - 1;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct second s = {.missing = table[i].missing};

		assert_int_equal(of(&s).known, all & ~table[i].unknown);
	}
}

static void without_a_quota_known_all_wait_is_the_run_queues(void **state)
{
	struct second s = {.now = {.cpu_ns = S / 2, .runq_wait_ns = S / 2, .cpu_throttled_ns = S / 2},
			   .missing = SIGNAL_NO_BANDWIDTH};

	(void)state;
	assert_int_equal(of(&s).permille[SATURATION_CPU_RUNQUEUE], 500);
}

static void who_hardly_wants_a_cpu_hardly_waits(void **state)
{
	(void)state;
	assert_int_equal(saturation_wait_permille(0, 0, S), 0);
	assert_int_equal(saturation_wait_permille(S / 4, S / 2, S), 500);
	assert_int_equal(saturation_wait_permille(S / 10, S / 5, S), 500);
	assert_int_equal(saturation_wait_permille(S / 100, S / 50, S), 50);
	assert_int_equal(saturation_wait_permille(S / 1000, S / 1000, S), 5);
	assert_int_equal(saturation_wait_permille(3 * S, 3 * S, S), SATURATION_FULL); /* three tasks that only wait */
}

static void counters_that_fell_count_as_nothing(void **state)
{
	uint64_t before[SIGNALS], now[SIGNALS] = {0};
	const struct saturation_input in = {
		.before = before, .now = now, .elapsed_ns = S, .cpus = 1};
	struct saturation got;

	(void)state;
	memset(before, 0xff, sizeof(before));
	saturation_of(&in, &got);
	for (int c = 0; c < SATURATION_CAUSES; c++)
		assert_int_equal(got.permille[c], 0);
	saturation_of(&(struct saturation_input){
			   .before = now, .now = before, .elapsed_ns = S, .cpus = UINT32_MAX},
		   &got); /* absurd growth: no crash, no more than full */
	for (int c = 0; c < SATURATION_CAUSES; c++)
		assert_true(got.permille[c] <= SATURATION_FULL);
}

static void the_worst_is_the_highest_that_is_known(void **state)
{
	struct saturation s = {.known = 1u << SATURATION_IO | 1u << SATURATION_MEMORY,
			       .permille = {900, 0, 10, 20}};

	(void)state;
	assert_int_equal(saturation_worst(&s), SATURATION_IO);
	s.permille[SATURATION_IO] = s.permille[SATURATION_MEMORY] = 0;
	assert_int_equal(saturation_worst(&s), SATURATION_CAUSES);
}

static void nothing_is_only_known_where_all_causes_are(void **state)
{
	const uint32_t all = (1u << SATURATION_CAUSES) - 1;

	(void)state;
	assert_true(saturation_tells(&(struct saturation){.known = all}));
	assert_false(saturation_tells(&(struct saturation){.known = all & ~(1u << SATURATION_CPU_THROTTLE)}));
	assert_false(saturation_tells(&(struct saturation){0}));
	assert_true(saturation_tells(&(struct saturation){.known = 1u << SATURATION_IO, .permille = {0, 0, 0, 5}}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_load_has_its_cause),
		cmocka_unit_test(what_is_missing_is_unknown),
		cmocka_unit_test(without_a_quota_known_all_wait_is_the_run_queues),
		cmocka_unit_test(who_hardly_wants_a_cpu_hardly_waits),
		cmocka_unit_test(counters_that_fell_count_as_nothing),
		cmocka_unit_test(nothing_is_only_known_where_all_causes_are),
		cmocka_unit_test(the_worst_is_the_highest_that_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
