/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/obj.h"
#include "ctl/fleet.h"
#include "ctl/stand_in.h"
#include "wire/columns.h"
#include "wire/counts.h"

#define S 1000000000ull

static Plimsoll__V1__Identity names[2];
static Plimsoll__V1__Identity *name_list[] = {&names[0], &names[1]};
static Plimsoll__V1__Source source;
static Plimsoll__V1__Columns columns;
static uint32_t row[2], flags[2];
static uint64_t cpu[2], wait[2], memory[2], limit[2], psi[2];

static Plimsoll__V1__Batch preamble(void)
{
	Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;

	plimsoll__v1__source__init(&source);
	source.node = (char *)(uintptr_t) "one";
	source.cpus = 2;
	for (uint32_t i = 0; i < 2; i++) {
		plimsoll__v1__identity__init(&names[i]);
		names[i].row = 10 + i;
		names[i].cgroup = (char *)(uintptr_t)(i ? "/b" : "/a");
	}
	b.epoch = 7;
	b.source = &source;
	b.dictionary = name_list;
	b.n_dictionary = 2;
	b.live_rows = 2;
	return b;
}

/* A second in which the first `n` rows are told. */
static Plimsoll__V1__Batch second(uint64_t sequence, size_t n)
{
	Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;

	plimsoll__v1__columns__init(&columns);
	row[0] = 10;
	row[1] = 11;
	columns.row = row;
	columns.flags = flags;
	columns.cpu_ns = cpu;
	columns.runq_wait_ns = wait;
	columns.memory_working_set_bytes = memory;
	columns.memory_limit_bytes = limit;
	columns.psi_memory_some_ns = psi;
	columns.n_row = columns.n_flags = columns.n_cpu_ns = columns.n_runq_wait_ns = n;
	columns.n_memory_working_set_bytes = columns.n_memory_limit_bytes = n;
	columns.n_psi_memory_some_ns = n;
	b.epoch = 7;
	b.sequence = sequence;
	b.boottime_ns = sequence * S;
	b.columns = &columns;
	b.live_rows = 2;
	return b;
}

static struct fleet *begun(void)
{
	struct fleet *f = fleet_new();
	Plimsoll__V1__Batch b = preamble();

	memset(flags, 0, sizeof(flags));
	memset(limit, 0, sizeof(limit));
	memset(psi, 0, sizeof(psi));
	cpu[0] = cpu[1] = wait[0] = wait[1] = 5 * S;
	memory[0] = memory[1] = 4096;
	fleet_apply(f, &b);
	b = second(1, 2);
	fleet_apply(f, &b);
	return f;
}

static struct fleet_node *only_node(const struct fleet *f)
{
	size_t cursor = 0;
	return fleet_next(f, &cursor);
}

static struct fleet_row *row_of(const struct fleet *f, uint64_t id)
{
	return map_get(only_node(f)->rows, id);
}

static void test_one_sample_is_no_rate(void **state)
{
	struct fleet *f = begun();

	(void)state;
	assert_false(fleet_rated(f));
	assert_false(fleet_rate(only_node(f), row_of(f, 10), SIGNAL_CPU_NS).known);
	assert_true(fleet_level(row_of(f, 10), SIGNAL_MEMORY_WORKING_SET_BYTES).value == 4096);
	assert_false(fleet_level(row_of(f, 10), SIGNAL_MEMORY_LIMIT_BYTES).known); /* unlimited */
	fleet_free(f);
}

static void test_rates(void **state)
{
	struct fleet *f = begun();

	(void)state;
	cpu[0] += S / 2;
	wait[0] += S / 2;
	Plimsoll__V1__Batch b = second(2, 1); /* the other row did not change */
	assert_ptr_equal(fleet_apply(f, &b), only_node(f));
	assert_true(fleet_rated(f));
	assert_true(fleet_rate(only_node(f), row_of(f, 10), SIGNAL_CPU_NS).value == 0.5);
	assert_true(fleet_wait_share(only_node(f), row_of(f, 10)).value == 0.5);
	struct fleet_value idle = fleet_rate(only_node(f), row_of(f, 11), SIGNAL_CPU_NS);
	assert_true(idle.known && idle.value == 0);
	fleet_free(f);
}

