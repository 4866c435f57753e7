/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the store begin with: a node whose row 1 works and whose row 2 is idle, and looks at its workloads. */
#ifndef TESTS_APP_H
#define TESTS_APP_H

#include "fleet.h"

#define WINDOW (3 * S)
#define FRESH (3 * S)
#define T0 (1000 * S)   /* our clock when the agent's says 0 */
#define LATE (20 * MS)  /* a message's way */

static inline struct store *new_store(void)
{
	return store_new(&(struct store_options){ .agents_max = 4, .rows_max = 100 });
}

/* The batch of second `t`, which is to be taken. */
static inline void put_at(struct store *s, struct store_node *n, struct second *x, uint64_t t)
{
	assert_int_equal(fleet_put(s, n, x, T0 + t * S + LATE), 0);
}

/* An agent at second `from` … `to`, whose row 1 uses half a CPU and waits a quarter; row 2 is idle. */
static inline struct store_node *run(struct store *s, uint64_t epoch, uint64_t from, uint64_t to)
{
	struct second x;
	struct store_node *n;
	uint64_t held;

	second(&x, epoch, 0, from * S, false);
	second_name(&x, 1, "/app/one");
	second_name(&x, 2, "/app/two");
	n = fleet_hello(s, "node-a", &x, T0 + from * S + LATE, &held);
	for (uint64_t t = from; t <= to; t++) {
		second(&x, epoch, t - from + 1, t * S, t == from);
		second_row(&x, 1, t * S / 2, t * S / 4);
		if (t == from)
			second_row(&x, 2, 5 * S, 0);
		put_at(s, n, &x, t);
	}
	return n;
}

static inline void view_at(struct store *s, uint64_t t, struct view *v)
{
	struct store_workload *w = store_workload(s, "app", "/app/*");

	assert_int_equal(store_view(w, (clock_boot_t){ T0 + t * S + LATE }, WINDOW, FRESH, v), 0);
}

struct seen {
	char names[256];
	unsigned n;
};

static inline void note(const struct store_summary *w, void *data)
{
	struct seen *seen = data;

	strcat(strcat(seen->names, w->name), " ");
	seen->n += w->replicas;
}

#endif
