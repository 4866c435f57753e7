/* SPDX-License-Identifier: Apache-2.0 */
/* Births, deaths and readings come from the test instead of a kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/sample.h"
#include "unit/agent/machine.h"

#define HEX   "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define OTHER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD   "/kubepods/burstable/pod6a4f2f0e-3b1c-4d5e-8f90-a1b2c3d4e5f6"

static struct machine m;

static int setup(void **state)
{
	(void)state;
	machine_init(&m);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	machine_done(&m);
	return 0;
}

static const struct sample_row *row(const char *cgroup)
{
	size_t n;
	struct sample_row *const *rows = sample_rows(m.sample, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i]->cgroup, cgroup) == 0)
			return rows[i];
	return NULL;
}

static size_t count(void)
{
	size_t n;

	sample_rows(m.sample, &n);
	return n;
}

static void a_container_sums_its_descendants(void **state)
{
	struct fake docker, container, inner;
	const struct sample_row *r;

	(void)state;
	bear(&m, &docker, "/docker", &m.root);
	bear(&m, &container, "/docker/" HEX, &docker);
	bear(&m, &inner, "/docker/" HEX "/init.scope", &container);
	container.reading = (struct signals){.cpu_ns = 5,
						   .runq_wait_ns = 1,
						   .switches = 2,
						   .memory_usage_bytes = 900,
						   .memory_limit_bytes = 1000,
						   .memory_inactive_file_bytes = 100,
						   .psi_cpu_some_ns = 77};
	inner.reading = (struct signals){.cpu_ns = 30,
					       .runq_wait_ns = 4,
					       .switches = 6,
					       .memory_usage_bytes = 800,
					       .memory_inactive_file_bytes = 300};
	container.reading.hist[3] = 7;
	inner.reading.hist[3] = 5;
	machine_second(&m);
	assert_int_equal(count(), 1);
	r = row("/docker/" HEX);
	assert_int_equal(r->kind, IDENTITY_CONTAINER);
	assert_string_equal(r->runtime, "docker");
	assert_true(r->fresh && r->changed && !r->ended);
	assert_int_equal(r->now.missing, 0);
	assert_int_equal(r->now.cpu_ns, 35);
	assert_int_equal(r->now.runq_wait_ns, 5);
	assert_int_equal(r->now.switches, 8);
	assert_int_equal(r->now.hist[3], 12);
	assert_int_equal(r->now.memory_usage_bytes, 900);
	assert_int_equal(r->now.memory_working_set_bytes, 500);
	assert_int_equal(r->now.memory_limit_bytes, 1000);
	assert_int_equal(r->now.psi_cpu_some_ns, 77);
}

/* One signal of each scope: OWN, SUM of a counter and of a gauge, MAX, FIRST. */
static void each_signal_has_its_way_to_make_one_value(void **state)
{
	struct fake container, inner;
	const struct sample_row *r;

	(void)state;
	bear(&m, &container, "/docker-" HEX ".scope", &m.root);
	bear(&m, &inner, "/docker-" HEX ".scope/init.scope", &container);
	container.reading = (struct signals){.oom_kills = 3,
					     .io_reads = 10,
					     .threads = 4,
					     .accept_queue_fill = 200,
					     .started_ns = 70};
	inner.reading = (struct signals){.oom_kills = 2,
					 .io_reads = 5,
					 .threads = 1,
					 .accept_queue_fill = 900,
					 .started_ns = 60};
	container.reading.hist[SIGNAL_HIST_IO * 48 + 7] = 1;
	inner.reading.hist[SIGNAL_HIST_IO * 48 + 7] = 2;
	machine_second(&m);
	r = row("/docker-" HEX ".scope");
	assert_int_equal(r->now.oom_kills, 3);
	assert_int_equal(r->now.io_reads, 15);
	assert_int_equal(r->now.threads, 5);
	assert_int_equal(r->now.accept_queue_fill, 900);
	assert_int_equal(r->now.started_ns, 60);
	assert_int_equal(r->now.hist[SIGNAL_HIST_IO * 48 + 7], 3);
	die(&m, &inner);
	container.reading.started_ns = 0; /* no process any more */
	machine_second(&m);
	assert_int_equal(r->now.io_reads, 15); /* what ended stays counted … */
	assert_int_equal(r->now.threads, 4);   /* … and is not there */
	assert_int_equal(r->now.accept_queue_fill, 200);
	assert_int_equal(r->now.started_ns, 0);
}

