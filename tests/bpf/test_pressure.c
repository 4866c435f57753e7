/* SPDX-License-Identifier: Apache-2.0 */
/* Pressure totals against the *.pressure files, read right before and after the pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "crew.h"
#include "truth.h"
#include "watch.h"

#define SLOTS	 4096
#define WORK_MS	 2000
#define NEAR_NS	 (50 * CLOCK_NS_PER_MS)
#define RESOURCES 3

static const char *const resources[RESOURCES] = {"cpu", "memory", "io"};
static struct own_cgroups own;
static char leaf[OWN_PATH + 8];
static struct watch w;

static struct truth_pressure ours_of(const struct probe_reading *r, int resource)
{
	switch (resource) {
	case 0:
		return (struct truth_pressure){r->psi_cpu_some_ns, r->psi_cpu_full_ns};
	case 1:
		return (struct truth_pressure){r->psi_memory_some_ns, r->psi_memory_full_ns};
	default:
		return (struct truth_pressure){r->psi_io_some_ns, r->psi_io_full_ns};
	}
}

static void assert_between(uint64_t least, uint64_t ours, uint64_t most)
{
	if (ours + NEAR_NS < least || ours > most + NEAR_NS)
		fail_msg("%llu is not within %llu and %llu ns", (unsigned long long)ours,
			 (unsigned long long)least, (unsigned long long)most);
}

static struct probe_reading compare(const char *path)
{
	struct truth_pressure before[RESOURCES], after, ours;
	struct probe_reading r;

	for (int i = 0; i < RESOURCES; i++)
		before[i] = truth_pressure(&own, path, resources[i]);
	watch_pass(&w);
	r = watch_read(&w, path);
	assert_int_equal(r.missing & PROBE_NO_PSI, 0);
	for (int i = 0; i < RESOURCES; i++) {
		after = truth_pressure(&own, path, resources[i]);
		ours = ours_of(&r, i);
		assert_between(before[i].some_ns, ours.some_ns, after.some_ns);
		assert_between(before[i].full_ns, ours.full_ns, after.full_ns);
	}
	return r;
}

/* While it grows and when it rests: a total that the kernel has not added up yet must be in ours. */
static void totals_are_fresh_under_load(void **state)
{
	struct crew mine;
	struct probe_reading r, before;

	(void)state;
	crew_start(&mine, &own, leaf, 3, 0);
	before = compare(leaf);
	crew_go(&mine);
	for (int i = 0; i < WORK_MS / 100; i++) {
		crew_pause(100);
		compare(leaf);
		compare(own.top);
	}
	crew_halt(&mine);
	r = compare(leaf);
	assert_true(r.psi_cpu_some_ns - before.psi_cpu_some_ns > WORK_MS * CLOCK_NS_PER_MS * 3 / 4);
	assert_int_equal(r.psi_io_full_ns, before.psi_io_full_ns);
	crew_end(&mine);
}

static void a_cgroup_at_rest_has_none(void **state)
{
	struct probe_reading r, before;

	(void)state;
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
	assert_true(watch_read(&w, "/").missing & PROBE_NO_PSI);
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
	watch_close(&w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(totals_are_fresh_under_load, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cgroup_at_rest_has_none, setup, teardown),
		cmocka_unit_test_setup_teardown(the_root_says_that_it_has_none, setup, teardown),
	};

	own_split(&own);
	snprintf(leaf, sizeof(leaf), "%s/leaf", own.top);
	own_make(&own, leaf);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