/* A second of row 10 in which, so far, so many connects took about 2 ms, and of some newer agent's there was one. */
static Plimsoll__V1__Batch connected(uint64_t sequence, uint32_t times, uint32_t tells)
{
	static uint32_t of[2], count[2];
	static uint32_t bucket[] = {SIGNAL_HIST_CONNECT * HIST_BUCKETS + 23, SIGNAL_BUCKETS};
	Plimsoll__V1__Batch b = second(sequence, 1);

	b.wire_version = 3;
	b.tells = tells;
	count[0] = times;
	columns.hist_later_row = of;
	columns.hist_later_bucket = bucket;
	columns.hist_later_count = count;
	columns.n_hist_later_row = columns.n_hist_later_bucket = columns.n_hist_later_count = 2;
	return b;
}

static void test_connects_have_quantiles(void **state)
{
	struct fleet *f = begun();
	Plimsoll__V1__Batch b = connected(2, 3, columns_tells());
	struct fleet_value p95;

	(void)state;
	fleet_apply(f, &b);
	b = connected(3, 5, columns_tells());
	fleet_apply(f, &b);
	p95 = fleet_quantile(row_of(f, 10), SIGNAL_HIST_CONNECT, 0.95);
	assert_true(p95.known && p95.value > 0.002 && p95.value < 0.0031);
	assert_false(fleet_quantile(row_of(f, 10), SIGNAL_HIST_IO, 0.95).known);
	b = connected(4, 5, columns_tells()); /* none came */
	fleet_apply(f, &b);
	assert_false(fleet_quantile(row_of(f, 10), SIGNAL_HIST_CONNECT, 0.95).known);
	b = connected(5, 6, columns_tells() & ~(uint32_t)SIGNAL_NO_CONNECTS);
	fleet_apply(f, &b);
	assert_false(fleet_quantile(row_of(f, 10), SIGNAL_HIST_CONNECT, 0.95).known);
	fleet_free(f);
}

static void test_missing_is_not_zero(void **state)
{
	struct fleet *f = begun();

	(void)state;
	flags[0] = PLIMSOLL__V1__MISSING__MISSING_CPU | PLIMSOLL__V1__MISSING__MISSING_PSI;
	Plimsoll__V1__Batch b = second(2, 2);
	fleet_apply(f, &b);
	assert_false(fleet_rate(only_node(f), row_of(f, 10), SIGNAL_CPU_NS).known);
	assert_false(fleet_wait_share(only_node(f), row_of(f, 10)).known);
	assert_false(fleet_quantile(row_of(f, 10), SIGNAL_HIST_RUNQ_WAIT, 0.95).known);
	assert_false(fleet_rate(only_node(f), row_of(f, 10), SIGNAL_PSI_MEMORY_SOME_NS).known);
	assert_true(fleet_rate(only_node(f), row_of(f, 11), SIGNAL_CPU_NS).known);
	assert_false(fleet_cpu_used(only_node(f)).known); /* the node's own figures never came */
	cpu[1] -= 1;
	flags[0] = 0;
	psi[0] = 900 * S; /* it went on while nobody could read it */
	b = second(3, 2);
	fleet_apply(f, &b);
	assert_false(fleet_rate(only_node(f), row_of(f, 11), SIGNAL_CPU_NS).known); /* it fell */
	assert_false(fleet_rate(only_node(f), row_of(f, 10), SIGNAL_CPU_NS).known);
	assert_false(fleet_rate(only_node(f), row_of(f, 10), SIGNAL_PSI_MEMORY_SOME_NS).known);
	psi[0] += S / 2;
	b = second(4, 2);
	fleet_apply(f, &b);
	assert_true(fleet_rate(only_node(f), row_of(f, 10), SIGNAL_PSI_MEMORY_SOME_NS).value == 0.5);
	fleet_free(f);
}