static void what_is_shared_is_missing_when_one_cgroup_misses_it(void **state)
{
	struct fake container, inner;

	(void)state;
	bear(&m, &container, "/docker-" HEX ".scope", &m.root);
	bear(&m, &inner, "/docker-" HEX ".scope/init.scope", &container);
	inner.reading.missing = SIGNAL_NO_IO | SIGNAL_NO_PSI | SIGNAL_NO_BANDWIDTH;
	machine_second(&m);
	assert_int_equal(row("/docker-" HEX ".scope")->now.missing, SIGNAL_NO_IO);
	container.reading.missing = SIGNAL_NO_PSI;
	machine_second(&m);
	assert_int_equal(row("/docker-" HEX ".scope")->now.missing, SIGNAL_NO_IO | SIGNAL_NO_PSI);
}

static void the_last_victim_of_all_its_cgroups_is_the_rows(void **state)
{
	struct fake container, inner;
	const struct sample_row *r;

	(void)state;
	bear(&m, &container, "/docker-" HEX ".scope", &m.root);
	bear(&m, &inner, "/docker-" HEX ".scope/init.scope", &container);
	container.reading.victim = (struct plimsoll_victim){.at_ns = 5, .pid = 50, .count = 2};
	inner.reading.victim = (struct plimsoll_victim){.at_ns = 9, .pid = 90, .count = 1};
	machine_second(&m);
	r = row("/docker-" HEX ".scope");
	assert_int_equal(r->now.victim.pid, 90);
	assert_int_equal(r->now.victim.count, 3);
	die(&m, &inner); /* what happened in it stays its row's */
	machine_second(&m);
	assert_int_equal(r->now.victim.pid, 90);
	assert_int_equal(r->now.victim.count, 3);
	container.reading.victim = (struct plimsoll_victim){0}; /* one is being written */
	machine_second(&m);
	assert_int_equal(r->now.victim.count, 3);
	container.reading.victim = (struct plimsoll_victim){.at_ns = 12, .pid = 51, .count = 3};
	machine_second(&m);
	assert_int_equal(r->now.victim.pid, 51);
	assert_int_equal(r->now.victim.count, 4);
	container.reading.missing = SIGNAL_NO_OOM;
	machine_second(&m);
	assert_int_equal(r->now.missing, SIGNAL_NO_OOM);
}

static void a_working_set_is_never_negative(void **state)
{
	struct fake f;

	(void)state;
	bear(&m, &f, "/a", &m.root);
	f.reading.memory_usage_bytes = 10;
	f.reading.memory_inactive_file_bytes = 11;
	machine_second(&m);
	assert_int_equal(row("/a")->now.memory_working_set_bytes, 0);
}

static void a_dead_child_does_not_make_its_row_fall(void **state)
{
	struct fake unit, child;

	(void)state;
	bear(&m, &unit, "/a.service", &m.root);
	bear(&m, &child, "/a.service/x", &unit);
	unit.reading.cpu_ns = 10;
	child.reading.cpu_ns = 100;
	child.reading.hist[1] = 4;
	machine_second(&m);
	child.reading.cpu_ns = 120; /* its last words */
	child.reading.hist[1] = 5;
	unit.reading.cpu_ns = 11;
	die(&m, &child);
	machine_second(&m);
	assert_int_equal(row("/a.service")->now.cpu_ns, 131);
	assert_int_equal(row("/a.service")->now.hist[1], 5);
	machine_second(&m);
	assert_int_equal(row("/a.service")->now.cpu_ns, 131);
	assert_false(row("/a.service")->changed);
}

static void an_ended_row_is_told_once_with_its_last_counters(void **state)
{
	struct fake f;

	(void)state;
	bear(&m, &f, "/a.service", &m.root);
	f.reading.cpu_ns = 10;
	f.reading.memory_usage_bytes = 4096;
	machine_second(&m);
	assert_int_equal(sample_live(m.sample), 1);
	f.reading.cpu_ns = 25;
	f.reading.missing = SIGNAL_NO_MEMORY | SIGNAL_NO_PSI;
	die(&m, &f);
	machine_second(&m);
	assert_true(row("/a.service")->ended && row("/a.service")->changed);
	assert_int_equal(row("/a.service")->now.cpu_ns, 25);
	assert_int_equal(row("/a.service")->now.memory_usage_bytes, 4096);
	assert_int_equal(row("/a.service")->now.missing, 0);
	assert_int_equal(sample_live(m.sample), 0);
	machine_second(&m);
	assert_int_equal(count(), 0);
}

