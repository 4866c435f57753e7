/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups that come and go, and more of them than there are slots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "crew.h"
#include "truth.h"
#include "watch.h"

#define SLOTS	 256
#define FEW	 512  /* the machine's own cgroups take some */
#define MANY	 1100 /* more than the rows of FEW slots: two a slot */
#define BRIEF_MS 100
#define PART	 0.01
#define EDGE_NS	 (2 * CLOCK_NS_PER_MS)

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

static int setup_few(void **state)
{
	(void)state;
	watch_open(&w, FEW);
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
	assert_int_equal(watch_read(&w, child).missing, 0);
	own_remove(&own, child);
	watch_pass(&w);
	assert_null(watch_find(&w, child));
	assert_non_null(watch_find(&w, leaf));
	own_remove(&own, leaf);
	watch_pass(&w);
	assert_null(watch_find(&w, leaf));
}

/* Found by one pass, gone before the next: what it used is in the reading at its end. */
static void a_short_life_is_counted_to_its_end(void **state)
{
	struct crew mine;
	uint64_t theirs;

	(void)state;
	own_make(&own, leaf);
	watch_pass(&w);
	crew_start(&mine, &own, leaf, 2, ANY_CPU);
	crew_work(&mine, BRIEF_MS);
	crew_end(&mine);
	theirs = truth_cpu_ns(&own, leaf);
	own_remove(&own, leaf);
	watch_pass(&w);
	assert_null(watch_find(&w, leaf));
	assert_true(theirs > BRIEF_MS * CLOCK_NS_PER_MS / 2);
	assert_near(w.last.cpu_ns, theirs, PART, EDGE_NS);
}

/* Made and removed between two passes: nobody's name, but no lost time either. */
static void a_life_between_passes_is_in_the_overflow(void **state)
{
	uint64_t theirs, before, ours;
	struct crew mine;

	(void)state;
	watch_pass(&w);
	before = watch_stats(&w).overflow_cpu_ns;
	own_make(&own, leaf);
	crew_start(&mine, &own, leaf, 2, ANY_CPU);
	crew_work(&mine, BRIEF_MS);
	crew_end(&mine);
	theirs = truth_cpu_ns(&own, leaf);
	own_remove(&own, leaf);
	watch_pass(&w);
	assert_null(watch_find(&w, leaf));
	ours = watch_stats(&w).overflow_cpu_ns - before;
	assert_true(ours + EDGE_NS > theirs);
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

static void name_one(char ret[OWN_PATH + 16], int i)
{
	snprintf(ret, OWN_PATH + 16, "%s/%04d", own.top, i);
}

/* Returns one that is known but has no slot; counts what became of the others. */
static const char *find_without_slot(int *ret_slots, int *ret_rows, int *ret_unknown)
{
	static char found[OWN_PATH + 16];
	char path[OWN_PATH + 16];

	*ret_slots = *ret_rows = *ret_unknown = 0;
	for (int i = 0; i < MANY; i++) {
		const struct probe_cgroup *c;

		name_one(path, i);
		c = watch_find(&w, path);
		if (c && !c->slot)
			strcpy(found, path);
		*ret_slots += c && c->slot;
		*ret_rows += c && !c->slot;
		*ret_unknown += !c;
	}
	return found;
}

static void too_many_cgroups_are_said_and_their_time_kept(void **state)
{
	char path[OWN_PATH + 16];
	const char *without;
	struct probe_reading r;
	struct crew mine;
	uint64_t before, theirs;
	int slots, rows, unknown;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		name_one(path, i);
		own_make(&own, path);
	}
	watch_pass(&w);
	without = find_without_slot(&slots, &rows, &unknown);
	assert_true(slots > 0 && slots < FEW);
	assert_true(rows >= FEW && unknown > 0);
	assert_true(watch_stats(&w).slots_full >= (uint32_t)(rows + unknown));

	r = watch_read(&w, without);
	assert_true(r.missing & PROBE_NO_CPU);
	assert_int_equal(r.missing & (PROBE_NO_MEMORY | PROBE_NO_WORKING_SET), 0);
	before = watch_stats(&w).overflow_cpu_ns;
	crew_start(&mine, &own, without, 1, ANY_CPU);
	crew_work(&mine, BRIEF_MS);
	crew_end(&mine);
	theirs = truth_cpu_ns(&own, without);
	assert_true(watch_stats(&w).overflow_cpu_ns - before + EDGE_NS > theirs);

	for (int i = 0; i < MANY; i++) {
		name_one(path, i);
		own_remove(&own, path);
	}
	watch_pass(&w);
	watch_pass(&w); /* freed rows rest for one pass */
	assert_true(watch_stats(&w).slots_full < FEW / 8); /* others were born meanwhile, at most */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(births_and_deaths_are_told),
		TEST(a_short_life_is_counted_to_its_end),
		TEST(a_life_between_passes_is_in_the_overflow),
		TEST(a_new_cgroup_starts_from_zero),
		cmocka_unit_test_setup_teardown(too_many_cgroups_are_said_and_their_time_kept, setup_few,
						teardown),
	};

	own_split(&own);
	snprintf(leaf, sizeof(leaf), "%s/leaf", own.top);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
