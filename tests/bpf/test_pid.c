/* SPDX-License-Identifier: Apache-2.0 */
/* The task of a pid, found by a kernel program, is the one that /proc has there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"
#include "find_pid.skel.h"
#include "own_cgroups.h"

#define PID_BEYOND 4194304u /* PID_MAX_LIMIT of a 64-bit machine: no task has it */

static struct own_cgroups own;
static struct find_pid_bpf *b;

static bool find(uint32_t pid)
{
	uint64_t handed[1] = {pid};
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = handed, .ctx_size_in = sizeof(handed));

	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(b->progs.find), &o), 0);
	return b->bss->found;
}

static void name_of(uint32_t pid, char ret[20])
{
	scoped(fclosep) FILE *f = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	f = fopen(path, "re");
	assert_true(f && fscanf(f, "%15[^\n]", ret) == 1);
}

static void *find_myself(void *data)
{
	uint32_t thread = (uint32_t)syscall(SYS_gettid);

	(void)data;
	assert_int_equal(prctl(PR_SET_NAME, "a thread"), 0);
	assert_true(find(thread));
	assert_string_equal(b->bss->comm, "a thread");
	return NULL;
}

static void tasks_are_found_by_their_pid(void **state)
{
	const uint32_t some[] = {1, 2, (uint32_t)getpid(), (uint32_t)getppid()};
	pthread_t thread;
	char name[20];

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		name_of(some[i], name);
		assert_true(find(some[i]));
		assert_string_equal(b->bss->comm, name);
	}
	assert_int_equal(pthread_create(&thread, NULL, find_myself, NULL), 0);
	pthread_join(thread, NULL);
}

static void wait_for_the_end(const void *data)
{
	(void)data;
	for (;;)
		pause();
}

static void what_is_no_task_is_not_found(void **state)
{
	pid_t gone = own_spawn(&own, own.top, wait_for_the_end, NULL);

	(void)state;
	assert_true(find((uint32_t)gone));
	own_end(gone);
	assert_false(find((uint32_t)gone));
	assert_false(find(0));
	assert_false(find(PID_BEYOND));
	assert_false(find(~0u));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_are_found_by_their_pid),
		cmocka_unit_test(what_is_no_task_is_not_found),
	};
	int failed;

	own_split(&own);
	b = find_pid_bpf__open_and_load();
	if (!b)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	find_pid_bpf__destroy(b);
	return failed;
}
