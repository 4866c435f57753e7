/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "fleet.h"

#define WINDOW (3 * S)
#define FRESH (3 * S)
#define T0 (1000 * S)   /* our clock when the agent's says 0 */
#define LATE (20 * MS)  /* a message's way */

static struct store *new_store(void)
{
	return store_new(&(struct store_options){ .agents_max = 4, .rows_max = 100 });
}

/* An agent at second `from` … `to`, whose row 1 uses half a CPU and waits a quarter; row 2 is idle. */
static struct store_node *run(struct store *s, uint64_t epoch, uint64_t from, uint64_t to)
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
		assert_int_equal(fleet_put(s, n, &x, T0 + t * S + LATE), 0);
	}
	return n;
}

static void view_at(struct store *s, uint64_t t, struct view *v)
{
	struct store_workload *w = store_workload(s, "app", "/app/*");

	assert_int_equal(store_view(w, (clock_boot_t){ T0 + t * S + LATE }, WINDOW, FRESH, v), 0);
}

static void rates_and_idle_rows(void **state)
{
	struct store *s = new_store();
	struct view v;

	(void)state;
	run(s, 1, 10, 20);
	view_at(s, 20, &v);
	assert_int_equal(v.replicas, 2);
	assert_int_equal(v.nodes, 1);
	assert_int_equal(v.nodes_silent, 0);
	assert_string_equal(v.replica[0].name, "node-a:/app/one");
	assert_true(v.replica[0].cpu_known && v.replica[0].runq_known);
	assert_int_equal(v.replica[0].cpu_milli, 500);
	assert_in_range(v.replica[0].runq_permille, 332, 334);
	assert_int_equal(v.replica[0].window_ns, WINDOW);
	assert_int_equal(v.replica[0].sample_age_ns, 0);
	assert_int_equal(v.replica[0].age_ns, 10 * S);
	/* Left out since the keyframe: unchanged, so fresh and idle, not missing. */
	assert_string_equal(v.replica[1].name, "node-a:/app/two");
	assert_true(v.replica[1].cpu_known);
	assert_int_equal(v.replica[1].cpu_milli, 0);
	assert_int_equal(v.replica[1].sample_age_ns, 0);
	store_free(s);
}

static void one_sample_is_no_rate(void **state)
{
	struct store *s = new_store();
	struct view v;

	(void)state;
	run(s, 1, 10, 10);
	view_at(s, 10, &v);
	assert_int_equal(v.replicas, 2);
	assert_false(v.replica[0].cpu_known);
	assert_false(v.replica[1].cpu_known);
	store_free(s);
	s = new_store();
	run(s, 1, 10, 11);
	view_at(s, 11, &v);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].window_ns, S);
	store_free(s);
}

static void silence_is_missing_not_zero(void **state)
{
	struct store *s = new_store();
	struct store_node *n;
	struct view v;

	(void)state;
	n = run(s, 1, 10, 20);
	view_at(s, 23, &v);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].sample_age_ns, 3 * S);
	view_at(s, 24, &v);
	assert_int_equal(v.replicas, 2);
	assert_int_equal(v.nodes_silent, 1);
	assert_false(v.replica[0].cpu_known);
	assert_false(v.replica[1].cpu_known);
	store_expire(s, (clock_boot_t){ n->arrival_ns + STORE_SILENT_KEEP_NS - S });
	assert_int_equal(store_rows(s), 2);
	store_expire(s, (clock_boot_t){ n->arrival_ns + STORE_SILENT_KEEP_NS + S });
	assert_int_equal(store_rows(s), 0);
	assert_int_equal(store_counters(s)->rows_expired, 2);
	view_at(s, 400, &v);
	assert_int_equal(v.replicas, 0);
	store_expire(s, (clock_boot_t){ T0 + 500 * S });
	assert_int_equal(store_nodes(s), 0);
	assert_int_equal(store_counters(s)->nodes_expired, 1);
	store_free(s);
}

static void duplicates_gaps_and_time(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;

	(void)state;
	second(&x, 1, 11, 20 * S, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S), 1);
	assert_int_equal(store_counters(s)->duplicates, 1);
	second(&x, 2, 12, 21 * S, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S), -EBADMSG);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_EPOCH], 1);
	second(&x, 1, 12, 19 * S, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S), -EBADMSG);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_TIME], 1);
	second(&x, 1, 12, UINT64_MAX - 5, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S), -EBADMSG);
	assert_int_equal(store_counters(s)->gaps, 0);
	second(&x, 1, 14, 23 * S, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 23 * S), 0);
	assert_int_equal(store_counters(s)->gaps, 2);
	store_free(s);
}