static void test_a_node_is_idle_between_two_readings(void **state)
{
	struct fleet *f = begun();
	Plimsoll__V1__Node node = PLIMSOLL__V1__NODE__INIT;

	(void)state;
	for (uint64_t sequence = 2; sequence < 6; sequence++) {
		Plimsoll__V1__Batch b = second(sequence, 0);

		b.node = &node;
		node.cpu_idle_ns = sequence * S; /* half of two CPUs */
		node.missing = sequence == 4 ? PLIMSOLL__V1__NODE_MISSING__NODE_MISSING_IDLE : 0;
		fleet_apply(f, &b);
		assert_int_equal(fleet_cpu_used(only_node(f)).known, sequence == 3);
	}
	fleet_free(f);
}

static void test_a_clock_that_was_set_makes_no_sample_old(void **state)
{
	struct fleet_here here = {"a-boot", {70 * S}, {9000 * S}};
	struct fleet *f = fleet_new();
	Plimsoll__V1__Batch b = preamble();

	(void)state;
	source.boot_id = here.boot_id;
	fleet_apply(f, &b);
	assert_false(fleet_age(only_node(f), &here).known);
	b = second(68, 2);
	b.wall_unix_ns = 5400 * S; /* an hour was put on since */
	fleet_apply(f, &b);
	assert_true(fleet_age(only_node(f), &here).value == 2);
	here.boot_id[0] = 'b'; /* another machine */
	assert_true(fleet_age(only_node(f), &here).value == 3600);
	here.boot_id[0] = only_node(f)->boot_id[0] = '\0';
	assert_true(fleet_age(only_node(f), &here).value == 3600);
	fleet_free(f);
}

/* Not the number that the source told when the agent began; and what a CPU that comes or goes had idled is no idling. */
static void test_cpus_come_and_go(void **state)
{
	struct fleet *f = begun();
	Plimsoll__V1__Node node = PLIMSOLL__V1__NODE__INIT;
	static const uint32_t online[] = {2, 2, 1, 1, 4, 4};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		Plimsoll__V1__Batch b = second(2 + i, 0);

		b.node = &node;
		node.cpus = online[i];
		node.cpu_idle_ns += S / 2;
		fleet_apply(f, &b);
		assert_int_equal(only_node(f)->cpus, online[i]);
		assert_int_equal(fleet_cpu_used(only_node(f)).known, i % 2);
		if (i % 2)
			assert_true(fleet_cpu_used(only_node(f)).value == 1 - 0.5 / online[i]);
	}
	fleet_free(f);
}

static void test_pressure_of_a_node(void **state)
{
	struct fleet *f = begun();
	Plimsoll__V1__Node node = PLIMSOLL__V1__NODE__INIT;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		Plimsoll__V1__Batch b = second(2 + i, 0);

		b.node = &node;
		node.psi_cpu_some_ns += S / 4;
		node.psi_io_some_ns += 2 * S; /* our clock is not the kernel's: no more than all of the second */
		node.missing = i < 2 ? 0 : PLIMSOLL__V1__NODE_MISSING__NODE_MISSING_PSI_CPU;
		fleet_apply(f, &b);
		assert_int_equal(fleet_pressure(only_node(f), FLEET_CPU).known, i == 1);
		assert_int_equal(fleet_pressure(only_node(f), FLEET_MEMORY).known, i > 0);
		if (i == 1)
			assert_true(fleet_pressure(only_node(f), FLEET_CPU).value == 0.25);
		if (i == 1)
			assert_true(fleet_pressure(only_node(f), FLEET_IO).value == 1);
	}
	fleet_free(f);
}

static void test_rows_end(void **state)
{
	struct fleet *f = begun();
	uint32_t gone[] = {10};

	(void)state;
	Plimsoll__V1__Batch b = second(2, 2);
	b.gone = gone;
	b.n_gone = 1;
	cpu[0] = 6 * S;
	fleet_apply(f, &b);
	assert_true(fleet_rate(only_node(f), row_of(f, 10), SIGNAL_CPU_NS).value == 1); /* its last second */
	assert_non_null(row_of(f, 11));
	b = second(3, 0);
	fleet_apply(f, &b);
	assert_null(row_of(f, 10));
	gone[0] = 11; /* nothing more is told of it */
	b = second(4, 0);
	b.gone = gone;
	b.n_gone = 1;
	fleet_apply(f, &b);
	assert_null(row_of(f, 11));
	fleet_free(f);

	f = begun();
	b = second(3, 0);
	b.keyframe = true; /* names nobody: all have ended */
	fleet_apply(f, &b);
	assert_int_equal(map_size(only_node(f)->rows), 0);
	fleet_free(f);
}

