/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app.h"

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
	view_at(s, 1000, &v);
	assert_int_equal(v.replicas, 0);
	store_expire(s, (clock_boot_t){ T0 + 1200 * S });
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
	second_row(&x, 1, 70 * S, 0); /* 60 s of CPU time in 1 s on 4 CPUs, and its wait fell */
	second_row(&x, 2, 5 * S + 60 * S, 0);
	second_row(&x, 77, 0, 0);
	assert_int_equal(fleet_put(s, n, &x, T0 + 21 * S + LATE), 0);
	assert_int_equal(c->refused[STORE_REFUSED_COUNTER_FELL], 1);
	assert_int_equal(c->refused[STORE_REFUSED_CPU_TIME], 1);
	assert_int_equal(c->refused[STORE_REFUSED_UNKNOWN_ROW], 1);
	view_at(s, 21, &v);
	assert_false(v.replica[0].cpu_known);
	assert_false(v.replica[1].cpu_known);
	/* It heals by itself: two seconds that can be make a new base. */
	for (uint64_t t = 22; t <= 24; t++) {
		second(&x, 1, t - 9, t * S, false);
		second_row(&x, 1, (t + 49) * S, 0);
		assert_int_equal(fleet_put(s, n, &x, T0 + t * S + LATE), 0);
		view_at(s, t, &v);
		assert_int_equal(v.replica[0].cpu_known, t == 24);
	}
	assert_int_equal(v.replica[0].cpu_milli, 1000);
	/* 4 CPUs may be busy all the time. */
	second(&x, 1, 16, 25 * S, false);
	second_row(&x, 1, 77 * S, 0);
	assert_int_equal(fleet_put(s, n, &x, T0 + 25 * S + LATE), 0);
	assert_int_equal(c->refused[STORE_REFUSED_CPU_TIME], 1);
	store_free(s);
}

/* Counters that fall to nothing and stay there are not those of a container that does nothing. */
static void what_fell_is_unknown_until_it_moves(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;
	struct view v;

	(void)state;
	for (uint64_t t = 21; t <= 25; t++) {
		second(&x, 1, t - 9, t * S, true);
		second_row(&x, 1, 0, 0);
		second_row(&x, 2, 5 * S, 0);
		assert_int_equal(fleet_put(s, n, &x, T0 + t * S + LATE), 0);
		view_at(s, t, &v);
		assert_false(v.replica[0].cpu_known);
	}
	assert_int_equal(v.replica[0].sample_age_ns, 4 * S);
	for (uint64_t t = 26; t <= 28; t++) {
		second(&x, 1, t - 9, t * S, false);
		second_row(&x, 1, 11 * S + (t - 25) * S / 10, 0); /* 11 s of CPU time in one is no rate */
		assert_int_equal(fleet_put(s, n, &x, T0 + t * S + LATE), 0);
		view_at(s, t, &v);
		assert_int_equal(v.replica[0].sample_age_ns, t == 26 ? 5 * S : 0);
		assert_int_equal(v.replica[0].cpu_known, t == 28);
	}
	assert_int_equal(v.replica[0].cpu_milli, 100);
	store_free(s);
}

/* CPUs are idle or at work: a node whose idle time stands still, too, was not measured. */
static void a_node_that_stands_still_is_silent(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;
	struct view v;

	(void)state;
	for (uint64_t t = 21; t <= 30; t++) {
		second(&x, 1, t - 9, t * S, t == 25);
		x.b.node = (struct store_node_sample){.known = true, .cpu_idle_ns = 7 * S};
		second_row(&x, 1, 11 * S, 6 * S);
		if (t == 25)
			second_row(&x, 2, 5 * S, 0);
		assert_int_equal(fleet_put(s, n, &x, T0 + t * S + LATE), 0);
	}
	view_at(s, 30, &v);
	assert_int_equal(v.replicas, 2);
	assert_int_equal(v.nodes_silent, 1);
	assert_int_equal(v.fleet_silent, 1);
	assert_false(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].sample_age_ns, 9 * S);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_STILL], 9);
	/* It moves: an hour of work is none in one second. */
	second(&x, 1, 22, 31 * S, false);
	x.b.node = (struct store_node_sample){.known = true, .cpu_idle_ns = 8 * S};
	second_row(&x, 1, 12 * S, 6 * S);
	assert_int_equal(fleet_put(s, n, &x, T0 + 31 * S + LATE), 0);
	view_at(s, 31, &v);
	assert_int_equal(v.nodes_silent, 0);
	assert_int_equal(v.replica[0].sample_age_ns, 0);
	assert_false(v.replica[1].cpu_known); /* it was not named since */
	store_free(s);
}

