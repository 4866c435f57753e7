/* SPDX-License-Identifier: Apache-2.0 */
/* Mount tables as text; everything else on this machine's real cgroups, below names of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo/cgroup.h"
#include "demo/owner.h"

static int find_in(const char *text, struct cgroup_mounts *ret_m, struct err *e)
{
	char path[] = "/tmp/plimsoll-mounts-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	int r = cgroup_find(path, ret_m, e);
	unlink(path);
	return r;
}

static void finds_unified(void **state)
{
	struct cgroup_mounts m;

	(void)state;
	assert_int_equal(find_in("24 1 0:22 / /proc rw - proc proc rw\n"
				 "30 23 0:26 / /nowhere/cg rw,nosuid shared:4 - cgroup2 cgroup2 rw\n",
				 &m, NULL), 0);
	assert_string_equal(m.v2, "/nowhere/cg");
	assert_string_equal(m.memory, "");
}

static void finds_the_v1_twin_on_a_hybrid_machine(void **state)
{
	struct cgroup_mounts m;

	(void)state;
	assert_int_equal(find_in("35 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"
				 "36 31 0:33 / /cg/x rw - cgroup cgroup rw,memoryish,cpu\n"
				 "41 31 0:38 / /cg/unified rw - cgroup2 cgroup2 rw\n",
				 &m, NULL), 0);
	assert_string_equal(m.v2, "/cg/unified");
	assert_string_equal(m.memory, "/cg/memory");
}

static void says_when_there_is_no_v2(void **state)
{
	struct cgroup_mounts m;
	struct err e;

	(void)state;
	assert_int_equal(find_in("35 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n", &m, &e),
			 -ENODEV);
	assert_non_null(strstr(e.fix, "mount -t cgroup2"));
}

static void knows_whose_names_are_dead(void **state)
{
	char own[64];

	(void)state;
	snprintf(own, sizeof(own), OWNER_PREFIX "%d", (int)getpid());
	assert_int_equal(owner_pid(own), getpid());
	assert_int_equal(owner_pid("plimsoll-demo-12-abc"), 12);
	assert_int_equal(owner_pid("plimsoll-demo-"), 0);
	assert_int_equal(owner_pid("plimsoll-demo-12x"), 0);
	assert_int_equal(owner_pid("plimsoll-demo-99999999999"), 0);
	assert_int_equal(owner_pid("system.slice"), 0);
	assert_true(owner_is_dead("plimsoll-demo-4194304"));
	assert_true(owner_is_dead(own)); /* alive, but this test is no plimsoll-demo */
	assert_false(owner_is_dead("system.slice"));
}

static void needs_root(void)
{
	if (geteuid() != 0) {
		printf("skipped: making cgroups needs root\n");
		exit(77);
	}
}

static pid_t sleeper_in(const struct cgroup_mounts *m, const char *path)
{
	struct cgroup_door d;

	assert_int_equal(cgroup_open(m, path, &d, NULL), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < d.n; i++) {
			if (write(d.procs[i], "0", 1) != 1)
				_exit(1);
		}
		pause();
		_exit(0);
	}
	cgroup_close(&d);
	return pid;
}

static bool lists(const char *mount, const char *path, pid_t pid)
{
	char file[2 * CGROUP_PATH], line[32];
	bool found = false;

	snprintf(file, sizeof(file), "%s%s/cgroup.procs", mount, path);
	FILE *f = fopen(file, "re");
	while (f && fgets(line, sizeof(line), f))
		found = found || atoi(line) == pid;
	if (f)
		fclose(f);
	return found;
}

/* The pid of a process that is over, so that its leftovers may be swept. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void makes_enters_and_sweeps(void **state)
{
	char root[64], child[80];
	struct cgroup_mounts m;
	struct err e = { .code = 0 };

	(void)state;
	needs_root();
	assert_int_equal(cgroup_find("/proc/self/mountinfo", &m, &e), 0);
	snprintf(root, sizeof(root), "/" OWNER_PREFIX "%d", (int)dead_pid());
	snprintf(child, sizeof(child), "%s/replica-1", root);
	assert_int_equal(cgroup_make(&m, root, &e), 0);
	assert_int_equal(cgroup_make(&m, child, &e), 0);
	assert_int_equal(cgroup_make(&m, child, &e), 0); /* again is fine */

	pid_t pid = sleeper_in(&m, child);
	for (int i = 0; i < 500 && !lists(m.memory[0] ? m.memory : m.v2, child, pid); i++)
		usleep(10000);
	assert_true(lists(m.v2, child, pid));
	if (m.memory[0])
		assert_true(lists(m.memory, child, pid));
	assert_int_equal(cgroup_remove(&m, child), -EBUSY);
	(void)cgroup_sweep(&m);
	assert_true(lists(m.v2, child, pid)); /* somebody lives there: it stays */

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	int swept = 0;
	for (int i = 0; i < 500 && !swept; i++, usleep(10000))
		swept = cgroup_sweep(&m);
	assert_true(swept >= 1);
	assert_int_equal(cgroup_remove(&m, child), 0); /* gone already */
	assert_int_equal(cgroup_open(&m, root, &(struct cgroup_door){ .n = 0 }, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_unified),
		cmocka_unit_test(finds_the_v1_twin_on_a_hybrid_machine),
		cmocka_unit_test(says_when_there_is_no_v2),
		cmocka_unit_test(knows_whose_names_are_dead),
		cmocka_unit_test(makes_enters_and_sweeps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
