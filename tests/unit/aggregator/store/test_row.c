/* SPDX-License-Identifier: Apache-2.0 */
/* What a row may say, and what is made of values that cannot be or are not there. */
#include "app.h"

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
		assert_string_equal(x.node, y.node);
		x.container = y.container = x.node = y.node = NULL; /* each store's own texts */
		assert_memory_equal(&x, &y, sizeof(x));
	}
	assert_int_equal(a.nodes_silent, b.nodes_silent);
	assert_true(store_counters(attacked)->refused[STORE_REFUSED_EPOCH] > 100);
	assert_true(store_counters(attacked)->refused[STORE_REFUSED_COUNTER_FELL] > 100);
	store_free(honest);
	store_free(attacked);
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
	put_at(s, n, &x, 21);
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
		put_at(s, n, &x, t);
		view_at(s, t, &v);
		assert_int_equal(v.replica[0].cpu_known, t == 24);
	}
	assert_int_equal(v.replica[0].cpu_milli, 1000);
	/* 4 CPUs may be busy all the time. */
	second(&x, 1, 16, 25 * S, false);
	second_row(&x, 1, 77 * S, 0);
	put_at(s, n, &x, 25);
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
		put_at(s, n, &x, t);
		view_at(s, t, &v);
		assert_false(v.replica[0].cpu_known);
	}
	assert_int_equal(v.replica[0].sample_age_ns, 4 * S);
	for (uint64_t t = 26; t <= 28; t++) {
		second(&x, 1, t - 9, t * S, false);
		second_row(&x, 1, 11 * S + (t - 25) * S / 10, 0); /* 11 s of CPU time in one is no rate */
		put_at(s, n, &x, t);
		view_at(s, t, &v);
		assert_int_equal(v.replica[0].sample_age_ns, t == 26 ? 5 * S : 0);
		assert_int_equal(v.replica[0].cpu_known, t == 28);
	}
	assert_int_equal(v.replica[0].cpu_milli, 100);
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
	put_at(s, n, &x, 21);
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

static const struct view_replica *find(const struct view *v, const char *container)
{
	for (uint32_t i = 0; i < v->replicas; i++)
		if (strcmp(v->replica[i].container, container) == 0)
			return &v->replica[i];
	fail_msg("no replica %s", container);
	return NULL;
}

/* So is one that its agent found too late to know what it did before: it is not in doubt, also if it does nothing. */
static void what_was_missing_at_first_begins_when_it_comes(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	const struct view_replica *late;
	struct second x;
	struct view v;

	(void)state;
	for (uint64_t t = 21; t <= 24; t++) {
		second(&x, 1, t - 9, t * S, false);
		if (t == 21)
			second_name(&x, 3, "/app/three");
		if (t < 23)
			second_row(&x, 3, 0, 0);
		x.flags[0] = t == 21 ? SIGNAL_NO_CPU : 0;
		put_at(s, n, &x, t);
		view_at(s, t, &v);
		late = find(&v, "three");
		assert_int_equal(late->sample_age_ns, 0);
		assert_int_equal(late->cpu_known, t >= 23);
		assert_int_equal(late->cpu_milli, 0);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hostile_node_changes_nothing_for_others),
		cmocka_unit_test(what_cannot_be_is_no_rate),
		cmocka_unit_test(what_fell_is_unknown_until_it_moves),
		cmocka_unit_test(missing_signals_are_unknown),
		cmocka_unit_test(what_was_missing_at_first_begins_when_it_comes),
		cmocka_unit_test(cpus_come_and_go),
		cmocka_unit_test(the_last_victim_is_kept_over_keyframes_and_agents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