/* After a gap a row that is left out may have changed in the lost second. */
static void a_gap_makes_left_out_rows_stale(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;
	struct view v;

	(void)state;
	for (uint64_t t = 22; t <= 26; t++) {
		second(&x, 1, t - 9, t * S, false);
		second_row(&x, 1, t * S / 2, t * S / 4);
		assert_int_equal(fleet_put(s, n, &x, T0 + t * S + LATE), 0);
	}
	view_at(s, 26, &v);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].cpu_milli, 500);
	assert_false(v.replica[1].cpu_known);
	assert_int_equal(v.replica[1].sample_age_ns, 6 * S);
	/* A keyframe names everything again. What happened in between is not the last second's. */
	second(&x, 1, 18, 27 * S, true);
	second_row(&x, 1, 27 * S / 2, 27 * S / 4);
	second_row(&x, 2, 9 * S, 0);
	assert_int_equal(fleet_put(s, n, &x, T0 + 27 * S + LATE), 0);
	view_at(s, 27, &v);
	assert_int_equal(v.replica[1].sample_age_ns, 0);
	assert_false(v.replica[1].cpu_known);
	second(&x, 1, 19, 28 * S, false);
	assert_int_equal(fleet_put(s, n, &x, T0 + 28 * S + LATE), 0);
	view_at(s, 28, &v);
	assert_true(v.replica[1].cpu_known);
	assert_int_equal(v.replica[1].cpu_milli, 0);
	store_free(s);
}

static void what_cannot_be_is_no_rate(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	const struct store_counters *c = store_counters(s);
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_row(&x, 1, 100 * S, 0); /* 90 s of CPU time in 1 s on 4 CPUs, and its wait fell */
	second_row(&x, 2, 5 * S + 90 * S, 0);
	second_row(&x, 77, 0, 0);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S + LATE), 0);
	assert_int_equal(c->refused[STORE_REFUSED_COUNTER_FELL], 1);
	assert_int_equal(c->refused[STORE_REFUSED_CPU_TIME], 1);
	assert_int_equal(c->refused[STORE_REFUSED_UNKNOWN_ROW], 1);
	view_at(s, 21, &v);
	assert_false(v.replica[0].cpu_known);
	assert_false(v.replica[1].cpu_known);
	/* It heals by itself: the next second stands on the new base. */
	second(&x, 1, 13, 22 * S, false);
	second_row(&x, 1, 101 * S, 0);
	assert_int_equal(fleet_put(s, n, &x, T0 + 22 * S + LATE), 0);
	view_at(s, 22, &v);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].cpu_milli, 1000);
	/* 4 CPUs may be busy all the time. */
	second(&x, 1, 14, 23 * S, false);
	second_row(&x, 1, 105 * S, 0);
	assert_int_equal(fleet_put(s, n, &x, T0 + 23 * S + LATE), 0);
	assert_int_equal(c->refused[STORE_REFUSED_CPU_TIME], 1);
	store_free(s);
}

static void a_restarted_agent_continues_its_replicas(void **state)
{
	struct store *s = new_store();
	struct second x;
	struct store_node *n;
	uint64_t held;
	struct view v;

	(void)state;
	run(s, 1, 10, 20);
	second(&x, 2, 0, 22 * S, false);
	second_name(&x, 9, "/app/one");
	second_name(&x, 1, "/app/three"); /* the numbers of the first run mean nothing now */
	n = fleet_hello(s, "node-a", &x, T0 + 22 * S + LATE, &held);
	assert_int_equal(held, 0);
	second(&x, 2, 1, 22 * S, true);
	second_row(&x, 9, 10 * MS, 0);
	second_row(&x, 1, 0, 0);
	assert_int_equal(fleet_put(s, n, &x, T0 + 22 * S + LATE), 0);
	view_at(s, 22, &v);
	assert_int_equal(v.replicas, 2); /* "two" is gone, it was not in the new run's names */
	assert_string_equal(v.replica[0].name, "node-a:/app/one");
	assert_false(v.replica[0].cpu_known);           /* one sample of this run */
	assert_int_equal(v.replica[0].age_ns, 12 * S);  /* but the replica is the old one */
	assert_string_equal(v.replica[1].name, "node-a:/app/three");
	second(&x, 2, 2, 23 * S, false);
	second_row(&x, 9, 10 * MS + S, 0);
	assert_int_equal(fleet_put(s, n, &x, T0 + 23 * S + LATE), 0);
	view_at(s, 23, &v);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].cpu_milli, 1000);
	assert_int_equal(store_counters(s)->gaps, 0);
	assert_int_equal(store_counters(s)->epochs, 2);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_COUNTER_FELL], 0);
	store_free(s);
}

