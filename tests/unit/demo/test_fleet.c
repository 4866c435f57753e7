/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real replicas under a real load in real cgroups, without the daemons: starting, stopping by the
 * hook, a replica that dies, and that the load is really shared. A guard removes the cgroups however this ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "demo/fleet.h"
#include "demo/hook.h"
#include "own_cgroups.h"

#define BINARY BINARY_DIR "/bin/plimsoll-demo"
#define PATIENCE_NS (60 * CLOCK_NS_PER_S)

static struct {
	struct loop *loop;
	struct loop_timer *watchdog;
	struct cgroup_mounts mounts;
	struct load *load;
	struct fleet *fleet;
	struct hook *hook;
	char root[OWN_PATH + 8], lost[64], hook_path[64], hook_output[1024];
	int settled, hook_status;
	bool (*until)(void);
} t;

static void settled(void *data)
{
	(void)data;
	t.settled++;
	if (t.hook)
		hook_settled(t.hook);
}

static void lost(const char *name, const char *fate, const char *tail, void *data)
{
	(void)tail;
	(void)data;
	snprintf(t.lost, sizeof(t.lost), "%s %s", name, fate);
}

static clock_boot_t began;

static void look(void *data)
{
	(void)data;
	if (t.until() || clock_since(clock_boot(), began) > PATIENCE_NS)
		loop_stop(t.loop);
}

static bool comes_true(bool (*until)(void))
{
	t.until = until;
	began = clock_boot();
	loop_timer_start(t.watchdog, 0, 10 * CLOCK_NS_PER_MS);
	loop_run(t.loop);
	loop_timer_stop(t.watchdog);
	return until();
}

static void run_until(bool (*until)(void))
{
	assert_true(comes_true(until));
}

static bool has_settled(void)
{
	return t.settled > 0;
}

static bool has_lost(void)
{
	return t.lost[0] != '\0';
}

static bool has_answered(void)
{
	return load_stats(t.load).answered >= 40;
}

static bool hook_ended(void)
{
	return t.hook_status >= 0;
}

static void scale(uint32_t replicas)
{
	t.settled = 0;
	assert_int_equal(fleet_scale(t.fleet, replicas, NULL), 0);
	run_until(has_settled);
	assert_int_equal(fleet_replicas(t.fleet), replicas);
}

static int directories(void)
{
	char path[CGROUP_PATH + OWN_PATH + 64];
	struct dirent *entry;
	int n = 0;

	snprintf(path, sizeof(path), "%s%s", t.mounts.v2, t.root);
	DIR *d = opendir(path);
	while (d && (entry = readdir(d)))
		n += strncmp(entry->d_name, "replica-", 8) == 0;
	if (d)
		closedir(d);
	return n;
}

