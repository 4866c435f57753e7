/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/node.h"

#define S CLOCK_NS_PER_S

static char proc[64];

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", proc, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	char dir[128];

	(void)state;
	snprintf(proc, sizeof(proc), "/tmp/test-node-XXXXXX");
	if (!mkdtemp(proc))
		return -1;
	snprintf(dir, sizeof(dir), "%s/pressure", proc);
	return mkdir(dir, 0700);
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"stat", "meminfo", "pressure/cpu", "pressure/memory", "pressure/io", "pressure"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", proc, names[i]);
		(void)remove(path);
	}
	return rmdir(proc);
}

static void reads_all(void **state)
{
	struct node_reading n;

	(void)state;
	put("stat", "cpu  1 2 3 400 50 6 7 8 0 0\ncpu0 1 2 3 400 50 6 7 8 0 0\n");
	put("meminfo", "MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable:  1024 kB\n");
	put("pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=12\nfull total=9\n");
	put("pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=13\n");
	put("pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=14\n");
	node_read(proc, &n);
	assert_int_equal(n.missing, 0);
	assert_int_equal(n.cpu_idle_ns, 450ull * 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
	assert_int_equal(n.memory_available_bytes, 1 << 20);
	assert_int_equal(n.psi_cpu_some_ns, 12000);
	assert_int_equal(n.psi_memory_some_ns, 13000);
	assert_int_equal(n.psi_io_some_ns, 14000);
}

static void a_suspended_machine_is_idle(void **state)
{
	static const struct {
		uint64_t suspended_ns, slept_ns, idle_ns;
		uint32_t cpus;
	} step[] = {
		{70 * S, 0, 0, 2}, /* before we began */
		{70 * S + S / 1000, 0, 0, 2},
		{100 * S, 30 * S, 60 * S, 2},
		{100 * S, 0, 60 * S, 2},
		{99 * S, 0, 60 * S, 2},
		{101 * S, S, 64 * S, 4},
	};
	struct node_sleep sleep = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		struct node_reading n = {.cpus = step[i].cpus, .cpu_idle_ns = 5};

		assert_int_equal(node_add_sleep(&sleep, step[i].suspended_ns, &n), step[i].slept_ns);
		assert_int_equal(n.cpu_idle_ns, 5 + step[i].idle_ns);
	}
}

static void says_what_is_missing(void **state)
{
	struct node_reading n;

	(void)state;
	node_read(proc, &n);
	assert_int_equal(n.missing, NODE_NO_IDLE | NODE_NO_PSI_CPU | NODE_NO_PSI_MEMORY |
					    NODE_NO_PSI_IO | NODE_NO_AVAILABLE);
	put("stat", "cpu 1 2\n");
	put("meminfo", "MemAvailable: lots\n");
	put("pressure/cpu", "");
	put("pressure/memory", "full total=3\n");
	put("pressure/io", "some avg10=0.00\n");
	node_read(proc, &n);
	assert_int_equal(n.missing, NODE_NO_IDLE | NODE_NO_PSI_CPU | NODE_NO_PSI_MEMORY |
					    NODE_NO_PSI_IO | NODE_NO_AVAILABLE);
}

static void this_machine_has_a_face(void **state)
{
	struct node_facts f;
	struct node_reading n;

	(void)state;
	node_describe("/proc", &f);
	assert_int_equal(strlen(f.boot_id), 36);
	assert_true(f.memory_bytes > 1 << 20);
	node_read("/proc", &n);
	assert_int_equal(n.missing & (NODE_NO_IDLE | NODE_NO_AVAILABLE), 0);
	assert_true(n.cpus > 0);
	assert_int_equal(n.cpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(n.memory_available_bytes <= f.memory_bytes);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(reads_all),
		test(says_what_is_missing),
		cmocka_unit_test(a_suspended_machine_is_idle),
		test(this_machine_has_a_face),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
