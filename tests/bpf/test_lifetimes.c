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

#define SLOTS	 4096
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

/* Many cgroups: their names by number, and what became of them. */

struct fate {
	int slots, rows, unknown;
	char without_slot[OWN_PATH + 16]; /* one of those that have only a row */
};

static void for_many(void (*act)(const struct own_cgroups *, const char *))
{
	char path[OWN_PATH + 16];

	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%s/%04d", own.top, i);
		act(&own, path);
	}
}

static struct fate fate;

static void look_at(const struct own_cgroups *o, const char *path)
{
	const struct probe_cgroup *c = watch_find(&w, path);

	(void)o;
	if (c && !c->slot)
		snprintf(fate.without_slot, sizeof(fate.without_slot), "%s", path);
	fate.slots += c && c->slot;
	fate.rows += c && !c->slot;
	fate.unknown += !c;
}

static void assert_time_is_in_the_overflow(const char *path)
{
	uint64_t before = watch_stats(&w).overflow_cpu_ns, theirs;
	struct crew mine;

	crew_start(&mine, &own, path, 1, ANY_CPU);
	crew_work(&mine, BRIEF_MS);
	crew_end(&mine);
	theirs = truth_cpu_ns(&own, path);
	assert_true(watch_stats(&w).overflow_cpu_ns - before + EDGE_NS > theirs);
}

static void too_many_cgroups_are_said_and_their_time_kept(void **state)
{
	struct probe_reading r;

	(void)state;
	for_many(own_make);
	watch_pass(&w);
	fate = (struct fate){0};
	for_many(look_at);
	assert_true(fate.slots > 0 && fate.slots < FEW);
	assert_true(fate.rows >= FEW && fate.unknown > 0);
	assert_true(watch_stats(&w).slots_full >= (uint32_t)(fate.rows + fate.unknown));

	r = watch_read(&w, fate.without_slot);
	assert_true(r.missing & PROBE_NO_CPU);
	assert_int_equal(r.missing & (PROBE_NO_MEMORY | PROBE_NO_WORKING_SET), 0);
	assert_time_is_in_the_overflow(fate.without_slot);

	for_many(own_remove);
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
