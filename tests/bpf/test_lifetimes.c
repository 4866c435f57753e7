/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "crew.h"
#include "truth.h"
#include "watch.h"

#define SLOTS	 4096
#define BRIEF_MS 100
#define PART	 0.01
#define EDGE_NS	 (2 * CLOCK_NS_PER_MS) /* the ways of processes into and out of a cgroup */

static struct own_cgroups own;
static char leaf[OWN_PATH + 8];
static struct watch w;

static int setup(void **state)
{
	(void)state;
	watch_open(&w, SLOTS);
	w.mourned = leaf;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	watch_close(&w);
	return 0;
}

static void births_and_deaths_are_told(void **state)
{
	char child[OWN_PATH + 16];
	struct probe_cgroup *c;

	(void)state;
	snprintf(child, sizeof(child), "%s/child", leaf);
	own_make(&own, leaf);
	own_make(&own, child);
	watch_pass(&w);
	c = watch_find(&w, child);
	assert_non_null(c);
	assert_ptr_equal(c->parent, watch_find(&w, leaf));
	assert_ptr_equal(c->parent->parent, watch_find(&w, own.top));
	assert_int_not_equal(c->slot, 0);
	assert_int_equal(watch_read(&w, child).missing & (SIGNAL_NO_CPU | SIGNAL_NO_MEMORY | SIGNAL_NO_PSI), 0);
	own_remove(&own, child);
	watch_pass(&w);
	assert_null(watch_find(&w, child));
	assert_non_null(watch_find(&w, leaf));
	own_remove(&own, leaf);
	watch_pass(&w);
	assert_null(watch_find(&w, leaf));
}

/* On a full machine a brief while may bring next to nothing. */
static void work_enough(struct crew *c)
{
	do
		crew_work(c, BRIEF_MS);
	while (truth_cpu_ns(&own, leaf) <= BRIEF_MS * CLOCK_NS_PER_MS / 2);
}

/* Found by one pass, gone before the next: what it used is in the reading at its end. */
static void a_short_life_is_counted_to_its_end(void **state)
{
	struct crew mine;
	uint64_t theirs, stolen = truth_stolen_ns();

	(void)state;
	own_make(&own, leaf);
	watch_pass(&w);
	crew_start(&mine, &own, leaf, 2, ANY_CPU);
	work_enough(&mine);
	crew_end(&mine);
	theirs = truth_cpu_ns(&own, leaf);
	own_remove(&own, leaf);
	watch_pass(&w);
	assert_null(watch_find(&w, leaf));
	assert_true(theirs > BRIEF_MS * CLOCK_NS_PER_MS / 2);
	assert_near(w.last.cpu_ns, theirs, PART, EDGE_NS + truth_stolen_since_ns(stolen));
}

/* Made and removed between two passes: told as born and gone, with all that it counted. */
static void a_life_between_passes_is_told_whole(void **state)
{
	uint64_t theirs, peak, stolen = truth_stolen_ns();
	unsigned births, deaths;
	struct crew mine;

	(void)state;
	watch_pass(&w);
	births = w.births;
	deaths = w.deaths;
	own_make(&own, leaf);
	crew_start(&mine, &own, leaf, 2, ANY_CPU);
	work_enough(&mine);
	crew_end(&mine);
	theirs = truth_cpu_ns(&own, leaf);
	peak = truth_detail(&own, leaf).peak_bytes;
	own_remove(&own, leaf);
	watch_pass(&w);
	assert_null(watch_find(&w, leaf));
	assert_true(w.births > births && w.deaths > deaths);
	assert_near(w.last.cpu_ns, theirs, PART, EDGE_NS + truth_stolen_since_ns(stolen));
	assert_int_equal(w.last.missing & (SIGNAL_NO_CPU | SIGNAL_NO_MEMORY | SIGNAL_NO_PSI | SIGNAL_NO_BANDWIDTH), 0);
	assert_true(w.last.switches > 0 && w.last.runq_wait_ns > 0);
	assert_true(peak > 0);
	assert_int_equal(w.last.memory_peak_bytes, peak);
	assert_int_equal(watch_stats(&w).losses.births_late, 0);
}

/* A successor of the same name is somebody else, with a clean slot. */
static void a_new_cgroup_starts_from_zero(void **state)
{
	struct crew mine;
	uint64_t first;

	(void)state;
	own_make(&own, leaf);
	watch_pass(&w);
	first = watch_find(&w, leaf)->id;
	crew_start(&mine, &own, leaf, 1, ANY_CPU);
	crew_work(&mine, BRIEF_MS);
	crew_end(&mine);
	own_remove(&own, leaf);
	own_make(&own, leaf);
	watch_pass(&w);
	assert_true(w.last.cpu_ns > 0);
	assert_int_not_equal(watch_find(&w, leaf)->id, first);
	assert_int_equal(watch_read(&w, leaf).cpu_ns, 0);
	own_remove(&own, leaf);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(births_and_deaths_are_told),
		TEST(a_short_life_is_counted_to_its_end),
		TEST(a_life_between_passes_is_told_whole),
		TEST(a_new_cgroup_starts_from_zero),
	};

	own_split(&own);
	snprintf(leaf, sizeof(leaf), "%s/leaf", own.top);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
