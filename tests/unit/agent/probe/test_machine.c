/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that looks like a machine; each test takes one thing from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/probe/machine.h"
#include "base/mem.h"
#include "base/scope.h"
#include "unit/btf_file.h"

#define BTF	 "/sys/kernel/btf/vmlinux"
#define STATUS	 "/proc/thread-self/status"
#define MOUNTS	 "/proc/self/mountinfo"
#define PRESSURE "/proc/pressure/cpu"
#define LOCKDOWN "/sys/kernel/security/lockdown"
#define HAS	 "/sys/fs/cgroup/cgroup.controllers"
#define DOWN	 "/sys/fs/cgroup/cgroup.subtree_control"
#define V2	 "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
#define V1	 "31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define PART	 "30 20 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
#define NOTICES	 16

static const char *const files[] = {BTF, STATUS, MOUNTS, PRESSURE, LOCKDOWN, HAS, DOWN};
static const char *const folders[] = {"/proc/thread-self", "/proc/self", "/proc/pressure", "/proc",
				      "/sys/kernel/btf", "/sys/kernel/security", "/sys/kernel", "/sys/fs/cgroup",
				      "/sys/fs", "/sys"};
static char root[64];

static void put_bytes(const char *path, const void *bytes, size_t n)
{
	scoped(freep) char *full = mem_printf("%s%s", root, path);
	scoped(fclosep) FILE *f = fopen(full, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static void put_names(const char *names, size_t bytes)
{
	uint8_t file[256];

	put_bytes(BTF, file, btf_file(names, bytes, file));
}

static void take_away(const char *path)
{
	scoped(freep) char *full = mem_printf("%s%s", root, path);

	assert_int_equal(unlink(full), 0);
}

/* A machine that lacks nothing. */
static int make(void **state)
{
	(void)state;
	strcpy(root, "/tmp/plimsoll-probe-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	for (size_t i = sizeof(folders) / sizeof(folders[0]); i-- > 0;) {
		scoped(freep) char *full = mem_printf("%s%s", root, folders[i]);

		assert_int_equal(mkdir(full, 0755), 0);
	}
	put_names(BTF_FILE_NAMES, sizeof(BTF_FILE_NAMES));
	put(STATUS, "Name:\tx\nCapPrm:\t0\nCapEff:\t000001ffffffffff\nCapBnd:\t0\n");
	put(MOUNTS, V2);
	put(PRESSURE, "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	put(LOCKDOWN, "[none] integrity confidentiality\n");
	put(HAS, "cpuset cpu io memory pids\n");
	put(DOWN, "cpu memory\n");
	return 0;
}

static int sweep(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		scoped(freep) char *full = mem_printf("%s%s", root, files[i]);

		unlink(full);
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		scoped(freep) char *full = mem_printf("%s%s", root, folders[i]);

		rmdir(full);
	}
	return rmdir(root);
}

/* The notice of that name, or one with the level "". */
static struct probe_notice notice(const char *id)
{
	struct probe_notice all[NOTICES];
	int n = machine_examine(root, all, NOTICES);

	for (int i = 0; i < n; i++)
		if (strcmp(all[i].id, id) == 0)
			return all[i];
	return (struct probe_notice){.level = ""};
}

static void assert_level(const char *id, const char *level, const char *says)
{
	struct probe_notice n = notice(id);

	assert_string_equal(n.level, level);
	assert_non_null(strstr(n.text, says));
	assert_int_equal(n.fix[0] == '\0', strcmp(level, "ok") == 0);
}

static void a_whole_machine_is_fine(void **state)
{
	struct probe_notice all[NOTICES];
	int n = machine_examine(root, all, NOTICES);

	(void)state;
	assert_int_equal(machine_check(root, NULL), 0);
	assert_int_equal(n, 5);
	for (int i = 0; i < n; i++)
		assert_string_equal(all[i].level, "ok");
	assert_int_equal(machine_examine(root, all, 2), 2);
}

static void a_kernel_without_btf_is_refused(void **state)
{
	struct err e;

	(void)state;
	take_away(BTF);
	assert_int_equal(machine_check(root, &e), -ENOENT);
	assert_non_null(strstr(e.fix, "CONFIG_DEBUG_INFO_BTF"));
	assert_level("btf", "fail", "vmlinux");
}

static void a_kernel_without_the_iterator_is_refused(void **state)
{
	struct err e;

	(void)state;
	put_names("\0task_struct", sizeof("\0task_struct"));
	assert_int_equal(machine_check(root, &e), -EOPNOTSUPP);
	assert_non_null(strstr(e.what, "no cgroup iterator"));
	assert_level("kernel", "fail", "no cgroup iterator");
}

/* Bits of capability(7): 21 CAP_SYS_ADMIN, 38 CAP_PERFMON, 39 CAP_BPF. */
static void the_missing_capability_is_named(void **state)
{
	static const struct {
		const char *status, *name; /* NULL: enough */
	} cases[] = {
		{"CapEff:\t0000000000000000\n", "CAP_BPF"},
		{"CapEff:\t0000008000000000\n", "CAP_PERFMON"},
		{"CapEff:\t0000004000000000\n", "CAP_BPF"},
		{"CapEff:\t000000c000000000\n", NULL},
		{"CapEff:\t0000000000200000\n", NULL},
		{"CapPrm:\t000001ffffffffff\n", "CAP_BPF"},
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(STATUS, cases[i].status);
		assert_int_equal(machine_check(root, &e), cases[i].name ? -EPERM : 0);
		assert_level("capabilities", cases[i].name ? "fail" : "ok",
			     cases[i].name ? cases[i].name : "may");
		if (cases[i].name)
			assert_non_null(strstr(e.what, cases[i].name));
	}
}

static void hierarchies_are_judged(void **state)
{
	(void)state;
	assert_level("cgroup-hierarchy", "ok", "v2");
	put(MOUNTS, V2 V1);
	assert_level("cgroup-hierarchy", "ok", "hybrid");
	put(MOUNTS, V1);
	assert_level("cgroup-hierarchy", "warn", "v1 only");
	put(MOUNTS, PART);
	assert_level("cgroup-hierarchy", "warn", "part");
	put(MOUNTS, "");
	assert_level("cgroup-hierarchy", "fail", "no cgroup hierarchy");
	take_away(MOUNTS);
	assert_level("cgroup-hierarchy", "fail", "no cgroup hierarchy");
}

static void without_a_memory_controller_memory_is_missing(void **state)
{
	(void)state;
	assert_string_equal(notice("memory-controller").level, "");
	put(DOWN, "cpu pids\n");
	assert_level("memory-controller", "warn", "does not hand the memory controller down");
	put(DOWN, "");
	assert_level("memory-controller", "warn", "does not hand the memory controller down");
	put(HAS, "cpu pids memory_x\n");
	assert_level("memory-controller", "warn", "no mounted hierarchy has the memory controller");
	put(MOUNTS, V2 V1);
	assert_string_equal(notice("memory-controller").level, "");
	put(MOUNTS, V2);
	take_away(HAS);
	take_away(DOWN);
	assert_string_equal(notice("memory-controller").level, "");
}

static void pressure_may_be_off(void **state)
{
	(void)state;
	assert_level("psi", "ok", "on");
	take_away(PRESSURE);
	assert_level("psi", "warn", strerror(ENOENT));
}

static void only_confidentiality_hinders(void **state)
{
	(void)state;
	assert_string_equal(notice("lockdown").level, "");
	put(LOCKDOWN, "none [integrity] confidentiality\n");
	assert_string_equal(notice("lockdown").level, "");
	put(LOCKDOWN, "none integrity [confidentiality]\n");
	assert_level("lockdown", "fail", "confidentiality");
	take_away(LOCKDOWN);
	assert_string_equal(notice("lockdown").level, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, sweep)
	const struct CMUnitTest tests[] = {
		TEST(a_whole_machine_is_fine),	      TEST(a_kernel_without_btf_is_refused),
		TEST(a_kernel_without_the_iterator_is_refused),
		TEST(the_missing_capability_is_named), TEST(hierarchies_are_judged),
		TEST(without_a_memory_controller_memory_is_missing),
		TEST(pressure_may_be_off),	      TEST(only_confidentiality_hinders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