/* All CPUs at work: idle time stands still, the rows do not. */
static void a_busy_node_does_not_stand_still(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;

	(void)state;
	for (uint64_t t = 21; t <= 30; t++) {
		second(&x, 1, t - 9, t * S, false);
		x.b.node = (struct store_node_sample){.known = true, .cpu_idle_ns = 7 * S};
		second_row(&x, 1, (t - 10) * S, 0);
		assert_int_equal(fleet_put(s, n, &x, T0 + t * S + LATE), 0);
	}
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_STILL], 0);
	assert_int_equal(store_nodes_silent(s, (clock_boot_t){T0 + 31 * S}), 0);
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
	assert_int_equal(n->gone->value[SIGNAL_CPU_NS], 6 * S);
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
	x.flags[0] = SIGNAL_NO_CPU | SIGNAL_NO_MEMORY | SIGNAL_NO_PSI;
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

static void second_victim(struct second *x, uint32_t row, uint32_t pid, uint64_t boottime_ns)
{
	x->victim[x->b.n_victims++] =
		(struct store_victim){.row = row, .pid = pid, .name = "java", .boottime_ns = boottime_ns, .count = pid};
}

static void the_last_victim_is_kept_over_keyframes_and_agents(void **state)
{
	struct store *s = store_new(&(struct store_options){ .agents_max = 2, .rows_max = 10 });
	const uint64_t *refused = &store_counters(s)->refused[STORE_REFUSED_VICTIM];
	struct store_node *n;
	struct store_row *r;
	struct second x;
	uint64_t held;

	(void)state;
	second(&x, 7, 0, 10 * S, false);
	second_name(&x, 1, "/a");
	n = fleet_hello(s, "one", &x, 10 * S, &held);
	second(&x, 7, 1, 11 * S, true);
	second_row(&x, 1, 0, 0);
	assert_int_equal(fleet_put(s, n, &x, 11 * S), 0);
	r = map_get(n->rows, 1);
	assert_null(r->victim);
	second(&x, 7, 2, 12 * S, false);
	second_victim(&x, 1, 40, 11 * S + 1);
	second_victim(&x, 2, 41, 11 * S + 1);  /* no such row */
	second_victim(&x, 1, 42, 100 * S);     /* to come */
	assert_int_equal(fleet_put(s, n, &x, 12 * S), 0);
	assert_int_equal(*refused, 2);
	assert_non_null(r->victim);
	assert_int_equal(r->victim->pid, 40);
	assert_string_equal(r->victim->name, "java");
	second(&x, 7, 3, 13 * S, true);
	second_row(&x, 1, 0, 0);
	second_victim(&x, 1, 40, 11 * S + 1); /* said again */
	assert_int_equal(fleet_put(s, n, &x, 13 * S), 0);
	assert_int_equal(r->victim->told, 2);
	second(&x, 8, 0, 14 * S, false); /* the agent starts again and knows of none */
	second_name(&x, 1, "/a");
	assert_ptr_equal(fleet_hello(s, "one", &x, 14 * S, &held), n);
	assert_ptr_equal(map_get(n->rows, 1), r);
	assert_int_equal(r->victim->pid, 40);
	second(&x, 9, 0, 1 * S, false); /* another life of the machine, whose clock began anew */
	second_name(&x, 1, "/a");
	assert_int_equal(store_hello(s, &(struct store_source){ .node = "one", .boot_id = "other boot", .agent_version = "0",
								.interval_ns = S, .cpus = 4 },
				     &x.b, (clock_boot_t){ 15 * S }, &n, &held), 0);
	assert_ptr_equal(map_get(n->rows, 1), r);
	assert_null(r->victim);
	store_free(s);
}

static void put_cpus(struct store *s, struct store_node *n, uint64_t second_at, uint32_t cpus, uint64_t idle_ns, uint64_t cpu_ns)
{
	struct second x;

	second(&x, 7, second_at - 10, second_at * S, true);
	x.b.node = (struct store_node_sample){ .known = true, .cpus = cpus, .cpu_idle_ns = idle_ns };
	second_row(&x, 1, cpu_ns, 0);
	assert_int_equal(fleet_put(s, n, &x, second_at * S), 0);
}