/* 100 s are replayed in one moment; they get their true place, so nothing old looks new. */
static void replayed_seconds_get_their_place(void **state)
{
	struct store *s = new_store();
	uint64_t now_ns = T0 + 110 * S + LATE, held;
	struct store_node *n;
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 0, 110 * S, false); /* the preamble is of now */
	second_name(&x, 1, "/app/one");
	n = fleet_hello(s, "node-a", &x, now_ns, &held);
	for (uint64_t t = 10; t <= 109; t++) {
		second(&x, 1, t, t * S, t == 10);
		second_row(&x, 1, t * S / 2, 0);
		assert_int_equal(fleet_put(s, n, &x, now_ns), 0);
		view_at(s, 110, &v);
		assert_in_range(v.replica[0].sample_age_ns, (110 - t) * S, (110 - t) * S + MS);
	}
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].cpu_milli, 500);
	assert_int_equal(store_counters(s)->gaps, 0); /* 1 … 9 were before the oldest keyframe */
	store_free(s);
}

static void clocks_drift(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 10);
	uint64_t at = 0;
	struct second x;
	struct view v;

	(void)state;
	/* The agent's clock loses 100 ppm: after a day it is 8.6 s behind. */
	for (uint64_t i = 1; i < 8640; i++) {
		at = 10 * S + i * 10 * S;
		second(&x, 1, i + 1, at - at / 10000, false);
		assert_int_equal(fleet_put(s, n, &x, T0 + at + LATE), 0);
	}
	assert_int_equal(store_view(store_workload(s, "app", "/app/*"),
				    (clock_boot_t){ T0 + at + LATE }, WINDOW, FRESH, &v),
			 0);
	assert_in_range(v.replica[0].sample_age_ns, 0, 10 * MS);
	store_free(s);
}

static void limits_are_counted(void **state)
{
	struct store *s = store_new(&(struct store_options){ .agents_max = 1, .rows_max = 1 });
	struct store_source source = { .node = "other", .boot_id = "", .agent_version = "" };
	struct store_node *n = NULL;
	struct second x;
	uint64_t held;

	(void)state;
	run(s, 1, 10, 11);
	assert_int_equal(store_rows(s), 1);
	assert_true(store_counters(s)->rows_over_limit > 0);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_UNKNOWN_ROW], 0);
	second(&x, 1, 0, S, false);
	assert_int_equal(store_hello(s, &source, &x.b, (clock_boot_t){ T0 }, &n, &held), -ENOSPC);
	assert_null(n);
	assert_int_equal(store_counters(s)->agents_over_limit, 1);
	store_free(s);
}

static void gone_rows_leave_the_view(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_row(&x, 2, 6 * S, 0); /* its last second comes with its end */
	x.gone[x.b.n_gone++] = 2;
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S + LATE), 0);
	view_at(s, 21, &v);
	assert_int_equal(v.replicas, 1);
	assert_int_equal(store_rows(s), 1);
	assert_non_null(n->gone); /* kept for a while */
	assert_int_equal(n->gone->value[STORE_CPU_NS], 6 * S);
	store_expire(s, (clock_boot_t){ T0 + 21 * S + STORE_GONE_KEEP_NS - 2 * S });
	assert_non_null(n->gone);
	store_expire(s, (clock_boot_t){ T0 + 21 * S + STORE_GONE_KEEP_NS + 2 * S });
	assert_null(n->gone);
	/* Not in a keyframe: ended without our hearing of it. */
	second(&x, 1, 13, 22 * S, true);
	assert_int_equal(fleet_put(s, n, &x, T0 + 22 * S + LATE), 0);
	assert_int_equal(store_rows(s), 0);
	store_free(s);
}

static void missing_signals_are_unknown(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct store_summary sum;
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_row(&x, 1, 0, 0);
	x.flags[0] = STORE_NO_CPU | STORE_NO_MEMORY | STORE_NO_PSI;
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S + LATE), 0);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_COUNTER_FELL], 0);
	view_at(s, 21, &v);
	assert_false(v.replica[0].cpu_known);
	assert_true(v.replica[1].cpu_known);
	store_summarize(store_find_workload(s, "app"), (clock_boot_t){ T0 + 21 * S + LATE }, WINDOW,
			FRESH, &sum);
	assert_true(sum.cpu_cores.known);
	assert_true(sum.cpu_cores.coverage == 0.5);
	assert_true(sum.psi_cpu.coverage == 0.5);
	assert_false(sum.memory_limit_bytes.known);
	store_free(s);
}

