/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reclaim that a cgroup's own limits force, against the kernel's word. Direct reclaim for the whole node cannot be
 * forced here without harm to others: tests/vm/test_memory.c does that to a guest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "account.h"
#include "actor.h"
#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "delay.skel.h"
#include "own_file.h"
#include "scene.h"
#include "truth.h"

#define LIMIT	   (16 * OWN_FILE_MIB)
#define WALK_BYTES (256 * OWN_FILE_MIB)
#define LEAST_NS   CLOCK_NS_PER_MS
#define EMULATED_PART 0.1 /* where accounts are kept, our programs are emulated, too, and what they take is in ours */
#define STALLED_PART 0.05
#define PRESSURE_EDGE_NS (5 * CLOCK_NS_PER_MS) /* the kernel weighs by jiffies */
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

static uint64_t *walk_ns; /* shared with the actor */

static void walk_over_a_hole(int order, void *data)
{
	scoped(closep) int fd = own_file_hole(order ? WALK_BYTES : 0);
	uint64_t began = clock_boot().ns;

	own_file_walk(fd);
	*(uint64_t *)data = clock_boot().ns - began;
}

static struct actor actor = {.obey = walk_over_a_hole};
static struct scene scene = {&own, &w, {{"short", path}, {"other", other}}, .actor = &actor};

/* The kernel takes a stall for memory from a little before the reclaim to a little after it. In this cgroup nobody else
 * has one, and a page of a hole that comes back is no stall. */
static void assert_is_the_kernels(uint64_t reclaim_ns, uint64_t stalled_ns, uint64_t account_ns)
{
	printf("  %.1f ms in reclaim of %.1f ms\n", (double)reclaim_ns / 1e6, (double)*walk_ns / 1e6);
	assert_true(reclaim_ns > LEAST_NS && reclaim_ns < *walk_ns); /* else this showed nothing */
	assert_true(reclaim_ns <= stalled_ns + PRESSURE_EDGE_NS);
	if (!account_is_kept()) {
		assert_near(reclaim_ns, stalled_ns, STALLED_PART, PRESSURE_EDGE_NS);
		return;
	}
	assert_true(reclaim_ns >= account_ns);
	assert_near(reclaim_ns, account_ns, EMULATED_PART, 0);
}

/* What the actor's walks add to the signals of its cgroup, compared with what the kernel says. */
static struct signals walk(bool reclaims)
{
	struct signals then, now;
	struct truth_pressure stalled;
	uint64_t accounted;

	actor_start(&actor, &own, path);
	crew_pin(actor.pid, 0); /* pressure is a mean over the CPUs that had work */
	watch_pass(&w);
	then = watch_read(&w, path);
	accounted = account_reclaim(actor.pid).ns;
	stalled = truth_pressure(&own, path, "memory");
	actor_tell(&actor, 1);
	watch_pass(&w);
	now = watch_read(&w, path);
	assert_int_equal(now.missing & SIGNAL_NO_RECLAIM, 0);
	for (int i = 0; i < SIGNALS; i++)
		now.value[i] -= then.value[i];
	if (reclaims)
		assert_is_the_kernels(now.limit_reclaim_ns, truth_pressure(&own, path, "memory").some_ns - stalled.some_ns,
				      account_reclaim(actor.pid).ns - accounted);
	return now;
}

static void reclaim_for_a_limit_is_timed(void **state)
{
	(void)state;
	truth_set_limit(&own, path, LIMIT);
	(void)walk(true);
}

static void reclaim_for_memory_high_is_timed(void **state)
{
	(void)state;
	if (!truth_set_high(&own, path, LIMIT))
		skip(); /* v1 has none */
	(void)walk(true);
}

static void without_a_limit_there_is_none(void **state)
{
	(void)state;
	assert_int_equal(walk(false).limit_reclaim_ns, 0);
}

static void read_a_hole(const void *data)
{
	scoped(closep) int fd = own_file_hole(WALK_BYTES);

	(void)data;
	crew_pin(0, 0);
	for (;;)
		own_file_walk(fd);
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
	truth_set(&own, path, PLIMSOLL_CPU, "cpu.shares", "102", "cpu.weight", "10"); /* a tenth of the other */
	aside = own_spawn(&own, path, read_a_hole, NULL);
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
	aside = own_spawn(&own, path, read_a_hole, NULL);
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
		SCENE_TEST(reclaim_for_memory_high_is_timed, &scene),
		SCENE_TEST(without_a_limit_there_is_none, &scene),
		cmocka_unit_test_prestate_setup_teardown(a_reclaim_that_goes_on_counts_up_to_now, scene_setup,
							 end_crew, &scene),
		cmocka_unit_test_prestate_setup_teardown(a_program_that_is_interrupted_counts_nothing_late,
							 scene_setup, end_delay, &scene),
	};

	scene_split(&scene);
	walk_ns = actor.data = actor_share(sizeof(*walk_ns));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
