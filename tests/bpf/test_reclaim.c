/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reclaim that a limit forces. Direct reclaim for the whole node cannot be forced here without harm to others; its two
 * hooks are the same code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "delay.skel.h"
#include "own_file.h"
#include "scene.h"
#include "truth.h"

#define FILE_BYTES (48 * OWN_FILE_MIB)
#define LIMIT	   (16 * OWN_FILE_MIB)
#define READS	   4
#define HOLE_BYTES (256 * OWN_FILE_MIB)
#define PAGE	   4096
#define NICE	   10
#define ENOUGH	   3
#define SAMPLES	   1000
#define SAMPLE_MS  5
#define SHORT_SAMPLES 4000
#define SHORT_MS      1
#define DELAY_EACH_NS 500000  /* of the task's CPU time */
#define DELAY_NS      3000000 /* longer than a short sample */

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH], other[SCENE_PATH];
static struct scene scene = {&own, &w, {{"short", path}, {"other", other}}};

struct task { /* shared with the process */
	int fd;
	uint64_t took_ns;
};

static struct task *task;

static void read_again_and_again(const void *data)
{
	struct task *t = (struct task *)(uintptr_t)data;
	static char buffer[1 << 16];
	uint64_t began = clock_boot().ns;

	for (int i = 0; i < READS; i++)
		for (off_t at = 0; pread(t->fd, buffer, sizeof(buffer), at) > 0;)
			at += (off_t)sizeof(buffer);
	t->took_ns = clock_boot().ns - began;
}

static struct signals growth(const char *cgroup, void (*work)(const void *))
{
	struct signals then, now;
	pid_t pid;
	int status;

	watch_pass(&w);
	then = watch_read(&w, cgroup);
	pid = own_spawn(&own, cgroup, work, task);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	watch_pass(&w);
	now = watch_read(&w, cgroup);
	assert_int_equal(now.missing & SIGNAL_NO_RECLAIM, 0);
	for (int i = 0; i < SIGNALS; i++)
		now.value[i] -= then.value[i];
	return now;
}

static void reclaim_for_a_limit_is_timed(void **state)
{
	struct signals grown;

	(void)state;
	truth_set_limit(&own, path, LIMIT);
	own_file_forget(task->fd);
	grown = growth(path, read_again_and_again);
	printf("  %.1f ms of %.1f ms in reclaim\n", (double)grown.limit_reclaim_ns / 1e6,
	       (double)task->took_ns / 1e6);
	assert_true(grown.limit_reclaim_ns > 0);
	assert_true(grown.limit_reclaim_ns < task->took_ns);
}

static void without_a_limit_there_is_none(void **state)
{
	struct signals grown;

	(void)state;
	own_file_forget(task->fd);
	grown = growth(path, read_again_and_again);
	assert_int_equal(grown.limit_reclaim_ns, 0);
}

/* Pages of a hole need no disk: what the task does is mostly to free them again. */
static void read_holes(const void *data)
{
	scoped(closep) int fd = own_file(0);
	char byte;

	(void)data;
	must(ftruncate(fd, HOLE_BYTES) == 0);
	for (off_t at = 0;; at = (at + PAGE) % HOLE_BYTES)
		must(pread(fd, &byte, 1, at) == 1);
}

static void read_holes_apart(const void *data)
{
	crew_pin(0, 0);
	read_holes(data);
}

static void read_holes_aside(const void *data)
{
	must(nice(NICE) == NICE);
	read_holes_apart(data);
}

static struct crew busy;
static pid_t aside;
static struct delay_bpf *delay;

struct intervals {
	unsigned n, whole; /* whole: the task was in reclaim all the time */
};

/* Of one task at most so much can be in an interval as it is long: up to which moment, nobody tells, but it is within
 * the pass at each end. */
static struct intervals watch_intervals(unsigned most, unsigned each_ms, unsigned most_whole)
{
	uint64_t before = clock_boot().ns, total;
	struct intervals seen = {0};

	watch_pass(&w);
	total = watch_read(&w, path).limit_reclaim_ns;
	for (; seen.n < most && seen.whole < most_whole; seen.n++) {
		uint64_t began = before, grown;

		crew_pause(each_ms);
		before = clock_boot().ns;
		watch_pass(&w);
		grown = watch_read(&w, path).limit_reclaim_ns - total;
		total += grown;
		assert_true(grown <= clock_boot().ns - began);
		seen.whole += grown >= each_ms * CLOCK_NS_PER_MS;
	}
	return seen;
}

/* A task that hardly gets a CPU is in one reclaim for long, and at each sample it shows up to then: never more than
 * the time since the sample before. */
static void a_reclaim_that_goes_on_counts_up_to_now(void **state)
{
	struct intervals seen;

	(void)state;
	truth_set_limit(&own, path, LIMIT);
	aside = own_spawn(&own, path, read_holes_aside, task);
	crew_start(&busy, &own, other, 1, 0);
	crew_go(&busy);
	seen = watch_intervals(SAMPLES, SAMPLE_MS, ENOUGH);
	printf("  in reclaim during %u of %u intervals\n", seen.whole, seen.n);
	assert_true(seen.whole > 0); /* else this showed nothing */
}

static void delay_now_and_then(pid_t process)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = DELAY_EACH_NS,
	};
	long fd;

	delay = delay_bpf__open_and_load();
	assert_non_null(delay);
	delay->bss->delay_process = process;
	delay->bss->delay_ns = DELAY_NS;
	fd = syscall(SYS_perf_event_open, &attr, process, -1, -1, PERF_FLAG_FD_CLOEXEC);
	assert_true(fd >= 0);
	delay->links.delay = bpf_program__attach_perf_event(delay->progs.delay, (int)fd);
	assert_non_null(delay->links.delay);
}

/* What is measured before a program of ours loses its CPU must not come into the sample after. */
static void a_program_that_is_interrupted_counts_nothing_late(void **state)
{
	struct intervals seen;

	(void)state;
	truth_set_limit(&own, path, LIMIT);
	aside = own_spawn(&own, path, read_holes_apart, task);
	crew_pin(0, (int)sysconf(_SC_NPROCESSORS_ONLN) - 1);
	delay_now_and_then(aside);
	seen = watch_intervals(SHORT_SAMPLES, SHORT_MS, SHORT_SAMPLES);
	printf("  %u intervals, %llu interruptions\n", seen.n, (unsigned long long)delay->bss->delays);
	assert_true(delay->bss->delays > 0); /* else this showed nothing */
}

static int end_crew(void **state)
{
	crew_end(&busy);
	own_end(aside);
	return scene_teardown(state);
}

static int end_delay(void **state)
{
	delay_bpf__destroy(delay);
	own_end(aside);
	return scene_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(reclaim_for_a_limit_is_timed, &scene),
		SCENE_TEST(without_a_limit_there_is_none, &scene),
		cmocka_unit_test_prestate_setup_teardown(a_reclaim_that_goes_on_counts_up_to_now, scene_setup,
							 end_crew, &scene),
		cmocka_unit_test_prestate_setup_teardown(a_program_that_is_interrupted_counts_nothing_late,
							 scene_setup, end_delay, &scene),
	};

	scene_split(&scene);
	task = actor_share(sizeof(*task));
	task->fd = own_file(FILE_BYTES);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