/* What a cgroup can have used goes by the CPUs there are, and were. */
static void cpus_come_and_go(void **state)
{
	struct store *s = new_store();
	const uint64_t *refused = store_counters(s)->refused;
	struct store_node *n;
	struct second x;
	uint64_t held;

	(void)state;
	second(&x, 7, 0, 10 * S, false);
	second_name(&x, 1, "/a");
	n = fleet_hello(s, "one", &x, 10 * S, &held);
	put_cpus(s, n, 11, 4, 0, 0);
	put_cpus(s, n, 12, 4, S, 3 * S);
	assert_true(n->busy_known);
	assert_int_equal(n->busy_ns, 3 * S);
	put_cpus(s, n, 13, 8, 2 * S, 10 * S); /* 7 s in one second: 8 CPUs can do that, 4 cannot */
	assert_int_equal(refused[STORE_REFUSED_CPU_TIME], 0);
	assert_int_equal(n->cpus, 8);
	assert_false(n->busy_known);
	put_cpus(s, n, 14, 8, 3 * S, 17 * S);
	assert_true(n->busy_known);
	assert_int_equal(n->busy_ns, 7 * S);
	put_cpus(s, n, 15, 1, 3 * S + 1, 18 * S); /* 18 s in 15 of one CPU, most of it from before */
	put_cpus(s, n, 16, 0, 3 * S + 2, 19 * S); /* an agent that does not tell */
	assert_int_equal(refused[STORE_REFUSED_CPU_TIME], 0);
	assert_int_equal(n->cpus, 1);
	put_cpus(s, n, 17, 1, 3 * S + 3, 40 * S);
	assert_int_equal(refused[STORE_REFUSED_CPU_TIME], 1);
	store_free(s);
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

/* One replica that runs a fifth of the time and waits four fifths, from its 10th second on. */
static struct store_node *waiting_hello(struct store *s)
{
	struct second x;
	uint64_t held;

	second(&x, 1, 0, 10 * S, false);
	second_name(&x, 1, "/app/one");
	return fleet_hello(s, "node-a", &x, T0 + 10 * S + LATE, &held);
}

static void waiting_second(struct second *x, uint64_t t)
{
	second(x, 1, t - 9, t * S, t == 10);
	second_row(x, 1, t * S / 5, t * 8 * S / 10);
}

/* A replica that a quota stops, as it comes second by second: of 0.8 s of wait 0.6 s are the quota's. */
static void a_quota_is_a_cause_of_its_own(void **state)
{
	struct store *s = new_store();
	struct store_workload *w = store_workload(s, "app", "/app/*");
	struct store_summary sum;
	struct store_node *n;
	struct second x;
	struct view v;

	(void)state;
	n = waiting_hello(s);
	for (uint64_t t = 10; t <= 20; t++) {
		waiting_second(&x, t);
		x.column[SIGNAL_CPU_THROTTLED_NS][0] = t * 6 * S / 10;
		x.column[SIGNAL_PSI_IO_SOME_NS][0] = t * S / 50;
		assert_int_equal(fleet_put(s, n, &x, T0 + t * S + LATE), 0);
	}
	store_summarize(w, (clock_boot_t){T0 + 20 * S + LATE}, WINDOW, FRESH, &sum);
	assert_true(sum.saturation[SATURATION_CPU_THROTTLE].known);
	assert_in_range((uint64_t)(sum.saturation[SATURATION_CPU_THROTTLE].value * 1000), 590, 610);
	assert_in_range((uint64_t)(sum.saturation[SATURATION_CPU_RUNQUEUE].value * 1000), 190, 210);
	assert_in_range((uint64_t)(sum.saturation[SATURATION_IO].value * 1000), 16, 24);
	assert_int_equal(sum.advice, SATURATION_RAISE_CPU_LIMIT);
	assert_in_range((uint64_t)(sum.runq.value * 1000), 490, 510); /* 0.2 of 0.4: without the quota's */
	view_at(s, 20, &v);
	assert_in_range(v.replica[0].runq_permille, 490, 510);
	store_free(s);
}

static void unknown_groups_have_no_cause(void **state)
{
	struct store *s = new_store();
	struct store_summary sum;
	struct store_node *n;
	struct second x;

	(void)state;
	n = waiting_hello(s);
	for (uint64_t t = 10; t <= 14; t++) {
		waiting_second(&x, t);
		x.flags[0] = SIGNAL_NO_BANDWIDTH;
		x.b.unknown = SIGNAL_NO_TCP | SIGNAL_NO_LISTEN;
		assert_int_equal(fleet_put(s, n, &x, T0 + t * S + LATE), 0);
	}
	store_summarize(store_workload(s, "app", "/app/*"), (clock_boot_t){T0 + 14 * S + LATE}, WINDOW,
			FRESH, &sum);
	assert_true(sum.saturation[SATURATION_CPU_RUNQUEUE].known);
	assert_false(sum.saturation[SATURATION_CPU_THROTTLE].known);
	assert_false(sum.saturation[SATURATION_NETWORK].known);
	assert_false(sum.saturation[SATURATION_ACCEPT_QUEUE].known);
	store_free(s);
}

static uint64_t chance(uint64_t *state) /* xorshift64* */
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/* A node that sends anything: wrong epochs, sequences and times, rows that it never named, any value. */
static void lie(struct store *s, unsigned times)
{
	uint64_t random = 88172645463325252ull, held;
	struct store_node *n;
	struct second x;

	second(&x, 66, 0, S, false);
	for (uint32_t r = 1; r <= 8; r++)
		second_name(&x, r, r % 2 ? "/other/one" : "/other/two");
	n = fleet_hello(s, "liar", &x, T0, &held);
	for (unsigned i = 0; i < times; i++) {
		second(&x, chance(&random) % 8 ? 66 : chance(&random), n->sequence + chance(&random) % 4,
		       chance(&random) % 4 ? n->boottime_ns + S : chance(&random), chance(&random) % 2);
		x.b.node = (struct store_node_sample){.known = true, .cpu_idle_ns = chance(&random)};
		for (uint32_t r = 0; r < 10; r++)
			second_row(&x, r, chance(&random), chance(&random));
		(void)fleet_put(s, n, &x, T0 + chance(&random) % (20 * S));
	}
}

/* What others decide on is the same to the byte. */
static void a_hostile_node_changes_nothing_for_others(void **state)
{
	struct store *honest = new_store(), *attacked = new_store();
	struct view a, b;

	(void)state;
	run(honest, 1, 10, 20);
	lie(attacked, 5000);
	run(attacked, 1, 10, 20);
	lie(attacked, 5000);
	view_at(honest, 20, &a);
	view_at(attacked, 20, &b);
	assert_int_equal(a.replicas, b.replicas);
	for (uint32_t i = 0; i < a.replicas; i++) {
		struct view_replica x = a.replica[i], y = b.replica[i];

		assert_string_equal(x.container, y.container);
		x.container = y.container = NULL; /* each store's own text */
		assert_memory_equal(&x, &y, sizeof(x));
	}
	assert_int_equal(a.nodes_silent, b.nodes_silent);
	assert_true(store_counters(attacked)->refused[STORE_REFUSED_EPOCH] > 100);
	assert_true(store_counters(attacked)->refused[STORE_REFUSED_COUNTER_FELL] > 100);
	store_free(honest);
	store_free(attacked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hostile_node_changes_nothing_for_others),
		cmocka_unit_test(rates_and_idle_rows),
		cmocka_unit_test(one_sample_is_no_rate),
		cmocka_unit_test(silence_is_missing_not_zero),
		cmocka_unit_test(duplicates_gaps_and_time),
		cmocka_unit_test(a_gap_makes_left_out_rows_stale),
		cmocka_unit_test(what_cannot_be_is_no_rate),
		cmocka_unit_test(what_fell_is_unknown_until_it_moves),
		cmocka_unit_test(a_node_that_stands_still_is_silent),
		cmocka_unit_test(a_busy_node_does_not_stand_still),
		cmocka_unit_test(a_restarted_agent_continues_its_replicas),
		cmocka_unit_test(replayed_seconds_get_their_place),
		cmocka_unit_test(clocks_drift),
		cmocka_unit_test(limits_are_counted),
		cmocka_unit_test(gone_rows_leave_the_view),
		cmocka_unit_test(missing_signals_are_unknown),
		cmocka_unit_test(the_last_victim_is_kept_over_keyframes_and_agents),
		cmocka_unit_test(cpus_come_and_go),
		cmocka_unit_test(workloads_and_groups),
		cmocka_unit_test(wait_percentile),
		cmocka_unit_test(a_quota_is_a_cause_of_its_own),
		cmocka_unit_test(unknown_groups_have_no_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