static void a_cgroup_shorter_than_a_second_is_a_row(void **state)
{
	struct fake f;

	(void)state;
	bear(&m, &f, "/docker-" HEX ".scope", &m.root);
	f.reading.cpu_ns = 3;
	die(&m, &f);
	machine_second(&m);
	assert_int_equal(count(), 1);
	assert_true(row("/docker-" HEX ".scope")->fresh);
	assert_true(row("/docker-" HEX ".scope")->ended);
	assert_int_equal(row("/docker-" HEX ".scope")->now.cpu_ns, 3);
	machine_second(&m);
	assert_int_equal(count(), 0);
}

/* Born and gone between two seconds, with all it said at its end. */
static void a_life_between_two_seconds_is_a_whole_row(void **state)
{
	struct fake container, inner;
	const struct sample_row *r;

	(void)state;
	bear(&m, &container, "/docker-" HEX ".scope", &m.root);
	bear(&m, &inner, "/docker-" HEX ".scope/init.scope", &container);
	container.reading = (struct signals){.cpu_ns = 7, .switches = 1, .oom_kills = 2, .memory_peak_bytes = 900,
					     .memory_usage_bytes = 100, .memory_inactive_file_bytes = 30,
					     .threads = 3, .missing = SIGNAL_NO_PSI};
	inner.reading = (struct signals){.cpu_ns = 5};
	die(&m, &inner);
	die(&m, &container);
	machine_second(&m);
	r = row("/docker-" HEX ".scope");
	assert_non_null(r);
	assert_true(r->fresh && r->ended && r->changed);
	assert_int_equal(r->now.missing, SIGNAL_NO_PSI);
	assert_int_equal(r->now.cpu_ns, 12);
	assert_int_equal(r->now.oom_kills, 2);
	assert_int_equal(r->now.memory_peak_bytes, 900);
	assert_int_equal(r->now.memory_working_set_bytes, 70);
	assert_int_equal(r->now.threads, 3);
	machine_second(&m);
	assert_int_equal(count(), 0);
}

/* A plain cgroup is a row if it ran something: else there is nothing to tell of it. */
static void a_plain_cgroup_between_two_seconds_is_a_row_if_it_ran(void **state)
{
	struct fake idle, busy;

	(void)state;
	bear(&m, &idle, "/idle", &m.root);
	bear(&m, &busy, "/busy", &m.root);
	busy.reading = (struct signals){.cpu_ns = 7, .switches = 1};
	die(&m, &idle);
	die(&m, &busy);
	machine_second(&m);
	assert_int_equal(count(), 1);
	assert_true(row("/busy")->fresh && row("/busy")->ended);
	assert_int_equal(row("/busy")->now.cpu_ns, 7);
}

/* Counters that the kernel keeps count on after the last second; gauges stay what they were. */
static void what_a_row_said_at_its_end_is_in_its_last_second(void **state)
{
	struct fake f;
	const struct sample_row *r;

	(void)state;
	bear(&m, &f, "/docker-" HEX ".scope", &m.root);
	f.reading = (struct signals){.oom_kills = 1, .memory_usage_bytes = 500, .memory_peak_bytes = 600};
	machine_second(&m);
	f.reading = (struct signals){.oom_kills = 2, .memory_usage_bytes = 1, .memory_peak_bytes = 800};
	die(&m, &f);
	machine_second(&m);
	r = row("/docker-" HEX ".scope");
	assert_true(r->ended && r->changed);
	assert_int_equal(r->now.oom_kills, 2);
	assert_int_equal(r->now.memory_peak_bytes, 800);
	assert_int_equal(r->now.memory_usage_bytes, 500);
}

static void ids_are_never_reused(void **state)
{
	struct fake f;
	uint32_t first;

	(void)state;
	bear(&m, &f, "/a.service", &m.root);
	machine_second(&m);
	first = row("/a.service")->id;
	die(&m, &f);
	machine_second(&m);
	bear(&m, &f, "/a.service", &m.root);
	machine_second(&m);
	assert_int_equal(row("/a.service")->id, first + 1);
}

