/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of store/: batches written as numbers instead of columns. */
#ifndef TESTS_FLEET_H
#define TESTS_FLEET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/store/node.h"
#include "aggregator/store/store.h"

#define S CLOCK_NS_PER_S
#define MS CLOCK_NS_PER_MS
#define FLEET_ROWS 64

struct second { /* one batch in the making */
	struct store_batch b;
	uint32_t row[FLEET_ROWS], flags[FLEET_ROWS];
	uint64_t column[SIGNALS][FLEET_ROWS];
	struct store_identity identity[FLEET_ROWS];
	char path[FLEET_ROWS][64];
	uint32_t hist_row[FLEET_ROWS], hist_bucket[FLEET_ROWS], hist_count[FLEET_ROWS];
	uint32_t gone[FLEET_ROWS];
	struct store_victim victim[FLEET_ROWS];
};

static inline struct second *second(struct second *s, uint64_t epoch, uint64_t sequence,
				    uint64_t boottime_ns, bool keyframe)
{
	memset(s, 0, sizeof(*s));
	s->b = (struct store_batch){ .epoch = epoch,
				     .sequence = sequence,
				     .boottime_ns = boottime_ns,
				     .keyframe = keyframe,
				     .row = s->row,
				     .flags = s->flags,
				     .identity = s->identity,
				     .hist = { { 0, s->hist_row, s->hist_bucket, s->hist_count } },
				     .gone = s->gone,
				     .victim = s->victim };
	for (size_t c = 0; c < SIGNALS; c++)
		s->b.column[c] = s->column[c];
	return s;
}

static inline void second_name(struct second *s, uint32_t row, const char *path)
{
	struct store_identity *id = &s->identity[s->b.n_identities];

	strncpy(s->path[s->b.n_identities], path, sizeof(s->path[0]) - 1);
	*id = (struct store_identity){ .row = row,
				       .kind = STORE_KIND_CGROUP,
				       .cgroup = s->path[s->b.n_identities],
				       .runtime = "",
				       .pod_uid = "",
				       .container_id = "",
				       .qos = "",
				       .pod_namespace = "",
				       .pod_name = "",
				       .workload = "",
				       .name = strrchr(s->path[s->b.n_identities], '/') + 1 };
	s->b.n_identities++;
}

static inline void second_row(struct second *s, uint32_t row, uint64_t cpu_ns, uint64_t wait_ns)
{
	size_t i = s->b.n_rows++;

	s->row[i] = row;
	s->column[SIGNAL_CPU_NS][i] = cpu_ns;
	s->column[SIGNAL_RUNQ_WAIT_NS][i] = wait_ns;
}

static inline struct store_node *fleet_hello_slow(struct store *s, const char *node, struct second *x,
						  uint64_t arrival_ns, uint64_t interval_ns, uint64_t *ret_sequence)
{
	struct store_source source = { .node = node,
				       .boot_id = "boot",
				       .agent_version = "0",
				       .interval_ns = interval_ns,
				       .cpus = 4,
				       .memory_bytes = 1 << 30 };
	struct store_node *n = NULL;

	assert_int_equal(
		store_hello(s, &source, &x->b, (clock_boot_t){ arrival_ns }, &n, ret_sequence), 0);
	return n;
}

static inline struct store_node *fleet_hello(struct store *s, const char *node, struct second *x,
					     uint64_t arrival_ns, uint64_t *ret_sequence)
{
	return fleet_hello_slow(s, node, x, arrival_ns, S, ret_sequence);
}

static inline int fleet_put(struct store *s, struct store_node *n, struct second *x,
			    uint64_t arrival_ns)
{
	enum store_refusal why;

	return store_put(s, n, &x->b, (clock_boot_t){ arrival_ns }, &why);
}

#endif
