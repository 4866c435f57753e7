/* SPDX-License-Identifier: Apache-2.0 */
/* Pressure totals against the *.pressure files, which are read only after the pass: reading one makes
 * the kernel add up its totals, and that must not be what makes ours fresh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/scope.h"
#include "crew.h"
#include "own_file.h"
#include "truth.h"
#include "watch.h"

#define SLOTS	 4096
#define WORK_MS	 2000
#define STEP_MS	 250 /* far more than NEAR_NS: without what is fresh we would be that much behind */
#define NEAR_NS	 (50 * CLOCK_NS_PER_MS)
#define STALL_MS   800 /* a sixth of it is more than NEAR_NS */
#define STALLS	   3
#define STALLED_NS (STALLS * NEAR_NS * 5 / 4) /* at least, else a test showed nothing */
#define LIMIT	   (8 * OWN_FILE_MIB)
#define WALK_BYTES (256 * OWN_FILE_MIB)
#define FILE_BYTES (16 * OWN_FILE_MIB)

enum { CPU, MEMORY, IO, RESOURCES };
static const char *const resources[RESOURCES] = {"cpu", "memory", "io"};
static struct own_cgroups own;
static char leaf[OWN_PATH + 8];
static struct watch w;
static pid_t staller; /* 0: none */

static struct truth_pressure ours_of(const struct signals *r, int resource)
{
	switch (resource) {
	case CPU:
		return (struct truth_pressure){r->psi_cpu_some_ns, r->psi_cpu_full_ns};
	case MEMORY:
		return (struct truth_pressure){r->psi_memory_some_ns, r->psi_memory_full_ns};
	default:
		return (struct truth_pressure){r->psi_io_some_ns, r->psi_io_full_ns};
	}
}

static void assert_close(uint64_t ours, uint64_t kernel, uint64_t near_ns)
{
	if (ours + near_ns < kernel || kernel + near_ns < ours)
		fail_msg("%llu is not within %llu ns of %llu", (unsigned long long)ours,
			 (unsigned long long)near_ns, (unsigned long long)kernel);
}

static struct signals compare(const char *path)
{
	struct truth_pressure kernel[RESOURCES], ours;
	clock_boot_t begin = clock_boot();
	struct signals r;
	uint64_t near_ns;

	watch_pass(&w);
	for (int i = 0; i < RESOURCES; i++)
		kernel[i] = truth_pressure(&own, path, resources[i]);
	near_ns = NEAR_NS + clock_since(clock_boot(), begin); /* in which it may have grown */
	r = watch_read(&w, path);
	assert_int_equal(r.missing & SIGNAL_NO_PSI, 0);
	for (int i = 0; i < RESOURCES; i++) {
		ours = ours_of(&r, i);
		assert_close(ours.some_ns, kernel[i].some_ns, near_ns);
		assert_close(ours.full_ns, kernel[i].full_ns, near_ns);
	}
	return r;
}

/* While it grows and when it rests: a total that the kernel has not added up yet must be in ours. */
static void totals_are_fresh_under_load(void **state)
{
	struct crew mine;
	struct signals r, before;

	(void)state;
	crew_start(&mine, &own, leaf, 3, 0);
	before = compare(leaf);
	crew_go(&mine);
	for (int i = 0; i < WORK_MS / STEP_MS; i++) {
		crew_pause(STEP_MS);
		compare(leaf);
		compare(own.top);
	}
	crew_halt(&mine);
	r = compare(leaf);
	assert_true(r.psi_cpu_some_ns - before.psi_cpu_some_ns > WORK_MS * CLOCK_NS_PER_MS * 3 / 4);
	assert_int_equal(r.psi_io_full_ns, before.psi_io_full_ns);
	crew_end(&mine);
}

static void want_memory(const void *data)
{
	scoped(closep) int fd = own_file_hole(WALK_BYTES);

	(void)data;
	for (;;)
		own_file_walk(fd);
}

static void want_the_disk(const void *data)
{
	scoped(closep) int fd = own_file(FILE_BYTES);

	(void)data;
	for (;;) {
		own_file_forget(fd);
		own_file_walk(fd);
	}
}

static void end_staller(void)
{
	if (staller)
		own_end(staller);
	staller = 0;
}

/* Of one that does nothing else: how much `some` and `full` of that resource grew while each look was near. */
static struct truth_pressure stall(void (*work)(const void *), int resource)
{
	struct signals first, last;
	struct truth_pressure from, to;

	staller = own_spawn(&own, leaf, work, NULL);
	first = compare(leaf);
	for (int i = 0; i < STALLS; i++) {
		crew_pause(STALL_MS);
		last = compare(leaf);
		compare(own.top);
	}
	end_staller();
	compare(leaf);
	from = ours_of(&first, resource);
	to = ours_of(&last, resource);
	printf("  %s: some %.1f ms, full %.1f ms\n", resources[resource],
	       (double)(to.some_ns - from.some_ns) / 1e6, (double)(to.full_ns - from.full_ns) / 1e6);
	return (struct truth_pressure){to.some_ns - from.some_ns, to.full_ns - from.full_ns};
}

/* What grows between two looks is more than may be missing: who had nothing of it would not be near. */
static void totals_are_fresh_while_memory_is_short(void **state)
{
	struct truth_pressure grown;

	(void)state;
	truth_set_limit(&own, leaf, LIMIT);
	grown = stall(want_memory, MEMORY);
	assert_true(grown.some_ns > STALLED_NS && grown.full_ns > STALLED_NS);
}

static void totals_are_fresh_while_a_disk_is_slow(void **state)
{
	struct truth_pressure grown;

	(void)state;
	grown = stall(want_the_disk, IO);
	assert_true(grown.some_ns > STALLED_NS && grown.full_ns > STALLED_NS);
}

static void a_cgroup_at_rest_has_none(void **state)
{
	struct signals r, before;

	(void)state;
	compare(leaf); /* its reading settles what the load before left: the kernel weighs by jiffies */
	before = compare(leaf);
	crew_pause(200);
	r = compare(leaf);
	assert_int_equal(r.psi_cpu_some_ns, before.psi_cpu_some_ns);
	assert_int_equal(r.psi_memory_some_ns, before.psi_memory_some_ns);
	assert_int_equal(r.psi_io_some_ns, before.psi_io_some_ns);
}

/* The root's is the machine's: agent/node reads it from /proc. */
static void the_root_says_that_it_has_none(void **state)
{
	(void)state;
	watch_pass(&w);
	assert_true(watch_read(&w, "/").missing & SIGNAL_NO_PSI);
}

static int setup(void **state)
{
	(void)state;
	watch_open(&w, SLOTS);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	end_staller();
	watch_close(&w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(totals_are_fresh_under_load, setup, teardown),
		cmocka_unit_test_setup_teardown(totals_are_fresh_while_a_disk_is_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(totals_are_fresh_while_memory_is_short, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cgroup_at_rest_has_none, setup, teardown),
		cmocka_unit_test_setup_teardown(the_root_says_that_it_has_none, setup, teardown),
	};

	own_split(&own);
	snprintf(leaf, sizeof(leaf), "%s/leaf", own.top);
	own_make(&own, leaf);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