static void leaves_are_rows_and_branches_are_not(void **state)
{
	struct fake demo, one, two, slice;

	(void)state;
	bear(&m, &demo, "/plimsoll-demo-9", &m.root);
	bear(&m, &one, "/plimsoll-demo-9/replica-1", &demo);
	bear(&m, &two, "/plimsoll-demo-9/replica-2", &demo);
	bear(&m, &slice, "/empty.slice", &m.root);
	machine_second(&m);
	assert_int_equal(count(), 2);
	assert_int_equal(row("/plimsoll-demo-9/replica-1")->kind, IDENTITY_CGROUP);
	assert_string_equal(row("/plimsoll-demo-9/replica-2")->name, "replica-2");
}

static void a_leaf_that_gets_children_was_a_branch(void **state)
{
	struct fake demo, one;

	(void)state;
	bear(&m, &demo, "/demo", &m.root);
	machine_second(&m);
	assert_non_null(row("/demo"));
	bear(&m, &one, "/demo/one", &demo);
	machine_second(&m);
	assert_true(row("/demo")->ended);
	assert_true(row("/demo/one")->fresh);
	machine_second(&m);
	assert_int_equal(count(), 1);
	assert_int_equal(sample_live(m.sample), 1);
}

static void a_branch_that_ran_something_is_a_row_by_itself(void **state)
{
	struct fake demo, one;

	(void)state;
	bear(&m, &demo, "/demo", &m.root);
	bear(&m, &one, "/demo/one", &demo);
	demo.reading.cpu_ns = 40;
	demo.reading.memory_usage_bytes = 1000;
	one.reading.cpu_ns = 2;
	machine_second(&m);
	assert_int_equal(count(), 2);
	assert_int_equal(row("/demo")->now.cpu_ns, 40);
	assert_int_equal(row("/demo/one")->now.cpu_ns, 2);
	assert_int_equal(row("/demo")->now.missing,
			 SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET | SIGNAL_NO_DETAIL |
				 SIGNAL_NO_COMPOSITION);
	assert_int_equal(row("/demo/one")->now.missing, 0);
}

static void nothing_counts_twice(void **state)
{
	struct fake user, app, outer, pod, inner;
	uint64_t sum = 0;
	size_t n;

	(void)state;
	bear(&m, &user, "/user@1000.service", &m.root);
	bear(&m, &app, "/user@1000.service/app.service", &user);
	bear(&m, &outer, "/docker-" OTHER ".scope", &m.root);
	bear(&m, &pod, "/docker-" OTHER ".scope" POD, &outer);
	bear(&m, &inner, "/docker-" OTHER ".scope" POD "/" HEX, &pod);
	user.reading.cpu_ns = 1;
	app.reading.cpu_ns = 10;
	outer.reading.cpu_ns = 100;
	pod.reading.cpu_ns = 1000;
	inner.reading.cpu_ns = 10000;
	machine_second(&m);
	for (size_t i = 0; i < (sample_rows(m.sample, &n), n); i++)
		sum += sample_rows(m.sample, &n)[i]->now.cpu_ns;
	assert_int_equal(n, 4);
	assert_int_equal(sum, 11111);
	assert_int_equal(row("/docker-" OTHER ".scope")->now.cpu_ns, 1100);
	assert_int_equal(row("/docker-" OTHER ".scope" POD "/" HEX)->now.cpu_ns, 10000);
	assert_true(row("/user@1000.service")->now.missing & SIGNAL_NO_MEMORY);
}

static void what_is_missing_is_said(void **state)
{
	struct fake unit, child;

	(void)state;
	bear(&m, &unit, "/a.service", &m.root);
	bear(&m, &child, "/a.service/x", &unit);
	unit.reading.missing = SIGNAL_NO_PSI;
	unit.reading.cpu_ns = 5;
	child.reading.missing =
		SIGNAL_NO_CPU | SIGNAL_NO_MEMORY; /* memory of a child is not asked for */
	machine_second(&m);
	assert_int_equal(row("/a.service")->now.missing, SIGNAL_NO_PSI | SIGNAL_NO_CPU);
}

static void time_that_may_be_counted_elsewhere_is_not_zero(void **state)
{
	struct fake f;

	(void)state;
	bear(&m, &f, "/a.service", &m.root);
	f.reading.missing = SIGNAL_NO_MEMORY;
	machine_second(&m);
	assert_true(row("/a.service")->now.missing & SIGNAL_NO_CPU);
	f.reading.switches = 1; /* it runs, and it is counted here */
	f.reading.cpu_ns = 5;
	machine_second(&m);
	assert_false(row("/a.service")->now.missing & SIGNAL_NO_CPU);
	machine_second(&m); /* and idle after that */
	assert_false(row("/a.service")->now.missing & SIGNAL_NO_CPU);
}

