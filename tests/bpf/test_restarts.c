/* SPDX-License-Identifier: Apache-2.0 */
/* Restarts as the kernel's own events make them: cgroups whose processes end and begin again, in place and made anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/sample.h"
#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "own_cgroups.h"

#define HEX	    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define POD	    "/kubepods/pod6a4f2f0e-3b1c-4d5e-8f90-a1b2c3d4e5f6"
#define PATH	    (OWN_PATH + 200)
#define PATIENCE_MS 60000
#define STARTS	    7

static struct own_cgroups own;
static struct sample *sample;
static struct probe *probe;
static char container[PATH], below[PATH], beside[PATH], unit[PATH], in_pod[PATH];

static void sleep_on(const void *data)
{
	(void)data;
	for (;;)
		pause();
}

static void second(void)
{
	clock_boot_t at;
	struct err e;

	if (probe_pass(probe, &at, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	sample_take(sample, at);
}

static void begin_agent(void)
{
	struct probe_options o = {.max_cgroups = 256};
	struct err e;

	sample = sample_new(probe_read);
	o.watcher = sample_watcher(sample);
	if (probe_open(&o, &probe, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	sample_attach(sample, probe);
	second();
}

static int end_agent(void **state)
{
	(void)state;
	probe = probe_close(probe);
	sample = sample_free(sample);
	return 0;
}

static const struct signals *now_of(const char *path)
{
	size_t n;
	struct sample_row *const *rows = sample_rows(sample, &n);

	for (size_t i = 0; i < n; i++)
		if (!rows[i]->ended && strcmp(rows[i]->cgroup, path) == 0)
			return &rows[i]->now;
	fail_msg("no row %s", path);
	return NULL;
}

static void expect(const char *path, uint64_t restarts)
{
	const struct signals *now;

	second();
	now = now_of(path);
	assert_int_equal(now->missing & SIGNAL_NO_RESTARTS, 0);
	assert_int_equal(now->restarts, restarts);
}

static bool is_empty(const char *path)
{
	char file[HIERARCHY_PATH + PATH + 32], text[256] = "";
	scoped(fclosep) FILE *f = NULL;

	snprintf(file, sizeof(file), "%s%s/cgroup.events", own.at.mount[PLIMSOLL_UNIFIED], path);
	f = fopen(file, "re");
	must(f && fread(text, 1, sizeof(text) - 1, f));
	return strstr(text, "populated 0") != NULL;
}

/* A process may be reaped a moment before it has left its cgroup. */
static void end(pid_t pid, const char *path)
{
	own_end(pid);
	for (int ms = 0; !is_empty(path); ms++) {
		assert_true(ms < PATIENCE_MS);
		crew_pause(1);
	}
}

static void run_once(const char *path)
{
	end(own_spawn(&own, path, sleep_on, NULL), path);
}

static void a_container_begins_again(void **state)
{
	pid_t pid;

	(void)state;
	begin_agent();
	own_make(&own, container);
	expect(container, 0);
	pid = own_spawn(&own, container, sleep_on, NULL);
	expect(container, 0);
	for (unsigned i = 1; i <= STARTS; i++) {
		end(pid, container);
		pid = own_spawn(&own, container, sleep_on, NULL);
		if (i % 2) /* sometimes two in a second */
			expect(container, i);
	}
	expect(container, STARTS);
	end(pid, container);
	expect(container, STARTS);
	own_remove(&own, container);
}

static void a_process_that_follows_another_is_no_restart(void **state)
{
	pid_t first, second_one;

	(void)state;
	begin_agent();
	own_make(&own, container);
	own_make(&own, below); /* both below: v2 wants no process beside cgroups */
	own_make(&own, beside);
	first = own_spawn(&own, below, sleep_on, NULL);
	expect(container, 0);
	second_one = own_spawn(&own, beside, sleep_on, NULL);
	own_end(first);
	expect(container, 0);
	end(second_one, container);
	run_once(below);
	expect(container, 1); /* nothing was left of it */
	own_remove(&own, container);
}

static void a_container_that_is_made_anew_goes_on(void **state)
{
	(void)state;
	begin_agent();
	for (unsigned i = 0; i < STARTS; i++) {
		own_make(&own, container);
		run_once(container);
		if (i % 2)
			expect(container, i);
		own_remove(&own, container);
	}
	own_make(&own, container);
	expect(container, STARTS - 1); /* it has not begun */
	run_once(container);
	expect(container, STARTS);
	own_remove(&own, container);
}

/* systemd makes the cgroup for a start, removes it at the stop, and runs ExecStartPre= in it before. */
static void a_start_of_a_unit_is_one_however_many_commands_it_has(void **state)
{
	pid_t pid = 0;

	(void)state;
	begin_agent();
	for (unsigned i = 0; i < STARTS; i++) {
		if (pid)
			end(pid, unit);
		own_remove(&own, unit);
		own_make(&own, unit);
		run_once(unit);
		run_once(unit);
		pid = own_spawn(&own, unit, sleep_on, NULL);
		expect(unit, i);
	}
	end(pid, unit);
	own_remove(&own, unit);
}

static void what_ran_before_the_agent_counts_as_one(void **state)
{
	pid_t pid;

	(void)state;
	own_make(&own, container);
	run_once(container);
	pid = own_spawn(&own, container, sleep_on, NULL);
	begin_agent();
	expect(container, 0); /* before it, nobody counted */
	end(pid, container);
	expect(container, 0);
	run_once(container);
	expect(container, 1);
	own_remove(&own, container);
}

static void of_a_pods_container_only_its_runtime_knows(void **state)
{
	const struct sample_names api = {.kind = IDENTITY_POD_CONTAINER, .runtime = "containerd", .pod_uid = "",
					 .pod_namespace = "shop", .pod_name = "web", .name = "api",
					 .attempt_known = true, .attempt = 41};
	struct sample_row *const *rows;
	size_t n;

	(void)state;
	begin_agent();
	for (size_t i = strlen(own.top) + 1; i <= strlen(in_pod); i++) { /* and those above it */
		char part[PATH];

		snprintf(part, sizeof(part), "%.*s", (int)i, in_pod);
		if (in_pod[i] == '/' || !in_pod[i])
			own_make(&own, part);
	}
	run_once(in_pod);
	run_once(in_pod);
	second();
	assert_true(now_of(in_pod)->missing & SIGNAL_NO_RESTARTS);
	rows = sample_rows(sample, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i]->cgroup, in_pod) == 0)
			sample_name(rows[i], &api);
	expect(in_pod, 41);
	own_remove(&own, in_pod);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_container_begins_again, end_agent),
		cmocka_unit_test_teardown(a_process_that_follows_another_is_no_restart, end_agent),
		cmocka_unit_test_teardown(a_container_that_is_made_anew_goes_on, end_agent),
		cmocka_unit_test_teardown(a_start_of_a_unit_is_one_however_many_commands_it_has, end_agent),
		cmocka_unit_test_teardown(what_ran_before_the_agent_counts_as_one, end_agent),
		cmocka_unit_test_teardown(of_a_pods_container_only_its_runtime_knows, end_agent),
	};

	own_split(&own);
	snprintf(container, sizeof(container), "%s/docker-" HEX ".scope", own.top);
	snprintf(below, sizeof(below), "%s/docker-" HEX ".scope/inner", own.top);
	snprintf(beside, sizeof(beside), "%s/docker-" HEX ".scope/other", own.top);
	snprintf(unit, sizeof(unit), "%s/web.service", own.top);
	snprintf(in_pod, sizeof(in_pod), "%s" POD "/" HEX, own.top);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
