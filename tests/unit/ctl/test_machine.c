/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scope.h"
#include "ctl/checkup.h"
#include "ctl/machine.h"
#include "unit/btf_file.h"

#define V2     "30 20 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define HYBRID "30 20 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"                     \
	       "31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"                 \
	       "32 20 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
#define V1     "31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define PARTIAL "30 20 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
#define OVERLAY "22 1 0:20 / / rw - overlay memory rw,lowerdir=/cgroup2,memory\n"

static char root[64];

static void put_bytes(const char *path, const void *bytes, size_t n)
{
	scoped(freep) char *full = mem_printf("%s%s", root, path);

	for (char *slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(full, 0755);
		*slash = '/';
	}
	FILE *f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static void put_names(const char *names, size_t bytes)
{
	uint8_t file[256];

	put_bytes("/sys/kernel/btf/vmlinux", file, btf_file(names, bytes, file));
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
	strcpy(root, "/tmp/plimsoll-machine-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	put("/proc/sys/kernel/osrelease", "6.1.0-28-amd64\n");
	put_names(BTF_FILE_NAMES, sizeof(BTF_FILE_NAMES));
	put("/proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n");
	put("/proc/self/limits", "Max locked memory         8388608              8388608   bytes\n");
	put("/proc/self/mountinfo", OVERLAY V2);
	put("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
	put("/proc/pressure/cpu", "some avg10=0.00\n");
	put("/proc/pressure/memory", "some avg10=0.00\n");
	put("/proc/pressure/io", "some avg10=0.00\n");
	return 0;
}

static int clean(void **state)
{
	scoped(freep) char *command = mem_printf("rm -rf -- '%s'", root);

	(void)state;
	return system(command);
}

static void line_is(const char *id, enum checkup_level level, const char *text)
{
	scoped(freep) struct checkup *c = mem_new(struct checkup);

	machine_examine(root, c);
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->line[i].id, id) != 0)
			continue;
		if (!strstr(c->line[i].text, text))
			fail_msg("%s: \"%s\" lacks \"%s\"", id, c->line[i].text, text);
		assert_int_equal(c->line[i].level, level);
		assert_int_equal(c->line[i].fix[0] == '\0', level == CHECKUP_OK);
		return;
	}
	fail_msg("no line %s", id);
}

static void test_whole_machine(void **state)
{
	scoped(freep) struct checkup *c = mem_new(struct checkup);

	(void)state;
	machine_examine(root, c);
	assert_int_equal(c->n, 7);
	for (size_t i = 0; i < c->n; i++)
		assert_int_equal(c->line[i].level, CHECKUP_OK);
	line_is("kernel", CHECKUP_OK, "6.1.0-28-amd64");
	line_is("cgroups", CHECKUP_OK, "version 2 at /sys/fs/cgroup");
	line_is("memory", CHECKUP_OK, "version 2");
}

static void test_kernel(void **state)
{
	(void)state;
	put("/proc/sys/kernel/osrelease", "4.18.0-553.el8.x86_64\n"); /* its vendor ported all of it back */
	line_is("kernel", CHECKUP_OK, "4.18.0-553.el8");
	line_is("memlock", CHECKUP_OK, "charges BPF memory");
	put_names("\0task_struct", sizeof("\0task_struct"));
	line_is("kernel", CHECKUP_FAIL, "no cgroup iterator");
	line_is("memlock", CHECKUP_WARN, "8388608");
	put("/proc/self/limits", "Max locked memory         unlimited            unlimited bytes\n");
	line_is("memlock", CHECKUP_OK, "unlimited");
	take_away("/proc/sys/kernel/osrelease");
	line_is("kernel", CHECKUP_FAIL, "cannot be read");
	take_away("/sys/kernel/btf/vmlinux");
	line_is("btf", CHECKUP_FAIL, "No such file");
	put("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
	line_is("lockdown", CHECKUP_FAIL, "confidentiality");
}

/* CAP_SYS_ADMIN is bit 21, CAP_PERFMON 38, CAP_BPF 39. */
static void test_capabilities(void **state)
{
	(void)state;
	put("/proc/self/status", "CapEff:\t0000000000000000\n");
	line_is("capabilities", CHECKUP_FAIL, "missing: CAP_BPF and CAP_PERFMON");
	put("/proc/self/status", "CapEff:\t0000008000000000\n");
	line_is("capabilities", CHECKUP_FAIL, "missing: CAP_PERFMON");
	put("/proc/self/status", "CapEff:\t0000004000000000\n");
	line_is("capabilities", CHECKUP_FAIL, "missing: CAP_BPF");
	put("/proc/self/status", "CapEff:\t000000c000000000\n");
	line_is("capabilities", CHECKUP_OK, "CAP_BPF and CAP_PERFMON");
	put("/proc/self/status", "CapEff:\t0000000000200000\n");
	line_is("capabilities", CHECKUP_OK, "CAP_SYS_ADMIN");
}

static void test_cgroups(void **state)
{
	(void)state;
	put("/proc/self/mountinfo", OVERLAY HYBRID);
	put("/sys/fs/cgroup/unified/cgroup.controllers", "hugetlb\n");
	line_is("cgroups", CHECKUP_OK, "hybrid: version 2 at /sys/fs/cgroup/unified");
	line_is("memory", CHECKUP_OK, "version 1 at /sys/fs/cgroup/memory");
	put("/proc/self/mountinfo", OVERLAY V1);
	line_is("cgroups", CHECKUP_WARN, "version 1 only");
	put("/proc/self/mountinfo", OVERLAY PARTIAL);
	line_is("cgroups", CHECKUP_WARN, "only a part");
	put("/proc/self/mountinfo", OVERLAY);
	line_is("cgroups", CHECKUP_FAIL, "no cgroup hierarchy");
	line_is("memory", CHECKUP_WARN, "not measured");
	put("/proc/self/mountinfo", V2);
	put("/sys/fs/cgroup/cgroup.controllers", "cpu io memory_recursiveprot\n");
	line_is("memory", CHECKUP_WARN, "no hierarchy has the memory controller");
	take_away("/proc/self/mountinfo");
	line_is("cgroups", CHECKUP_FAIL, "mountinfo");
}

static void test_pressure(void **state)
{
	(void)state;
	put("/proc/pressure/io", "");
	line_is("pressure", CHECKUP_WARN, "/proc/pressure/io");
	take_away("/proc/pressure/cpu");
	line_is("pressure", CHECKUP_WARN, "/proc/pressure/cpu: No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole_machine, make, clean),
		cmocka_unit_test_setup_teardown(test_kernel, make, clean),
		cmocka_unit_test_setup_teardown(test_capabilities, make, clean),
		cmocka_unit_test_setup_teardown(test_cgroups, make, clean),
		cmocka_unit_test_setup_teardown(test_pressure, make, clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