struct seen {
	char names[256];
	unsigned n;
};

static void note(const struct store_summary *w, void *data)
{
	struct seen *seen = data;

	strcat(strcat(seen->names, w->name), " ");
	seen->n += w->replicas;
}

static void workloads_and_groups(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct seen seen = { 0 };
	struct store_workload *one;
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_name(&x, 3, "/system.slice/ssh.service");
	x.identity[0].kind = STORE_KIND_UNIT;
	second_name(&x, 4, "/kubepods/pod1/aaa");
	second_name(&x, 5, "/kubepods/pod1/bbb");
	x.identity[1].kind = x.identity[2].kind = STORE_KIND_POD_CONTAINER;
	x.identity[1].pod_uid = x.identity[2].pod_uid = "1-2-3";
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S + LATE), 0);
	one = store_workload(s, "zz-one", "/app/one");
	store_each(s, (clock_boot_t){ T0 + 21 * S }, WINDOW, FRESH, note, &seen);
	assert_string_equal(seen.names, "zz-one pod/1-2-3 ssh.service ");
	assert_int_equal(seen.n, 4);
	/* The first policy keeps a row; forgetting it lets the next one have it. */
	view_at(s, 21, &v);
	assert_int_equal(v.replicas, 1);
	assert_true(store_counters(s)->rows_ambiguous > 0);
	store_forget(s, one);
	view_at(s, 21, &v);
	assert_int_equal(v.replicas, 2);
	assert_null(store_find_workload(s, "zz-one"));
	/* A policy may change its glob. */
	store_workload(s, "app", "/nothing");
	assert_int_equal(store_view(store_find_workload(s, "app"), (clock_boot_t){ T0 }, WINDOW,
				    FRESH, &v),
			 0);
	assert_int_equal(v.replicas, 0);
	store_free(s);
}

static void long_names_keep_their_end(void **state)
{
	struct store *s = new_store();
	struct second x;
	struct view v;
	uint64_t held;
	char path[200] = "/app/";

	(void)state;
	memset(path + 5, 'x', 150);
	strcpy(path + 155, "-tail");
	second(&x, 1, 0, S, false);
	second_name(&x, 1, "/app/short");
	x.identity[0].cgroup = path;
	fleet_hello(s, "node-a", &x, T0 + S, &held);
	view_at(s, 1, &v);
	assert_int_equal(v.replicas, 1);
	assert_int_equal(strlen(v.replica[0].name), VIEW_NAME - 1);
	assert_string_equal(v.replica[0].name + VIEW_NAME - 6, "-tail");
	assert_int_equal(v.replica[0].sample_age_ns, UINT64_MAX);
	assert_false(v.replica[0].cpu_known);
	store_free(s);
}

static void wait_percentile(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct store_summary sum;
	struct second x;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_row(&x, 1, 21 * S / 2, 21 * S / 4);
	x.b.n_hist = 1;
	x.hist_bucket[0] = hist_bucket(3 * MS);
	x.hist_count[0] = 40;
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S + LATE), 0);
	store_summarize(store_workload(s, "app", "/app/*"), (clock_boot_t){ T0 + 21 * S + LATE },
			WINDOW, FRESH, &sum);
	assert_true(sum.runq_wait_p95_ns.known);
	assert_in_range((uint64_t)sum.runq_wait_p95_ns.value, 2 * MS, 5 * MS);
	store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_and_idle_rows),
		cmocka_unit_test(one_sample_is_no_rate),
		cmocka_unit_test(silence_is_missing_not_zero),
		cmocka_unit_test(duplicates_gaps_and_time),
		cmocka_unit_test(a_gap_makes_left_out_rows_stale),
		cmocka_unit_test(what_cannot_be_is_no_rate),
		cmocka_unit_test(a_restarted_agent_continues_its_replicas),
		cmocka_unit_test(replayed_seconds_get_their_place),
		cmocka_unit_test(clocks_drift),
		cmocka_unit_test(limits_are_counted),
		cmocka_unit_test(gone_rows_leave_the_view),
		cmocka_unit_test(missing_signals_are_unknown),
		cmocka_unit_test(workloads_and_groups),
		cmocka_unit_test(long_names_keep_their_end),
		cmocka_unit_test(wait_percentile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