static void test_strange_batches(void **state)
{
	struct fleet *f = begun();

	(void)state;
	Plimsoll__V1__Batch b = second(2, 2);
	b.epoch = 8; /* of a node that was never named */
	assert_null(fleet_apply(f, &b));
	columns.n_cpu_ns = 0; /* a column that is too short */
	uint32_t far[] = {9, 0}, bucket[] = {1, 4000}, times[] = {1, 1};
	columns.hist_row = far;
	columns.hist_bucket = bucket;
	columns.hist_count = times;
	columns.n_hist_row = columns.n_hist_bucket = columns.n_hist_count = 2;
	b.epoch = 7;
	assert_non_null(fleet_apply(f, &b));
	fleet_free(f);
}

static void test_stand_ins(void **state)
{
	struct fleet *f = begun();
	const Plimsoll__V1__Workload **list;
	size_t n;

	(void)state;
	limit[0] = 8192;
	wait[0] += S;
	psi[1] += S / 4;
	Plimsoll__V1__Batch b = second(2, 2);
	fleet_apply(f, &b);
	struct stand_in *s = stand_in_new(f, &list, &n);
	assert_int_equal(n, 2);
	const Plimsoll__V1__Workload *a = list[0], *other = list[1];
	if (strcmp(a->name, "/a") != 0) {
		a = list[1];
		other = list[0];
	}
	assert_string_equal(a->name, "/a");
	assert_string_equal(a->by_what, "cpu-runqueue");
	assert_int_equal(a->n_saturation, 7);
	assert_string_equal(a->saturation[0]->name, "cpu-runqueue");
	assert_false(a->saturation[1]->value->known); /* an old agent knows no quota */
	assert_true(a->memory_limit_bytes->known && a->memory_limit_bytes->value == 8192);
	assert_string_equal(other->by_what, "memory");
	assert_false(other->memory_limit_bytes->known);
	assert_int_equal(a->desired, 0);
	stand_in_free(s);
	fleet_free(f);
}

static void test_victims_go_to_their_rows(void **state)
{
	static char name[] = "java";
	Plimsoll__V1__OomVictim v = PLIMSOLL__V1__OOM_VICTIM__INIT, lost = PLIMSOLL__V1__OOM_VICTIM__INIT;
	Plimsoll__V1__OomVictim *list[] = {&lost, &v};
	struct fleet *f = begun();

	(void)state;
	assert_false(fleet_victim_age(only_node(f), row_of(f, 10)).known);
	v.row = 10;
	v.pid = 5;
	v.name = name;
	v.boottime_ns = S;
	lost.row = 99;
	Plimsoll__V1__Batch b = second(3, 0);
	b.oom_victims = list;
	b.n_oom_victims = 2;
	fleet_apply(f, &b);
	assert_true(fleet_victim_age(only_node(f), row_of(f, 10)).value == 2);
	assert_int_equal(row_of(f, 10)->victim.pid, 5);
	assert_null(row_of(f, 11)->victim.name);
	fleet_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_node_is_idle_between_two_readings),
		cmocka_unit_test(test_cpus_come_and_go),
		cmocka_unit_test(test_a_clock_that_was_set_makes_no_sample_old),
		cmocka_unit_test(test_connects_have_quantiles),
		cmocka_unit_test(test_one_sample_is_no_rate), cmocka_unit_test(test_rates),
		cmocka_unit_test(test_missing_is_not_zero),   cmocka_unit_test(test_rows_end),
		cmocka_unit_test(test_pressure_of_a_node),
		cmocka_unit_test(test_strange_batches),	      cmocka_unit_test(test_stand_ins),
		cmocka_unit_test(test_victims_go_to_their_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
