/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent may send: messages, each with two bytes of length before it, through the decoder, the
 * checks and into the store; then everything that reads the store. Whatever comes, no rate may be
 * above what the machine has.
 */
#include <stdint.h>
#include <stdlib.h>

#include "aggregator/ingest/intake.h"
#include "aggregator/serve/batch.h"
#include "aggregator/store/node.h"
#include "rpc/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRESH_NS (3 * CLOCK_NS_PER_S)

static void ended(struct intake *i, const struct intake_end *why)
{
	(void)i;
	(void)why;
}

/* True when it was a good preamble. */
static bool hand_over(struct intake *i, bool greeted, const uint8_t *p, size_t n, uint64_t now_ns)
{
	clock_boot_t now = { now_ns };
	struct rpc_arena arena;
	Plimsoll__V1__Batch *b;
	struct intake_end why;
	uint64_t held;

	rpc_arena_init(&arena, 4096, RPC_MAX_ARENA);
	b = plimsoll__v1__batch__unpack(&arena.allocator, n, p);
	if (b && greeted) {
		(void)intake_put(i, b, now);
	} else if (b) {
		intake_hello(i, b, NULL, now, &held, &why);
		greeted = why.code == RPC_OK;
	}
	rpc_arena_done(&arena);
	return greeted;
}

static void judge(const struct store_summary *w, void *data)
{
	const struct store_node *n = data;

	/* Rows x slack: a second's sample may be 25 % over, see ROW_CPU_SLACK_NS. */
	if (n && w->cpu_cores.known && w->cpu_cores.value > 1.6 * n->cpus * w->replicas + 1)
		abort();
	if (w->runq.known && (w->runq.value < 0 || w->runq.value > 1))
		abort();
}

/* Whatever came, no edge has less than nothing. */
static void join(struct store *s, clock_boot_t now)
{
	struct graph *g = graph_new();
	const struct graph_edge *const *all;
	size_t n;

	store_edges(s, now, FRESH_NS, g);
	all = graph_edges(g, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i]->known > all[i]->ends || all[i]->load.calls < 0 || all[i]->load.errors < 0)
			abort();
	graph_free(g);
}

static void read_all(struct store *s, uint64_t now_ns)
{
	struct store_workload *w = store_workload(s, "all", "/**");
	clock_boot_t now = { now_ns };
	struct batch *b = batch_new();
	size_t cursor = 0;
	struct store_node *n = store_next_node(s, &cursor);
	struct view v;

	(void)store_view(w, now, FRESH_NS, FRESH_NS, &v);
	join(s, now);
	store_each(s, now, 10 * CLOCK_NS_PER_S, FRESH_NS, judge, n);
	if (n) {
		(void)batch_build(b, n, BATCH_STATE, NULL, 0, NULL, 0);
		(void)batch_build(b, n, BATCH_SECOND, NULL, 0, NULL, 0);
	}
	batch_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store *s =
		store_new(&(struct store_options){ .agents_max = 4, .rows_max = 1000 });
	struct ingest *ingest = ingest_new(s);
	uint64_t now_ns = 1000 * CLOCK_NS_PER_S;
	bool greeted = false;
	struct intake i;

	intake_open(&i, ingest, (clock_boot_t){ now_ns }, ended);
	while (size >= 2) {
		size_t n = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		n = n < size ? n : size;
		greeted = hand_over(&i, greeted, data, n, now_ns);
		data += n;
		size -= n;
		now_ns += CLOCK_NS_PER_S;
		read_all(s, now_ns);
	}
	store_expire(s, (clock_boot_t){ now_ns + STORE_SILENT_KEEP_NS });
	intake_close(&i);
	ingest_free(ingest);
	store_free(s);
	return 0;
}