static void counters_never_fall(void **state)
{
	struct fake f;

	(void)state;
	bear(&m, &f, "/a.service", &m.root);
	f.reading.cpu_ns = 100;
	f.reading.psi_cpu_some_ns = 70;
	f.reading.psi_io_full_ns = 7;
	machine_second(&m);
	f.reading.cpu_ns = 99;
	f.reading.psi_cpu_some_ns = 60;
	f.reading.psi_io_full_ns = 6;
	machine_second(&m);
	assert_int_equal(row("/a.service")->now.cpu_ns, 100);
	assert_int_equal(row("/a.service")->now.psi_cpu_some_ns, 70);
	assert_int_equal(row("/a.service")->now.psi_io_full_ns, 7);
	assert_false(row("/a.service")->changed);
}

static void names_are_utf8(void **state)
{
	struct fake f;

	(void)state;
	bear(&m, &f, "/a\xff", &m.root);
	machine_second(&m);
	assert_string_equal(row("/a\\377")->name, "a\\377");
}

static void many_come_and_go(void **state)
{
	enum { MANY = 500 };
	static struct fake f[MANY];
	static char paths[MANY][32];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++) {
			snprintf(paths[i], sizeof(paths[i]), "/u%d.service", i);
			bear(&m, &f[i], paths[i], &m.root);
			f[i].reading.cpu_ns = (uint64_t)i;
		}
		machine_second(&m);
		assert_int_equal(sample_live(m.sample), MANY);
		assert_int_equal(row("/u77.service")->now.cpu_ns, 77);
		for (int i = 0; i < MANY; i++)
			die(&m, &f[(i * 7) % MANY]);
		machine_second(&m);
		assert_int_equal(sample_live(m.sample), 0);
	}
}

/* Of the newest row of that path. */
static uint64_t restarts(const char *cgroup)
{
	const struct sample_row *r = NULL;
	size_t n;
	struct sample_row *const *rows = sample_rows(m.sample, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i]->cgroup, cgroup) == 0)
			r = rows[i];
	assert_non_null(r);
	assert_int_equal(r->now.missing & SIGNAL_NO_RESTARTS, 0);
	return r->now.restarts;
}

static void runs_of_one_cgroup_are_its_restarts_and_one(void **state)
{
	struct fake container, inner;

	(void)state;
	bear(&m, &container, "/docker-" HEX ".scope", &m.root);
	bear(&m, &inner, "/docker-" HEX ".scope/inner", &container);
	machine_second(&m);
	assert_int_equal(restarts("/docker-" HEX ".scope"), 0); /* it has not begun */
	container.reading.runs[0] = container.reading.runs[1] = 1; /* on a hybrid machine in both hierarchies */
	machine_second(&m);
	assert_int_equal(restarts("/docker-" HEX ".scope"), 0);
	container.reading.runs[1] = 4;
	inner.reading.runs[0] = 50; /* its own affair */
	machine_second(&m);
	assert_int_equal(restarts("/docker-" HEX ".scope"), 3);
	assert_true(row("/docker-" HEX ".scope")->changed);
	container.reading.runs[1] = 3; /* a counter that fell */
	machine_second(&m);
	assert_int_equal(restarts("/docker-" HEX ".scope"), 3);
	container.reading.runs[1] = 5;
	die(&m, &inner);
	die(&m, &container);
	machine_second(&m);
	assert_true(row("/docker-" HEX ".scope")->ended);
	assert_int_equal(restarts("/docker-" HEX ".scope"), 4); /* its last word */
}

static void a_path_that_comes_again_goes_on_counting(void **state)
{
	struct fake f;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		bear(&m, &f, "/docker/" HEX, &m.root);
		f.reading.runs[0] = 1;
		machine_second(&m);
		assert_int_equal(restarts("/docker/" HEX), i);
		die(&m, &f);
		bear(&m, &f, "/docker/" HEX, &m.root); /* and at once another, in which nothing runs */
		die(&m, &f);
	}
	bear(&m, &f, "/docker/" OTHER, &m.root);
	f.reading.runs[0] = 1;
	machine_second(&m);
	assert_int_equal(restarts("/docker/" OTHER), 0);
}