static pid_t process_of(const char *replica)
{
	char path[CGROUP_PATH + OWN_PATH + 96];
	int pid = 0;

	snprintf(path, sizeof(path), "%s%s/%s/cgroup.procs", t.mounts.v2, t.root, replica);
	FILE *f = fopen(path, "re");
	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

static double cpu_seconds(pid_t pid)
{
	char path[64], comm[64];
	unsigned long user = 0, kernel = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	if (f && fscanf(f, "%*d (%63[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", comm,
			&user, &kernel) != 3)
		user = 0;
	if (f)
		fclose(f);
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static void grows_and_shrinks(void **state)
{
	(void)state;
	scale(3);
	assert_int_equal(directories(), 3);
	assert_true(process_of("replica-3") > 0);
	scale(1);
	assert_int_equal(directories(), 1);
	assert_true(process_of("replica-1") > 0);
	scale(0);
	assert_int_equal(directories(), 0);
	assert_false(has_lost());
}

/* 40 requests of 20 ms are 0.8 s of CPU; of two replicas each gets its part, which is small for one that a full
 * machine lets wait. */
static void shares_the_load(void **state)
{
	(void)state;
	scale(2);
	pid_t one = process_of("replica-1"), two = process_of("replica-2");
	load_set(t.load, 60, (struct work){ .cpu_us = 20000 });
	run_until(has_answered);
	load_stop(t.load);
	double a = cpu_seconds(one), b = cpu_seconds(two);
	if (a < 0.04 || b < 0.04 || a + b < 0.7)
		fail_msg("0.8 s of work, but %.2f s and %.2f s were spent", a, b);
	scale(0);
}

static void tells_of_a_lost_replica(void **state)
{
	(void)state;
	scale(1);
	pid_t pid = process_of("replica-1");
	assert_true(pid > 0);
	kill(pid, SIGKILL);
	run_until(has_lost);
	assert_string_equal(t.lost, "replica-1 was killed by signal 9 (Killed)");
	assert_int_equal(fleet_replicas(t.fleet), 0);
	scale(0);
}

static void refuses_too_many(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(fleet_scale(t.fleet, FLEET_MAX + 1, &e), -ERANGE);
	assert_int_equal(fleet_replicas(t.fleet), 0);
}

static void hook_done(const struct loop_child_result *r, void *data)
{
	(void)data;
	t.hook_status = r->status;
	snprintf(t.hook_output, sizeof(t.hook_output), "%s", r->output);
}

static void call_hook(const char *input)
{
	char *argv[] = { (char *)BINARY, (char *)"scale", (char *)"--socket", t.hook_path, NULL };

	t.hook_status = -1;
	assert_int_equal(loop_child_run(t.loop, argv, input, PATIENCE_NS, hook_done, NULL), 0);
	run_until(hook_ended);
}

static int asked(const struct scale_request *r, void *data, struct err *e)
{
	(void)data;
	return fleet_scale(t.fleet, r->to, e);
}

#define REQUEST(to) \
	"{\"apiVersion\":\"plimsoll.io/v1alpha1\",\"kind\":\"ScaleRequest\",\"workload\":\"demo\"," \
	"\"from\":1,\"to\":" to ",\"reason\":\"metric\",\"decision\":\"d-1\"}"

static void scales_by_the_hook(void **state)
{
	(void)state;
	assert_int_equal(hook_listen(t.loop, t.hook_path, asked, NULL, &t.hook, NULL), 0);
	call_hook(REQUEST("2"));
	assert_int_equal(t.hook_status, 0);
	assert_int_equal(fleet_replicas(t.fleet), 2);
	call_hook(REQUEST("0"));
	assert_int_equal(t.hook_status, 0);
	assert_int_equal(directories(), 0); /* done means gone */
	call_hook(REQUEST("100"));
	assert_int_equal(t.hook_status, 1);
	assert_non_null(strstr(t.hook_output, "at most 64"));
	call_hook("nonsense");
	assert_int_equal(t.hook_status, 1);
	assert_non_null(strstr(t.hook_output, "no scale request"));
	t.hook = hook_close(t.hook);
	call_hook(REQUEST("2"));
	assert_int_equal(t.hook_status, 1);
	assert_non_null(strstr(t.hook_output, "cannot reach the demo"));
	scale(0);
}

static int begin(void **state)
{
	const struct fleet_options o = { .loop = t.loop, .mounts = &t.mounts, .root = t.root,
					 .binary = BINARY, .load = t.load, .lost = lost,
					 .settled = settled };

	(void)state;
	t.lost[0] = '\0';
	t.fleet = fleet_new(&o);
	return cgroup_make(&t.mounts, t.root, NULL);
}

/* Also after a test that failed half way, whose replicas still run: fleet_free() wants none. */
static int end(void **state)
{
	(void)state;
	t.hook = hook_close(t.hook);
	load_stop(t.load);
	t.settled = 0;
	fleet_kill(t.fleet);
	if (fleet_scale(t.fleet, 0, NULL) < 0 || !comes_true(has_settled))
		return -1;
	t.fleet = fleet_free(t.fleet);
	return cgroup_remove(&t.mounts, t.root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(grows_and_shrinks, begin, end),
		cmocka_unit_test_setup_teardown(shares_the_load, begin, end),
		cmocka_unit_test_setup_teardown(tells_of_a_lost_replica, begin, end),
		cmocka_unit_test_setup_teardown(refuses_too_many, begin, end),
		cmocka_unit_test_setup_teardown(scales_by_the_hook, begin, end),
	};
	struct own_cgroups own;

	/* Not below the demo's own prefix: a demo that starts now would sweep it, this test being no demo. */
	own_split(&own);
	if (cgroup_find("/proc/self/mountinfo", &t.mounts, NULL) < 0)
		return 1;
	snprintf(t.root, sizeof(t.root), "%s/fleet", own.top);
	snprintf(t.hook_path, sizeof(t.hook_path), "/tmp/plimsoll-fleet-test-%d.sock", (int)getpid());
	t.loop = loop_new();
	t.watchdog = loop_timer_new(t.loop, look, NULL);
	t.load = load_new(t.loop);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (t.fleet)
		return failed + 1; /* a teardown gave up */
	t.load = load_free(t.load);
	loop_timer_close(t.watchdog);
	loop_free(t.loop);
	return failed;
}