static void a_units_cgroup_is_one_start(void **state)
{
	struct fake f;

	(void)state;
	bear(&m, &f, "/web.service", &m.root);
	f.reading.runs[0] = 3; /* two ExecStartPre= */
	machine_second(&m);
	assert_int_equal(restarts("/web.service"), 0);
	die(&m, &f);
	bear(&m, &f, "/web.service", &m.root);
	machine_second(&m);
	assert_int_equal(restarts("/web.service"), 0);
	f.reading.runs[0] = 1;
	machine_second(&m);
	assert_int_equal(restarts("/web.service"), 1);
}

static void nobody_counts_means_missing(void **state)
{
	struct fake f;

	(void)state;
	bear(&m, &f, "/web.service", &m.root);
	f.reading.missing = SIGNAL_NO_RESTARTS;
	machine_second(&m);
	assert_true(row("/web.service")->now.missing & SIGNAL_NO_RESTARTS);
}

/* Each of a pod's containers has a cgroup of its own path: what the path ran before says nothing. */
static void of_a_pods_container_the_runtime_knows(void **state)
{
	struct sample_names names = {.kind = IDENTITY_POD_CONTAINER, .runtime = "containerd", .pod_uid = "",
				     .pod_namespace = "shop", .pod_name = "web", .name = "api"};
	struct fake f;
	size_t n;

	(void)state;
	bear(&m, &f, POD "/" HEX, &m.root);
	f.reading.runs[0] = 3;
	machine_second(&m);
	assert_true(row(POD "/" HEX)->now.missing & SIGNAL_NO_RESTARTS);
	sample_name(sample_rows(m.sample, &n)[0], &names); /* a runtime that does not say */
	assert_true(row(POD "/" HEX)->now.missing & SIGNAL_NO_RESTARTS);
	names.attempt_known = true;
	names.attempt = 12;
	f.reading.missing = SIGNAL_NO_RESTARTS;
	machine_second(&m);
	machine_second(&m);
	assert_false(row(POD "/" HEX)->changed);
	sample_name(sample_rows(m.sample, &n)[0], &names);
	assert_true(row(POD "/" HEX)->changed); /* told in the second that it comes in */
	assert_int_equal(restarts(POD "/" HEX), 12);
	machine_second(&m);
	assert_int_equal(restarts(POD "/" HEX), 12);
	assert_false(row(POD "/" HEX)->changed);
}

/* A container whose path does not tell that it is a pod's counts by its path until the runtime says so. */
static void what_a_runtime_says_does_not_let_a_counter_fall(void **state)
{
	const struct sample_names names = {.kind = IDENTITY_POD_CONTAINER, .runtime = "cri-o", .pod_uid = "",
					   .pod_namespace = "shop", .pod_name = "web", .name = "api",
					   .attempt_known = true, .attempt = 1};
	struct fake f;
	size_t n;

	(void)state;
	bear(&m, &f, "/some/" HEX, &m.root);
	f.reading.runs[0] = 4;
	machine_second(&m);
	assert_int_equal(restarts("/some/" HEX), 3);
	sample_name(sample_rows(m.sample, &n)[0], &names);
	assert_int_equal(restarts("/some/" HEX), 3);
	machine_second(&m);
	assert_int_equal(restarts("/some/" HEX), 3);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_container_sums_its_descendants),
		test(each_signal_has_its_way_to_make_one_value),
		test(what_is_shared_is_missing_when_one_cgroup_misses_it),
		test(the_last_victim_of_all_its_cgroups_is_the_rows),
		test(a_working_set_is_never_negative),
		test(a_dead_child_does_not_make_its_row_fall),
		test(an_ended_row_is_told_once_with_its_last_counters),
		test(a_cgroup_shorter_than_a_second_is_a_row),
		test(a_life_between_two_seconds_is_a_whole_row),
		test(a_plain_cgroup_between_two_seconds_is_a_row_if_it_ran),
		test(what_a_row_said_at_its_end_is_in_its_last_second),
		test(ids_are_never_reused),
		test(leaves_are_rows_and_branches_are_not),
		test(a_leaf_that_gets_children_was_a_branch),
		test(a_branch_that_ran_something_is_a_row_by_itself),
		test(nothing_counts_twice),
		test(what_is_missing_is_said),
		test(time_that_may_be_counted_elsewhere_is_not_zero),
		test(counters_never_fall),
		test(runs_of_one_cgroup_are_its_restarts_and_one),
		test(a_path_that_comes_again_goes_on_counting),
		test(a_units_cgroup_is_one_start),
		test(nobody_counts_means_missing),
		test(of_a_pods_container_the_runtime_knows),
		test(what_a_runtime_says_does_not_let_a_counter_fall),
		test(names_are_utf8),
		test(many_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
